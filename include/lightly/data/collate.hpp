#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/normalization.hpp"

namespace lightly::data {

class ViewWriter;

struct BaseCollateFunctionOptions {
  /// One a view, at least one; the same transform twice gives two random views of each image.
  std::vector<transforms::ImageTransform> transforms = {};
  /// For views that a transform returns as uint8; none: pixels / 255 only. A float32 view is taken
  /// as it is.
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;

  void check() const;
};

/// Makes a batch of samples: every view of every image, the targets and the file names.
///
/// View v of the sample with index i is drawn from RandomKey{seed, epoch, i, v}, so that it does
/// not depend on the batch it falls in, nor on the thread. A view has one size in a batch;
/// different views may differ. Copies share the transforms. Thread-safe when the transforms are. As
/// lightly 1.1: BaseCollateFunction; differs: any number of views, each with its own transform.
class BaseCollateFunction {
 public:
  explicit BaseCollateFunction(BaseCollateFunctionOptions options);

  std::int64_t num_views() const;

  /// The batch of `samples`, at least one, from seed and epoch of `key`. What fails for a sample is
  /// a c10::Error with its file name; so is a view of another size than that of the first sample.
  Batch operator()(const std::vector<Sample>& samples, const core::RandomKey& key = {}) const;

  /// Writes view `view`, in [0, num_views()), of the sample, normalised, into `slot`: float32
  /// [3, h, w] on the CPU of any strides, such as one image of a batch of the caller's. `key` gives
  /// seed and epoch. Throws c10::ValueError when the view has another size.
  void write_view(const Sample& sample, std::int64_t view, const core::RandomKey& key,
                  const at::Tensor& slot) const;

  /// What makes view `view`, in [0, num_views()); for the library itself.
  const ViewWriter& writer(std::int64_t view) const;

 private:
  struct Views;

  std::shared_ptr<const Views> views_;
};

using ImageCollateFunctionOptions = transforms::ImageViewOptions;

/// Two random views (transforms::ImageView) of each image. As lightly 1.1: ImageCollateFunction.
class ImageCollateFunction : public BaseCollateFunction {
 public:
  explicit ImageCollateFunction(const ImageCollateFunctionOptions& options = {});
};

using SimCLRCollateFunctionOptions = transforms::SimCLRViewOptions;

/// Two of SimCLR's views of each image ([0] SimCLR, 2020, arXiv:2002.05709). As lightly 1.1:
/// SimCLRCollateFunction.
class SimCLRCollateFunction : public BaseCollateFunction {
 public:
  explicit SimCLRCollateFunction(const SimCLRCollateFunctionOptions& options = {});
};

struct PlainCollateFunctionOptions {
  /// None: pixels / 255 only.
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;
};

/// One view, the image itself, without randomness: for embedding and evaluation. The images of a
/// batch must have one size.
class PlainCollateFunction : public BaseCollateFunction {
 public:
  explicit PlainCollateFunction(const PlainCollateFunctionOptions& options = {});
};

}  // namespace lightly::data
