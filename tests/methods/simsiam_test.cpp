#include "lightly/methods/simsiam.hpp"

#include "lightly/loss/negative_cosine_similarity.hpp"
#include "lightly/transforms/simsiam_transform.hpp"
#include "methods/noise_batch.hpp"
#include "support/matchers.hpp"

namespace lightly::methods {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;

constexpr models::SimSiamOptions kSmall{
    .num_ftrs = 32, .proj_hidden_dim = 16, .pred_hidden_dim = 8, .out_dim = 16};

TEST(SimSiamMethod, StepIsTheLossOfTheModelsOutputs) {
  SimSiam method(small_backbone(), {.model = kSmall});
  const data::Batch batch = noise_batch(1);
  const auto [loss, outputs] = method->training_step(batch, 0);
  const auto [out0, out1] = method->model->forward(batch.views[0], batch.views[1]);
  EXPECT_TRUE(tensors_equal(loss, loss::sym_neg_cosine_similarity_loss(out0, out1)));
  EXPECT_TRUE(tensors_equal(outputs, out0.z.detach()));
}

TEST(SimSiamMethod, WantsTheViewsOfThePaper) {
  SimSiam method(small_backbone(), {.model = kSmall});
  EXPECT_TRUE(makes_the_views_of(
      *method, 64, transforms::SimSiamTransform({.input_size = 64, .gaussian_blur = 0.0})));
  EXPECT_TRUE(makes_the_views_of(*method, 80, transforms::SimSiamTransform({.input_size = 80})));
}

TEST(SimSiamMethod, NamesTheOptionOutOfBounds) {
  EXPECT_EQ(error_text([] { SimSiam(small_backbone(), {.model = {.out_dim = 0}}); }),
            "SimSiam: out_dim must be >= 1, got 0");
}

}  // namespace
}  // namespace lightly::methods
