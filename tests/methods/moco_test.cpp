#include "lightly/methods/moco.hpp"

#include <ATen/CPUGeneratorImpl.h>

#include "lightly/transforms/moco_transform.hpp"
#include "methods/noise_batch.hpp"
#include "support/matchers.hpp"

namespace lightly::methods {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

MoCo small_moco(MoCoOptions options = {}) {
  torch::manual_seed(2);
  options.model.out_dim = 16;
  options.model.m = 0.9;
  options.criterion.memory_bank_size = 32;
  return MoCo(small_backbone(), options);
}

TEST(MoCoMethod, StepIsTheLossOfTheModelsOutputsAgainstTheBank) {
  MoCo method = small_moco();
  const data::Batch batch = noise_batch(1);
  const at::Tensor bank = method->criterion->memory_bank->bank.clone();
  const auto [loss, outputs] = method->training_step(batch, 0);
  const auto [query, key] = method->model->forward(batch.views[0], batch.views[1]);
  EXPECT_TRUE(tensors_equal(loss, loss::ntx_ent_loss(query, key, bank, {.temperature = 0.07})));
  EXPECT_TRUE(tensors_equal(outputs, query.detach()));
}

TEST(MoCoMethod, SymmetricLossIsHalfOfBothAgainstTheSameBank) {
  MoCo method = small_moco({.symmetric_loss = true});
  const data::Batch batch = noise_batch(1);
  const at::Tensor bank = method->criterion->memory_bank->bank.clone();
  const at::Tensor loss = method->training_step(batch, 0).loss;
  const auto [query0, key1] = method->model->forward(batch.views[0], batch.views[1]);
  const auto [query1, key0] = method->model->forward(batch.views[1], batch.views[0]);
  const loss::NTXentOptions options{.temperature = 0.07};
  EXPECT_TRUE(tensors_close(loss,
                            0.5 * (loss::ntx_ent_loss(query0, key1, bank, options) +
                                   loss::ntx_ent_loss(query1, key0, bank, options)),
                            1e-6));
  EXPECT_TRUE(tensors_equal(method->criterion->memory_bank->bank, bank));
  loss.backward();
  EXPECT_EQ(method->criterion->memory_bank->bank_ptr.item<std::int64_t>(), 16);
}

TEST(MoCoMethod, MovesTheMomentumEncoderAfterEachStep) {
  MoCo method = small_moco();
  const at::Tensor slow = method->model->momentum_projection_head->parameters()[0];
  const at::Tensor fast = method->model->projection_head->parameters()[0];
  const at::Tensor before = slow.detach().clone();
  descend(*method, noise_batch(1), 0);
  EXPECT_TRUE(tensors_close(slow.detach(), 0.9 * before + 0.1 * fast.detach(), 1e-6));
  EXPECT_FALSE(at::equal(slow.detach(), before));
  EXPECT_EQ(method->trained_parameters().size() * 2, method->parameters().size());
}

TEST(MoCoMethod, LeavesTheUpdateToForwardWhenItIsToldTo) {
  MoCo method = small_moco({.model = {.update_on_forward = true}});
  const at::Tensor slow = method->model->momentum_projection_head->parameters()[0];
  descend(*method, noise_batch(1), 0);  // the encoders were equal when forward averaged them
  const at::Tensor before = slow.detach().clone();
  method->after_step(0);
  EXPECT_TRUE(tensors_equal(slow.detach(), before));
}

// With parts of the batch normalised apart, the order decides the keys.
TEST(MoCoMethod, DrawsTheOrderOfTheKeysFromSeedAndStep) {
  const auto loss_of = [](std::uint64_t seed, std::int64_t step) {
    torch::manual_seed(2);
    MoCo method(small_backbone(/*num_splits=*/2), {.model = {.out_dim = 16, .batch_shuffle = true},
                                                   .criterion = {.memory_bank_size = 32},
                                                   .seed = seed});
    return method->training_step(noise_batch(1), step).loss.item<double>();
  };
  EXPECT_EQ(loss_of(1, 7), loss_of(1, 7));
  EXPECT_NE(loss_of(1, 7), loss_of(1, 8));
  EXPECT_NE(loss_of(1, 7), loss_of(2, 7));
}

TEST(MoCoMethod, WantsTheViewsOfThePaper) {
  MoCo method = small_moco();
  EXPECT_TRUE(makes_the_views_of(
      *method, 32, transforms::MoCoV2Transform({.input_size = 32, .gaussian_blur = 0.0})));
  EXPECT_TRUE(makes_the_views_of(*method, 72, transforms::MoCoV2Transform({.input_size = 72})));
}

TEST(MoCoMethod, NamesTheOptionOutOfBounds) {
  EXPECT_EQ(error_text([] { MoCo(small_backbone(), {.model = {.m = 1.5}}); }),
            "MoCo: m must be in [0, 1], got 1.5");
  EXPECT_EQ(error_text([] { MoCo(small_backbone(), {.criterion = {.memory_bank_size = 0}}); }),
            "MoCo: criterion.memory_bank_size must have rows, got 0");
  EXPECT_EQ(
      error_text([] { MoCo(small_backbone(), {.criterion = {.memory_bank_size = {64, 32}}}); }),
      "MoCo: criterion.memory_bank_size must be as wide as model.out_dim 128, got 32");
  EXPECT_EQ(error_text([] {
              MoCo(small_backbone(), {.model = {.generator = at::detail::createCPUGenerator()}});
            }),
            "MoCo: model.generator must be none, the method draws from seed and step");
}

}  // namespace
}  // namespace lightly::methods
