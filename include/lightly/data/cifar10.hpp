#pragma once

#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "lightly/data/dataset.hpp"
#include "lightly/data/split.hpp"

namespace lightly::data {

struct Cifar10Options {
  /// The folder `cifar-10-batches-bin`, a folder that contains it, or its .tar.gz or .tar.xz.
  std::filesystem::path root = {};
  /// 50,000 images to train on or 10,000 to test with.
  Split split = Split::kTrain;
  /// True: every file must have the size and the SHA-256 of the official one. False: a file may
  /// hold any 1 to 10,000 whole records, for a subset in the same format.
  bool verify = true;

  void check() const;
};

/// CIFAR-10, binary version: images uint8 [3, 32, 32], targets 0 to 9, kept in memory.
///
/// An archive is read without unpacking it to the disk; its files are found by name, in whatever
/// folder. Images are views of one block of memory, which they keep
/// alive; do not write to them. File names are
/// `train/00042` and `test/00042`. Throws c10::Error that names the file, with expected and found
/// size or sum, when a file is missing, too short, too long, altered, or holds a label above 9.
/// Source: Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009;
/// www.cs.toronto.edu/~kriz/cifar.html.
class Cifar10 : public Dataset {
 public:
  /// The official archive and its MD5, as its page states it.
  static constexpr const char* kUrl = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz";
  static constexpr const char* kMd5 = "c32a1d4ab5d03f1284b67883e8d87530";

  explicit Cifar10(Cifar10Options options);

  std::int64_t size() const override { return static_cast<std::int64_t>(targets_.size()); }
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override;

  /// The name of each target, in the official order: airplane, automobile, ...
  static const std::array<std::string_view, 10>& class_names();

 private:
  Cifar10Options options_;
  std::vector<unsigned char> targets_;
  /// uint8 [N, 3, 32, 32], channels-last.
  at::Tensor images_;
};

}  // namespace lightly::data
