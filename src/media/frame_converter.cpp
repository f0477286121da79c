#include "media/frame_converter.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <c10/util/Exception.h>

#include "media/orientation.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace lightly::media {
namespace {

// swscale writes rows in steps of up to this many pixels: a row of another width needs room behind
// it, or its end is wrong.
constexpr std::int64_t kStepPx = 32;

// EXIF's number for a stored image that is to be turned.
int orientation_of(std::int64_t rotation) {
  switch (rotation) {
    case 90:
      return 6;
    case 180:
      return 3;
    case 270:
      return 8;
    default:
      return 1;
  }
}

}  // namespace

FrameConverter::FrameConverter(const ImageSize& source, std::optional<ImageSize> resized,
                               std::int64_t rotation)
    : source_(source),
      is_resized_(resized.has_value()),
      scaled_(resized.value_or(source)),
      orientation_(orientation_of(rotation)) {
  size_ = Orientation(orientation_, scaled_).upright();
}

void FrameConverter::prepare(const AVFrame& picture, const std::string& where) {
  const Kind kind{.width = picture.width,
                  .height = picture.height,
                  .format = picture.format,
                  .space = picture.colorspace,
                  .range = picture.color_range};
  if (scaler_ != nullptr && kind == kind_) {
    return;
  }
  TORCH_CHECK(is_resized_ || (kind.width == source_.width && kind.height == source_.height), where,
              ": it is ", kind.width, " x ", kind.height, " in a video of ", source_.width, " x ",
              source_.height, " (width x height); only a reader that resizes its frames reads it");
  const auto format = static_cast<AVPixelFormat>(kind.format);
  const char* name = av_get_pix_fmt_name(format);
  // At the picture's own size bicubic is how colours of 10 bits or odd sizes are spread, as
  // torchcodec does it.
  const bool is_same_size = kind.width == scaled_.width && kind.height == scaled_.height;
  scaler_.reset(sws_getContext(kind.width, kind.height, format, static_cast<int>(scaled_.width),
                               static_cast<int>(scaled_.height), AV_PIX_FMT_RGB24,
                               is_same_size ? SWS_BICUBIC : SWS_BILINEAR, nullptr, nullptr,
                               nullptr));
  TORCH_CHECK(scaler_ != nullptr, where, ": swscale cannot make RGB of ",
              name != nullptr ? name : "its format");
  int* source_table = nullptr;
  int* table = nullptr;
  int source_range = 0;
  int range = 0;
  int brightness = 0;
  int contrast = 0;
  int saturation = 0;
  if (sws_getColorspaceDetails(scaler_.get(), &source_table, &source_range, &table, &range,
                               &brightness, &contrast, &saturation) >= 0) {
    if (kind.range != AVCOL_RANGE_UNSPECIFIED) {
      source_range = kind.range == AVCOL_RANGE_JPEG ? 1 : 0;
    }
    const int* matrix = sws_getCoefficients(kind.space);
    sws_setColorspaceDetails(scaler_.get(), matrix, source_range, matrix, range, brightness,
                             contrast, saturation);
  }
  kind_ = kind;
}

void FrameConverter::convert(const AVFrame& picture, const std::string& where,
                             std::uint8_t* pixels) {
  prepare(picture, where);
  const std::int64_t dense = 3 * scaled_.width;
  const bool is_direct = orientation_ == 1 && scaled_.width % kStepPx == 0;
  const std::int64_t stride = 3 * ((scaled_.width + kStepPx - 1) / kStepPx + 1) * kStepPx;
  if (!is_direct) {
    rows_.resize(static_cast<std::size_t>(stride * scaled_.height));
  }
  const std::array<std::uint8_t*, 4> planes = {is_direct ? pixels : rows_.data()};
  const std::array<int, 4> strides = {static_cast<int>(is_direct ? dense : stride)};
  const int rows = sws_scale(scaler_.get(), picture.data, picture.linesize, 0, picture.height,
                             planes.data(), strides.data());
  TORCH_CHECK(rows == scaled_.height, where, ": swscale gave ", rows, " of ", scaled_.height,
              " rows");
  if (!is_direct) {
    Orientation(orientation_, scaled_).write_upright(rows_.data(), stride, pixels);
  }
}

}  // namespace lightly::media
