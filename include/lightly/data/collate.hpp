#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "lightly/core/random.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/multi_crop_transform.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/normalization.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::data {

class BatchBuilder;
class ViewRegion;
class ViewWriter;

using BaseCollateFunctionOptions = transforms::MultiViewTransform;

/// Makes a batch of samples: every view of every image, the targets and the file names.
///
/// View v of the sample with index i is drawn from RandomKey{seed, epoch, i, v}, so that it does
/// not depend on the batch it falls in, nor on the thread. A view has one size in a batch;
/// different views may differ. Copies share the transforms. Thread-safe when the transforms are. As
/// lightly 1.1: BaseCollateFunction; differs: any number of views, each with its own transform.
class BaseCollateFunction {
 public:
  /// Implicit, so that a loader takes a MultiViewTransform as it is:
  /// `DataLoader(images, transforms::SimCLRTransform({.input_size = 32}))`.
  explicit(false) BaseCollateFunction(BaseCollateFunctionOptions options);

  std::int64_t num_views() const;

  /// The batch of `samples`, at least one, from seed and epoch of `key`. What fails for a sample is
  /// a c10::Error with its file name; so is a view of another size than that of the first sample.
  Batch operator()(const std::vector<Sample>& samples, const core::RandomKey& key = {}) const;

  /// Writes view `view`, in [0, num_views()), of the sample, normalised, into `slot`: float32
  /// [3, h, w] on the CPU of any strides, such as one image of a batch of the caller's. `key` gives
  /// seed and epoch. Throws c10::ValueError when the view has another size.
  void write_view(const Sample& sample, std::int64_t view, const core::RandomKey& key,
                  const at::Tensor& slot) const;

  const BaseCollateFunctionOptions& options() const;

 private:
  friend class BatchBuilder;
  friend class ViewRegion;
  struct Views;

  /// What makes view `view`, in [0, num_views()).
  const ViewWriter& writer(std::int64_t view) const;

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

/// What the views of a MoCoCollateFunction are made with; names and defaults are lightly 1.1's,
/// meanings and ranges those of transforms::ImageViewOptions.
struct MoCoCollateFunctionOptions {
  transforms::Size input_size = 224;
  double cj_prob = 0.8;
  /// Strength of the jitter of brightness, contrast, saturation and, not reduced, hue; in [0, 0.5].
  double cj_strength = 0.4;
  double min_scale = 0.2;
  double random_gray_scale = 0.2;
  double gaussian_blur = 0.0;
  double kernel_size = 0.1;
  double vf_prob = 0.0;
  double hf_prob = 0.5;
  double rr_prob = 0.0;
  std::array<double, 2> sigmas{0.2, 2.0};
  bool early_blur_radius = false;
  transforms::functional::PillowPassOrder pass_order =
      transforms::functional::PillowPassOrder::kCurrent;
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// Two views of MoCo's first version of each image ([0] MoCo, 2019, arXiv:1911.05722). As lightly
/// 1.1: MoCoCollateFunction; differs: `normalize` is honoured, where lightly always normalises with
/// ImageNet's statistics.
class MoCoCollateFunction : public BaseCollateFunction {
 public:
  explicit MoCoCollateFunction(const MoCoCollateFunctionOptions& options = {});
};

using MultiCropCollateFunctionOptions = transforms::MultiCropTransformOptions;

/// Views of several sizes (transforms::MultiCropTransform) of each image. As lightly 1.1.22:
/// MultiCropCollateFunction; differs: the length of crop_max_scales is checked too.
class MultiCropCollateFunction : public BaseCollateFunction {
 public:
  explicit MultiCropCollateFunction(const MultiCropCollateFunctionOptions& options);
};

/// What the views of a SwaVCollateFunction are made with; names and defaults are lightly 1.1.22's,
/// meanings and ranges those of MultiCropTransformOptions and ImageViewOptions.
struct SwaVCollateFunctionOptions {
  std::vector<transforms::Size> crop_sizes = {224, 96};
  std::vector<std::int64_t> crop_counts = {2, 6};
  std::vector<double> crop_min_scales = {0.14, 0.05};
  std::vector<double> crop_max_scales = {1.0, 0.14};
  double hf_prob = 0.5;
  double vf_prob = 0.0;
  double rr_prob = 0.0;
  double cj_prob = 0.8;
  /// Strength of the jitter, in [0, 2]: brightness, contrast and saturation this, hue a quarter.
  double cj_strength = 0.8;
  double random_gray_scale = 0.2;
  double gaussian_blur = 0.0;
  /// In pixels, in (0, the longer side of the smallest crop]; used by `early_blur_radius` only.
  double kernel_size = 1.0;
  std::array<double, 2> sigmas{0.2, 2.0};
  bool early_blur_radius = false;
  transforms::functional::PillowPassOrder pass_order =
      transforms::functional::PillowPassOrder::kCurrent;
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;

  /// Throws c10::ValueError that names the option out of bounds.
  void check() const;
};

/// SwaV's large and small crops of each image ([0] SwAV, 2020, arXiv:2006.09882). As lightly
/// 1.1.22: SwaVCollateFunction; differs: without `normalize` it works.
class SwaVCollateFunction : public BaseCollateFunction {
 public:
  explicit SwaVCollateFunction(const SwaVCollateFunctionOptions& options = {});
};

struct PlainCollateFunctionOptions {
  /// None: pixels / 255 only.
  std::optional<transforms::Normalization> normalize = transforms::imagenet_normalize;

  /// Throws c10::ValueError for a normalisation out of bounds.
  void check() const;
};

/// One view, the image itself, without randomness: for embedding and evaluation. The images of a
/// batch must have one size.
class PlainCollateFunction : public BaseCollateFunction {
 public:
  explicit PlainCollateFunction(const PlainCollateFunctionOptions& options = {});
};

}  // namespace lightly::data
