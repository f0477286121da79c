#pragma once

#include <cstdint>
#include <vector>

#include <torch/types.h>
#include <torch/utils.h>

#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/methods/method.hpp"
#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/transforms/multi_view_transform.hpp"

/// What the tests of the methods share.
namespace lightly::methods {

/// 32 features of images of 32 px.
inline models::ResNetBackbone small_backbone(std::int64_t num_splits = 0) {
  return models::ResNetBackbone(
      models::ResNetGenerator("resnet-9", {.width = 0.0625, .num_splits = num_splits}));
}

/// `num_views` views of 8 images of noise, those of `seed`.
inline data::Batch noise_batch(std::uint64_t seed, std::int64_t num_views = 2) {
  torch::manual_seed(seed);
  data::Batch batch;
  for (std::int64_t view = 0; view < num_views; ++view) {
    batch.views.push_back(torch::randn({8, 3, 32, 32}));
  }
  return batch;
}

/// Plain gradient descent: what any training loop does in a step. Returns the loss.
inline double descend(Method& method, const data::Batch& batch, std::int64_t step) {
  const at::Tensor loss = method.training_step(batch, step).loss;
  loss.backward();
  {
    const torch::NoGradGuard no_grad;
    for (at::Tensor& parameter : method.trained_parameters()) {
      parameter.sub_(parameter.grad(), 0.05);
      parameter.mutable_grad().reset();
    }
  }
  method.after_step(step);
  return loss.item<double>();
}

/// Whether the method's views of images of `side` px are those of `preset`, for some keys.
inline bool makes_the_views_of(const Method& method, std::int64_t side,
                               const transforms::MultiViewTransform& preset) {
  torch::manual_seed(3);
  const data::Sample sample{.image = torch::randint(256, {3, side, side}, torch::kUInt8)};
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const core::RandomKey key{.seed = seed};
    const data::Batch batch = method.collate(side)({sample}, key);
    const std::vector<at::Tensor> expected = preset(sample.image, key);
    for (std::size_t view = 0; view < expected.size(); ++view) {
      if (batch.views.size() != expected.size() ||
          !at::equal(batch.views[view][0], expected[view])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace lightly::methods
