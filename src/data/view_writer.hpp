#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include "lightly/core/random.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/transforms/image_transform.hpp"
#include "lightly/transforms/image_view.hpp"
#include "lightly/transforms/size.hpp"
#include "transforms/kernels/image.hpp"
#include "transforms/kernels/point_ops.hpp"

namespace lightly::data {

/// Makes one view of samples and writes it where a batch wants it. Thread-safe when the transform
/// is.
class ViewWriter {
 public:
  using FloatImage = transforms::kernels::FloatImage;
  /// Normalised floats, or the view's bytes.
  using Target = std::variant<FloatImage, transforms::kernels::Image>;
  /// Where a view of that size goes; nothing when there is no room for it. A reference, because a
  /// std::function would take memory for every view.
  using Place = c10::function_ref<std::optional<Target>(const transforms::Size&)>;

  /// `transform` must outlive the writer, which gives its name as view `view`.
  ViewWriter(const transforms::ImageTransform& transform, std::int64_t view,
             const transforms::Normalization& normalization);

  /// Throws c10::ValueError when the transform makes anything but uint8 or float32 [3, h, w], or
  /// floats for a place that takes bytes.
  void write(const Sample& sample, const core::RandomKey& key, Place place) const;

  /// The choices for the view of a sample whose image has that size, when they can be drawn before
  /// the image is decoded.
  std::optional<transforms::ImageView::Params> draw(const transforms::Size& image_size,
                                                    std::int64_t index,
                                                    const core::RandomKey& key) const;

  /// Writes the view that draw() gave choices for.
  void write(const at::Tensor& image, const transforms::ImageView::Params& params,
             Place place) const;

  /// Of the views that draw() gives choices for.
  const transforms::Size& view_size() const { return image_view_->options().input_size; }

 private:
  /// The pixels that the view is made of.
  at::Tensor image_of(const Sample& sample, const core::RandomKey& key) const;
  core::Random random(std::int64_t index, const core::RandomKey& key) const;
  void convert(const at::Tensor& made, const Target& target) const;

  const transforms::ImageTransform& transform_;
  /// The transform when it is an ImageView: it writes floats by itself.
  const transforms::ImageView* image_view_;
  std::int64_t view_;
  transforms::kernels::Normalizer normalizer_;
};

}  // namespace lightly::data
