#include "common/images.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include <c10/util/Exception.h>

#include "lightly/data/cifar10.hpp"
#include "lightly/data/idx_dataset.hpp"
#include "lightly/media/image_io.hpp"
#include "lightly/transforms/functional.hpp"

namespace lightly::bench {
namespace {

namespace fs = std::filesystem;
using transforms::Box;
using transforms::Size;

constexpr Size kPhoto{375, 500};

// The whole images of a data set, or of its first `count`.
std::vector<at::Tensor> images_of(const data::Dataset& dataset, std::int64_t count) {
  std::vector<at::Tensor> images;
  for (std::int64_t i = 0; i < std::min(count, dataset.size()); ++i) {
    images.push_back(dataset.get(i).image);
  }
  return images;
}

// The largest central part of the image with the shape of `size`, at that size.
at::Tensor fitted(const at::Tensor& image, const Size& size) {
  const std::int64_t height = std::min(image.size(1), image.size(2) * size.height / size.width);
  const std::int64_t width = std::min(image.size(2), image.size(1) * size.width / size.height);
  const Box box{.top = (image.size(1) - height) / 2,
                .left = (image.size(2) - width) / 2,
                .height = height,
                .width = width};
  return transforms::functional::resized_crop(image, {.box = box, .size = size});
}

// The JPEG files below a folder, in the order of their names.
std::vector<at::Tensor> read_photos(const fs::path& folder, const Size& size) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".jpg" || extension == ".JPEG") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<at::Tensor> images;
  for (const fs::path& file : files) {
    images.push_back(fitted(media::load_image(file), size));
  }
  return images;
}

// What LIGHTLY_BENCH_DATA holds under one of these names.
std::optional<fs::path> find_data(const std::vector<std::string>& names) {
  const char* folder = std::getenv("LIGHTLY_BENCH_DATA");
  for (const std::string& name : names) {
    if (folder != nullptr && fs::exists(fs::path(folder) / name)) {
      return fs::path(folder) / name;
    }
  }
  std::cerr << "bench: no " << names[0] << " in LIGHTLY_BENCH_DATA ("
            << (folder != nullptr ? folder : "not set") << "); taking Fashion-MNIST instead\n";
  return std::nullopt;
}

std::vector<at::Tensor> read_images_for_views(std::int64_t side) {
  if (side == 32) {
    const auto root = find_data({"cifar-10-batches-bin", "cifar-10-batches-bin.tar.xz",
                                 "cifar-10-batches-bin.tar.gz", "cifar-10-binary.tar.gz"});
    return root ? images_of(data::Cifar10({.root = *root}), 10'000) : fashion_mnist(10'000, 32);
  }
  if (side == 64 || side == 96) {
    const auto folder = find_data({"imagenette"});
    return folder ? read_photos(*folder, side) : fashion_mnist(950, side);
  }
  TORCH_CHECK_VALUE(side == 224, "images_for_views: side must be 32, 64, 96 or 224 px, got ", side);
  const auto folder = find_data({"native_photos"});
  return folder ? read_photos(*folder, kPhoto) : fashion_mnist(64, kPhoto);
}

}  // namespace

std::vector<at::Tensor> fashion_mnist(std::int64_t count, const Size& size) {
  const char* chosen = std::getenv("LIGHTLY_BENCH_IMAGES");
  const fs::path images =
      chosen != nullptr ? chosen : "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";
  auto options = data::IdxDataset::mnist(images.parent_path(), data::Split::kTrain);
  options.images = images;
  std::vector<at::Tensor> enlarged = images_of(data::IdxDataset(options), count);
  for (at::Tensor& image : enlarged) {
    image = transforms::functional::resize(image, size);
  }
  return enlarged;
}

const std::vector<at::Tensor>& images_for_views(std::int64_t side) {
  static std::mutex mutex;
  static std::map<std::int64_t, std::vector<at::Tensor>> read;
  const std::scoped_lock lock(mutex);
  std::vector<at::Tensor>& images = read[side];
  if (images.empty()) {
    images = read_images_for_views(side);
  }
  return images;
}

OperationImages images_for_operations(std::int64_t side) {
  const at::Tensor& photo = images_for_views(224)[0];
  return {.image = fitted(photo, side),
          .larger = fitted(photo, {side * 290 / 224, side * 360 / 224})};
}

Box central_box(const at::Tensor& larger) {
  const std::int64_t height = larger.size(1);
  const std::int64_t width = larger.size(2);
  return {
      .top = height / 10, .left = width / 10, .height = height * 8 / 10, .width = width * 8 / 10};
}

}  // namespace lightly::bench
