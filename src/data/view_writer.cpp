#include "data/view_writer.hpp"

#include <cstring>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "transforms/pixels.hpp"
#include "transforms/view_checks.hpp"
#include "transforms/view_pixels.hpp"

namespace lightly::data {
namespace {

using transforms::functional::Pixels;
using transforms::kernels::FloatImage;
using transforms::kernels::Image;

void copy_bytes(const Pixels& from, const Image& to) {
  for (std::int64_t y = 0; y < to.height; ++y) {
    std::memcpy(to.row(y), from->row(y), static_cast<std::size_t>(3 * to.width));
  }
}

void copy_floats(const at::Tensor& from, const FloatImage& to) {
  const float* in = from.const_data_ptr<float>();
  for (std::int64_t y = 0; y < from.size(1); ++y) {
    for (std::int64_t x = 0; x < from.size(2); ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        to.data[c * to.c_stride + y * to.y_stride + x * to.x_stride] =
            in[c * from.stride(0) + y * from.stride(1) + x * from.stride(2)];
      }
    }
  }
}

}  // namespace

ViewWriter::ViewWriter(const transforms::ImageTransform& transform, std::int64_t view,
                       const transforms::Normalization& normalization)
    : transform_(transform),
      image_view_(transform.target<transforms::ImageView>()),
      view_(view),
      normalizer_(transforms::functional::normalizer(normalization)) {}

core::Random ViewWriter::random(std::int64_t index, const core::RandomKey& key) const {
  return core::Random({.seed = key.seed,
                       .epoch = key.epoch,
                       .index = static_cast<std::uint64_t>(index),
                       .view = static_cast<std::uint64_t>(view_)});
}

std::optional<transforms::ImageView::Params> ViewWriter::draw(const transforms::Size& image_size,
                                                              std::int64_t index,
                                                              const core::RandomKey& key) const {
  if (image_view_ == nullptr) {
    return std::nullopt;
  }
  core::Random stream = random(index, key);
  return image_view_->sample(image_size, stream);
}

void ViewWriter::write(const at::Tensor& image, const transforms::ImageView::Params& params,
                       Place place) const {
  const std::optional<Target> target = place(view_size());
  if (!target) {
    return;
  }
  if (const auto* floats = std::get_if<FloatImage>(&*target)) {
    transforms::write_view(*image_view_, image, params, normalizer_, *floats);
  } else {
    transforms::write_view(*image_view_, image, params, std::get<Image>(*target));
  }
}

at::Tensor ViewWriter::image_of(const Sample& sample, const core::RandomKey& key) const {
  if (!sample.draw_image) {
    return sample.pixels();
  }
  core::RandomKey image_key = key;
  image_key.index = static_cast<std::uint64_t>(sample.index);
  image_key.view = static_cast<std::uint64_t>(view_) + Sample::kDrawImage;
  core::Random stream(image_key);
  return sample.draw_image(view_, stream);
}

void ViewWriter::write(const Sample& sample, const core::RandomKey& key, Place place) const {
  const at::Tensor image = image_of(sample, key);
  if (image_view_ != nullptr) {
    core::check_image("ImageView", image);
    write(image, *draw({image.size(1), image.size(2)}, sample.index, key), place);
    return;
  }
  core::Random stream = random(sample.index, key);
  const at::Tensor made = transform_(image, stream);
  // finish() of the batch adds the callee and the sample's name.
  transforms::check_made("", view_, made);
  if (const std::optional<Target> target = place({made.size(1), made.size(2)})) {
    convert(made, *target);
  }
}

void ViewWriter::convert(const at::Tensor& made, const Target& target) const {
  const bool is_bytes = made.scalar_type() == at::kByte;
  if (const auto* floats = std::get_if<FloatImage>(&target)) {
    if (is_bytes) {
      transforms::kernels::apply_to_float({}, *Pixels("ViewWriter", made), normalizer_, *floats);
    } else {
      copy_floats(made, *floats);
    }
    return;
  }
  TORCH_CHECK_VALUE(is_bytes, "the transform of view ", view_,
                    " must return uint8 for batches of uint8, got ", made.scalar_type());
  copy_bytes(Pixels("ViewWriter", made), std::get<Image>(target));
}

}  // namespace lightly::data
