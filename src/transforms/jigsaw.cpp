#include "lightly/transforms/jigsaw.hpp"

#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::transforms {

void JigsawOptions::check() const {
  core::check_at_least("Jigsaw", "n_grid", n_grid, 1);
  core::check_at_least("Jigsaw", "img_size", img_size, n_grid);
  TORCH_CHECK_VALUE(crop_size >= 1 && crop_size <= img_size / n_grid,
                    "Jigsaw: crop_size must be in [1, ", img_size / n_grid, "], got ", crop_size);
}

Jigsaw::Jigsaw(JigsawOptions options) : options_(std::move(options)) {
  options_.check();
}

std::vector<Box> Jigsaw::sample(core::Random& random) const {
  const std::int64_t n = options_.n_grid;
  const std::int64_t cell = options_.img_size / n;
  const auto places = static_cast<std::uint64_t>(cell - options_.crop_size + 1);
  std::vector<Box> boxes;
  for (std::int64_t row = 0; row < n; ++row) {
    for (std::int64_t column = 0; column < n; ++column) {
      const auto down = static_cast<std::int64_t>(random.below(places));
      const auto right = static_cast<std::int64_t>(random.below(places));
      boxes.push_back({.top = row * cell + down,
                       .left = column * cell + right,
                       .height = options_.crop_size,
                       .width = options_.crop_size});
    }
  }
  if (!options_.permute) {
    return boxes;
  }
  std::vector<Box> permuted;
  for (const std::int64_t i : random.permutation(n * n)) {
    permuted.push_back(boxes[static_cast<std::size_t>(i)]);
  }
  return permuted;
}

std::vector<at::Tensor> Jigsaw::operator()(const at::Tensor& image, core::Random& random) const {
  core::check_image("Jigsaw", image);
  const Size size(image.size(1), image.size(2));
  TORCH_CHECK_VALUE(size.height >= options_.img_size && size.width >= options_.img_size,
                    "Jigsaw: image must be at least ", Size(options_.img_size), " px, got ", size);
  std::vector<at::Tensor> crops;
  for (const Box& box : sample(random)) {
    at::Tensor crop = functional::crop(image, box);
    crops.push_back(options_.transform ? options_.transform(crop, random) : crop);
  }
  return crops;
}

}  // namespace lightly::transforms
