#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

struct JigsawOptions {
  /// Cells a side: the image gives n_grid * n_grid crops; >= 1.
  std::int64_t n_grid = 3;
  /// Side in pixels of the square that is divided into cells of img_size / n_grid, rounded down.
  /// What an image has beyond is not shown.
  std::int64_t img_size = 255;
  /// Side of a crop in pixels, in [1, img_size / n_grid].
  std::int64_t crop_size = 64;
  /// Applied to each crop; empty: crops stay uint8, where lightly makes floats of them.
  ImageTransform transform = nullptr;
  /// Return the crops in random order, as lightly 1.6; else row by row, as lightly 1.1.23.
  bool permute = true;

  /// Throws c10::ValueError for a size out of its range.
  void check() const;
};

/// Cuts a crop out of each cell of a grid, at a random place in the cell, as lightly's Jigsaw ([0]
/// PIRL, 2019, arXiv:1912.01991).
///
/// It gives several images for one and thus is no ImageTransform; at::stack of the result is what
/// lightly returns. Differs: an image smaller than img_size is an error, not a smaller crop.
class Jigsaw {
 public:
  explicit Jigsaw(JigsawOptions options = {});

  /// The crops in the order in which they are returned.
  std::vector<Box> sample(core::Random& random) const;

  /// n_grid * n_grid images [3, crop_size, crop_size], or what `transform` makes of them. Both
  /// sides of `image` are >= img_size.
  std::vector<at::Tensor> operator()(const at::Tensor& image, core::Random& random) const;

  const JigsawOptions& options() const { return options_; }

 private:
  JigsawOptions options_;
};

}  // namespace lightly::transforms
