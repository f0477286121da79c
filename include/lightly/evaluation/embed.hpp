#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <ATen/core/Tensor.h>

#include "lightly/data/dataset.hpp"
#include "lightly/evaluation/embeddings.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/transforms/normalization.hpp"

namespace lightly::evaluation {

struct EmbedOptions {
  /// Images of one forward pass, >= 1.
  std::int64_t batch_size = 256;
  /// Where the backbone's parameters are; without a value, the device of its first parameter (the
  /// CPU for a module that has none).
  std::optional<at::Device> device = {};
  /// The type of a forward pass under autocast, for example at::kBFloat16; without a value, none.
  std::optional<at::ScalarType> autocast_dtype = {};
  /// None: pixels / 255 only.
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;
  /// Called after every batch with the images done and the images in all.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// The backbone's features of every image of a data set, in its order.
///
/// Images go in whole, float32 [B, 3, H, W], channels-last, normalised; features [B, F, ...] are
/// flattened to [B, F]. The module runs in eval mode without gradients; afterwards, also after an
/// error, every submodule has its training mode back (lightly 1.6 leaves the module in eval mode).
/// Throws c10::ValueError for a data set without images, images of a batch that differ in size
/// (names the file) and features that are not [B, F, ...]; errors of the data set pass through.
Embeddings embed(const models::Backbone& backbone, const data::Dataset& dataset,
                 const EmbedOptions& options = {});

}  // namespace lightly::evaluation
