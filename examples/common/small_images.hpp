#pragma once

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>

#include "lightly/data/dataset.hpp"

namespace lightly::examples {

/// A real data set of small images that the examples train on.
struct SmallImages {
  std::string name;
  data::DatasetPtr train;
  data::DatasetPtr test;
  /// Neighbours that vote in kNN, where there are so many.
  std::int64_t knn_k = 200;
  /// Whether the neighbours of a test image are shown from `train`: where those in `test` tell
  /// nothing, as the next frame of a video.
  bool neighbours_from_train = false;
};

/// The data set in `folder`; with an empty `folder` CIFAR-10 under data/, else CIFAR-10 downloaded
/// there from its official page, else Fashion-MNIST of Debian's package dataset-fashion-mnist. Says
/// on `out` which one it is and why.
SmallImages load_small_images(const std::filesystem::path& folder, std::ostream& out);

}  // namespace lightly::examples
