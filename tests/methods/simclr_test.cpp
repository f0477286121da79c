#include "lightly/methods/simclr.hpp"

#include "lightly/transforms/simclr_transform.hpp"
#include "methods/noise_batch.hpp"
#include "support/matchers.hpp"

namespace lightly::methods {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;

TEST(SimCLRMethod, StepIsTheLossOfTheModelsOutputs) {
  SimCLR method(small_backbone(), {.criterion = {.temperature = 0.2}});
  const data::Batch batch = noise_batch(1);
  const auto [loss, outputs] = method->training_step(batch, 0);
  const auto [out0, out1] = method->model->forward(batch.views[0], batch.views[1]);
  EXPECT_TRUE(tensors_equal(loss, loss::ntx_ent_loss(out0, out1, {.temperature = 0.2})));
  EXPECT_TRUE(tensors_equal(outputs, out0.detach()));
}

TEST(SimCLRMethod, WantsTheViewsOfThePaper) {
  SimCLR method(small_backbone());
  EXPECT_TRUE(makes_the_views_of(
      *method, 32,
      transforms::SimCLRTransform({.input_size = 32, .cj_strength = 0.5, .gaussian_blur = 0.0})));
  EXPECT_TRUE(makes_the_views_of(*method, 65, transforms::SimCLRTransform({.input_size = 65})));
}

TEST(SimCLRMethod, NamesTheOptionOutOfBounds) {
  EXPECT_EQ(error_text([] { SimCLR(small_backbone(), {.model = {.out_dim = 0}}); }),
            "SimCLR: out_dim must be >= 1, got 0");
  EXPECT_THAT(error_text([] { SimCLR(small_backbone(), {.criterion = {.temperature = 0.0}}); }),
              ::testing::StartsWith("NTXentLoss: "));
}

}  // namespace
}  // namespace lightly::methods
