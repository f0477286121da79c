#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/ScalarType.h>
#include <c10/util/ArrayRef.h>

#include "lightly/core/random.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/multi_view_transform.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::transforms {

/// One random view of every image of a batch, made by tensor operations on the device that holds
/// the batch; for images that are on an accelerator already.
///
/// Options, random keys and choices are those of ImageView: view v of the sample with index i is
/// drawn from RandomKey{seed, epoch, i, v}. The choices do not depend on the batch, nor do the
/// views on the CPU; an accelerator's library may add up a batch of another size in another order,
/// and a pixel then rounds the other way now and then. The choices are drawn on the host and copied
/// to the device once, without waiting for it; no number comes back.
class BatchView {
 public:
  /// Throws c10::ValueError for options out of bounds or a `dtype`, that of the views, which is not
  /// float32, float16 or bfloat16.
  explicit BatchView(ImageViewOptions options = {}, at::ScalarType dtype = at::kFloat);

  /// The choices for one view of each of the samples with these indices in the data set, all of one
  /// size; `key` gives seed, epoch and view.
  std::vector<ImageView::Params> sample(const Size& image_size, at::ArrayRef<std::int64_t> indices,
                                        const core::RandomKey& key) const;

  /// The views that `params`, one an image, describe, normalised: [B, 3, h, w] of `input_size` in
  /// channels-last memory on the images' device.
  ///
  /// `images` is [B, 3, H, W], RGB, uint8 or float32 in [0, 1], of any strides, on any device;
  /// another tensor, another number of params and params out of bounds throw c10::ValueError. No
  /// gradient flows; autocast changes nothing, and a lower float32 matmul precision no more than
  /// how a pixel rounds now and then.
  at::Tensor apply(const at::Tensor& images, at::ArrayRef<ImageView::Params> params) const;

  /// `apply` of what `sample` gives.
  at::Tensor operator()(const at::Tensor& images, at::ArrayRef<std::int64_t> indices,
                        const core::RandomKey& key) const;

  const ImageViewOptions& options() const { return view_.options(); }

 private:
  ImageView view_;
  at::ScalarType dtype_;
};

/// A BatchView for each of the views, normalised as `views` says. The choices of view v are those
/// of a collate function when the key names it: `batch_views(SimCLRTransform())[v](images, indices,
/// {.seed = 1, .view = v})`.
///
/// Throws c10::ValueError that names the first view that is no ImageView, and as BatchView does.
std::vector<BatchView> batch_views(const MultiViewTransform& views,
                                   at::ScalarType dtype = at::kFloat);

}  // namespace lightly::transforms
