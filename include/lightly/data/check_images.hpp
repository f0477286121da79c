#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "lightly/data/lightly_dataset.hpp"

namespace lightly::data {

struct CheckImagesOptions {
  /// How the folder is listed and the images are decoded.
  LightlyDatasetOptions dataset = {.empty_classes = EmptyClasses::kLeaveOut};
  /// Threads that decode, >= 0; 0: one for each processor.
  std::int64_t num_workers = 0;
  /// Called after each image with the images done and the images in all, by any of the threads, one
  /// at a time. What it throws ends the check and is thrown by it.
  std::function<void(std::int64_t done, std::int64_t total)> progress = {};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

struct CorruptImage {
  std::string name;
  /// Why it cannot be loaded, with the file.
  std::string reason;
};

struct CheckImagesReport {
  std::vector<std::string> healthy;
  std::vector<CorruptImage> corrupt;
};

/// Decodes every image of a folder and says which cannot be loaded: names as in LightlyDataset and
/// in its order, whatever the number of threads.
///
/// An image is held for as long as it is decoded; nothing is written. Throws what LightlyDataset
/// throws for the folder. As lightly 1.6: check_images; differs: with the reasons, and a file that
/// may not be opened is corrupt too.
CheckImagesReport check_images(const std::filesystem::path& input_dir,
                               const CheckImagesOptions& options = {});

}  // namespace lightly::data
