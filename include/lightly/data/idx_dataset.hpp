#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lightly/data/dataset.hpp"
#include "lightly/data/split.hpp"

namespace lightly::data {

struct IdxDatasetOptions {
  /// File of grey images: magic number 0x00000803, then count, height, width and the bytes.
  std::filesystem::path images = {};
  /// File of labels: magic number 0x00000801, then count and the bytes.
  std::filesystem::path labels = {};

  void check() const;
};

/// A data set in MNIST's idx format, plain or gzip: images uint8 [3, H, W], targets 0 to 255.
///
/// Grey pixels are kept once and become R = G = B in `get`. File names are the images' file name
/// without .gz and a number: `train-images-idx3-ubyte/00042`. Throws c10::Error that names the file
/// when its size does not fit its header, before anything of the claimed size is allocated, and
/// when the two counts differ. Source: yann.lecun.com/exdb/mnist.
class IdxDataset : public Dataset {
 public:
  explicit IdxDataset(const IdxDatasetOptions& options);

  /// The two files of MNIST, Fashion-MNIST or KMNIST in `folder`, whatever of the two has .gz:
  /// train-images-idx3-ubyte and train-labels-idx1-ubyte, or t10k-...
  static IdxDatasetOptions mnist(const std::filesystem::path& folder, Split split);

  std::int64_t size() const override { return static_cast<std::int64_t>(targets_.size()); }
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override;

 private:
  std::string prefix_;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  /// [N, H, W].
  std::vector<unsigned char> pixels_;
  std::vector<unsigned char> targets_;
};

}  // namespace lightly::data
