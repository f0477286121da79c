#include "data/view_region.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <c10/util/Exception.h>

#include "data/view_writer.hpp"

namespace lightly::data {
namespace {

// The largest factor by which a JPEG is decoded smaller.
constexpr std::int64_t kLargestReduction = 8;

// Where a range of the whole image lies in one that begins at `origin` and is `reduction` times
// smaller, `size` long: at least one pixel of it.
struct Range {
  std::int64_t begin;
  std::int64_t length;
};

Range reduced(const Range& range, std::int64_t origin, std::int64_t reduction, std::int64_t size) {
  const auto scaled = [&](std::int64_t place) {
    const double at = static_cast<double>(place - origin) / static_cast<double>(reduction);
    return std::clamp<std::int64_t>(std::llround(at), 0, size);
  };
  const std::int64_t begin = std::min(scaled(range.begin), size - 1);
  return {.begin = begin,
          .length = std::max<std::int64_t>(scaled(range.begin + range.length) - begin, 1)};
}

}  // namespace

ViewRegion::ViewRegion(const BaseCollateFunction& collate, const Sample& sample,
                       const core::RandomKey& key) {
  TORCH_CHECK_VALUE(sample.encoded.has_value(), "ViewRegion: the sample must be encoded");
  const media::EncodedImage& image = *sample.encoded;
  const transforms::Size size{image.height(), image.width()};
  for (std::int64_t v = 0; v < collate.num_views(); ++v) {
    const ViewWriter& writer = collate.writer(v);
    View view{.params = writer.draw(size, sample.index, key)};
    is_known_ = is_known_ && view.params.has_value();
    if (view.params) {
      view.size = writer.view_size();
    }
    views_.push_back(view);
  }
}

media::ImagePart ViewRegion::decode(const media::EncodedImage& image, Decode mode) const {
  if (!is_known_) {
    return {.pixels = image.decode()};
  }
  std::int64_t top = std::numeric_limits<std::int64_t>::max();
  std::int64_t left = top;
  std::int64_t bottom = 0;
  std::int64_t right = 0;
  for (const View& view : views_) {
    const transforms::Box& crop = view.crop();
    top = std::min(top, crop.top);
    left = std::min(left, crop.left);
    bottom = std::max(bottom, crop.top + crop.height);
    right = std::max(right, crop.left + crop.width);
  }
  return image.decode_part(
      {.top = top, .left = left, .height = bottom - top, .width = right - left},
      mode == Decode::kFast ? reduction() : 1);
}

std::int64_t ViewRegion::reduction() const {
  std::int64_t factor = kLargestReduction;
  for (const View& view : views_) {
    const transforms::Box& crop = view.crop();
    while (factor > 1 &&
           (crop.height < factor * view.size.height || crop.width < factor * view.size.width)) {
      factor /= 2;
    }
  }
  return factor;
}

std::optional<transforms::ImageView::Params> ViewRegion::params(
    std::int64_t view, const media::ImagePart& part) const {
  std::optional<transforms::ImageView::Params> params =
      views_[static_cast<std::size_t>(view)].params;
  if (params) {
    transforms::Box& crop = params->crop;
    const Range rows = reduced({.begin = crop.top, .length = crop.height}, part.top, part.reduction,
                               part.pixels.size(1));
    const Range columns = reduced({.begin = crop.left, .length = crop.width}, part.left,
                                  part.reduction, part.pixels.size(2));
    crop = {
        .top = rows.begin, .left = columns.begin, .height = rows.length, .width = columns.length};
  }
  return params;
}

}  // namespace lightly::data
