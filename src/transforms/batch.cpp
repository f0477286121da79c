#include "lightly/transforms/batch.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>

#include "transforms/batch_plan.hpp"
#include "transforms/batch_steps.hpp"
#include "transforms/view_checks.hpp"

namespace lightly::transforms {
namespace {

void check_images(const at::Tensor& images) {
  TORCH_CHECK_VALUE(images.defined(),
                    "BatchView: images must be a uint8 or float32 tensor [B, 3, H, W], got none");
  const bool fits = (images.scalar_type() == at::kByte || images.scalar_type() == at::kFloat) &&
                    images.layout() == at::kStrided && images.dim() == 4 && images.size(1) == 3 &&
                    images.size(2) >= 1 && images.size(3) >= 1;
  TORCH_CHECK_VALUE(fits, "BatchView: images must be a uint8 or float32 tensor [B, 3, H, W], got ",
                    images.scalar_type(), " ", images.sizes());
}

// `step` on the views of `samples` only.
template <typename Step>
void change(const at::Tensor& views, const batch::Subset& samples, Step step) {
  if (samples.count == 0) {
    return;
  }
  if (!samples.indices.defined()) {
    step(views);
    return;
  }
  const at::Tensor part = views.index_select(1, samples.indices);
  step(part);
  views.index_copy_(1, samples.indices, part);
}

// Views [3, B, h, w] in [0, 255], which are used up, normalised into [B, 3, h, w].
void normalize_into(const at::Tensor& views, const Normalization& normalization,
                    const at::Tensor& result) {
  views.div_(255.0);
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto i = static_cast<std::size_t>(c);
    at::Tensor channel = result.select(1, c);
    at::div_out(channel, views.select(0, c).sub_(normalization.mean.at(i)),
                at::scalar_tensor(normalization.std.at(i), at::kFloat));
  }
}

at::ScalarType checked(at::ScalarType dtype) {
  TORCH_CHECK_VALUE(dtype == at::kFloat || dtype == at::kHalf || dtype == at::kBFloat16,
                    "BatchView: dtype must be Float, Half or BFloat16, got ", dtype);
  return dtype;
}

}  // namespace

BatchView::BatchView(ImageViewOptions options, at::ScalarType dtype)
    : view_(checked_view("BatchView", options)), dtype_(checked(dtype)) {}

std::vector<ImageView::Params> BatchView::sample(const Size& image_size,
                                                 at::ArrayRef<std::int64_t> indices,
                                                 const core::RandomKey& key) const {
  check_size("BatchView", "image_size", image_size);
  std::vector<ImageView::Params> params;
  params.reserve(indices.size());
  for (const std::int64_t index : indices) {
    core::Random random({.seed = key.seed,
                         .epoch = key.epoch,
                         .index = static_cast<std::uint64_t>(index),
                         .view = key.view});
    params.push_back(view_.sample(image_size, random));
  }
  return params;
}

at::Tensor BatchView::apply(const at::Tensor& images,
                            at::ArrayRef<ImageView::Params> params) const {
  check_images(images);
  TORCH_CHECK_VALUE(static_cast<std::int64_t>(params.size()) == images.size(0),
                    "BatchView: params must be one for each of the ", images.size(0),
                    " images, got ", params.size());
  const at::NoGradGuard no_grad;
  // Either would round the weights of the resize to fewer bits.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::NoTF32Guard no_tf32;
  const Size& size = options().input_size;
  const at::Tensor result =
      at::empty({images.size(0), 3, size.height, size.width},
                images.options().dtype(dtype_).memory_format(at::MemoryFormat::ChannelsLast));
  if (params.empty()) {
    return result;
  }
  const batch::Plan plan = batch::make_plan(
      {.params = params, .image_size = {images.size(2), images.size(3)}, .options = options()},
      images.device());
  const at::Tensor views = batch::resample(images, plan);
  const auto solarize_at = [&](SolarizationPlace place) {
    if (options().solarization == place) {
      change(views, plan.solarized, [&](const at::Tensor& part) {
        batch::solarize(part, options().solarization_threshold);
      });
    }
  };
  change(views, plan.rotation.samples,
         [&](const at::Tensor& part) { batch::rotate(part, plan.rotation); });
  change(views, plan.jitter.samples,
         [&](const at::Tensor& part) { batch::jitter(part, plan.jitter); });
  change(views, plan.gray, [](const at::Tensor& part) { batch::gray(part); });
  solarize_at(SolarizationPlace::kBeforeBlur);
  change(views, plan.blur.samples, [&](const at::Tensor& part) { batch::blur(part, plan.blur); });
  solarize_at(SolarizationPlace::kAfterBlur);
  normalize_into(views, options().normalize.value_or(Normalization()), result);
  return result;
}

at::Tensor BatchView::operator()(const at::Tensor& images, at::ArrayRef<std::int64_t> indices,
                                 const core::RandomKey& key) const {
  check_images(images);
  return apply(images, sample({images.size(2), images.size(3)}, indices, key));
}

std::vector<BatchView> batch_views(const MultiViewTransform& views, at::ScalarType dtype) {
  views.check();
  std::vector<BatchView> result;
  for (const ImageTransform& transform : views.transforms) {
    const auto* view = transform.target<ImageView>();
    TORCH_CHECK_VALUE(view != nullptr, "batch_views: view ", result.size(),
                      " must be an ImageView, got another transform");
    ImageViewOptions options = view->options();
    options.normalize = views.normalize;
    result.emplace_back(options, dtype);
  }
  return result;
}

}  // namespace lightly::transforms
