#pragma once

#include <cstdint>

#include "lightly/evaluation/embeddings.hpp"

namespace lightly::evaluation {

struct FewLabelOptions {
  /// Labelled images of each class, >= 1.
  std::int64_t labels_per_class = 10;
  /// Temperature of the votes, > 0; see KnnOptions.
  double knn_t = 0.1;
  /// How often other images are drawn, >= 1.
  std::int64_t draws = 20;
  std::uint64_t seed = 1;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Accuracies of several draws, each in [0, 1].
struct FewLabelAccuracy {
  double mean = 0.0;
  /// Sample standard deviation (n - 1); 0 for a single draw.
  double std = 0.0;
};

/// Accuracy on `queries` when only a few images of `bank` have a label: the mean over several
/// draws.
///
/// Each draw takes labels_per_class images of every class without replacement, and the
/// labels_per_class of them nearest to a query vote for its class as in knn_predict; all features
/// are scaled to length 1 first. (The class with the nearest mean feature was tried too: 1 to 6
/// points lower on Fashion-MNIST, most before training.) The draws depend on the seed, not on the
/// features, so that two backbones see the same images. Throws c10::ValueError for a class with too
/// few images in the bank, naming the class.
FewLabelAccuracy few_label_accuracy(const Embeddings& queries, const Embeddings& bank,
                                    const FewLabelOptions& options = {});

}  // namespace lightly::evaluation
