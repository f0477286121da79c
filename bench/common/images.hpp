#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/transforms/size.hpp"

/// The images that the benchmarks of transforms share, uint8 [3, H, W], RGB, channels-last.
///
/// The environment variable LIGHTLY_BENCH_DATA names a folder with `cifar-10-batches-bin` (or its
/// .tar.gz or .tar.xz), `imagenette` and `native_photos`. What it lacks is made from Fashion-MNIST,
/// with a note on the standard error stream.
namespace lightly::bench {

/// The first `count` training images of Fashion-MNIST, enlarged to `size`; LIGHTLY_BENCH_IMAGES
/// names another idx file.
std::vector<at::Tensor> fashion_mnist(std::int64_t count, const transforms::Size& size);

/// What a recipe with views of `side` px is measured on: 10,000 of CIFAR-10 for 32, 950 of
/// Imagenette at 64 or 96 px for these, 64 photos of 375x500 px for 224. Read at the first call;
/// thread-safe.
const std::vector<at::Tensor>& images_for_views(std::int64_t side);

/// What an operation at `side` px is measured on.
struct OperationImages {
  /// [3, side, side].
  at::Tensor image;
  /// [3, side * 290 / 224, side * 360 / 224], for operations that change the size.
  at::Tensor larger;
};

OperationImages images_for_operations(std::int64_t side);

/// What operations `crop` and `resized_crop_flip` show of `larger`: the central four fifths of each
/// side.
transforms::Box central_box(const at::Tensor& larger);

}  // namespace lightly::bench
