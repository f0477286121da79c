#include "transforms/batch_plan.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "lightly/transforms/functional.hpp"
#include "transforms/kernels/blur.hpp"
#include "transforms/kernels/color.hpp"

namespace lightly::transforms::batch {
namespace {

// Lists of numbers on their way to the device: one block of memory, one copy.
class Parcel {
 public:
  // `target` becomes the list on the device when all are sent, and must live until then.
  void add(const std::vector<float>& list, at::Tensor& target) { add(list, at::kFloat, target); }
  void add(const std::vector<std::int64_t>& list, at::Tensor& target) {
    add(list, at::kLong, target);
  }

  void send(const at::Device& device) {
    const auto size = static_cast<std::int64_t>(bytes_.size());
    // From pinned memory the copy is not waited for; LibTorch frees it when the copy is done.
    const at::Tensor packed =
        at::empty({size}, at::TensorOptions(at::kByte).pinned_memory(device.is_cuda()));
    std::memcpy(packed.mutable_data_ptr(), bytes_.data(), bytes_.size());
    const at::Tensor arrived = packed.to(device, /*non_blocking=*/true);
    for (const Entry& entry : entries_) {
      *entry.target = arrived.narrow(0, entry.begin, entry.size).view(entry.dtype);
    }
  }

 private:
  struct Entry {
    at::Tensor* target;
    at::ScalarType dtype;
    std::int64_t begin;
    std::int64_t size;
  };

  template <typename Number>
  void add(const std::vector<Number>& list, at::ScalarType dtype, at::Tensor& target) {
    constexpr std::size_t kAlignment = sizeof(std::int64_t);
    const std::size_t begin = (bytes_.size() + kAlignment - 1) / kAlignment * kAlignment;
    const std::size_t size = list.size() * sizeof(Number);
    bytes_.resize(begin + size);
    std::memcpy(bytes_.data() + begin, list.data(), size);
    entries_.push_back(
        {&target, dtype, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(size)});
  }

  std::vector<std::byte> bytes_;
  std::vector<Entry> entries_;
};

void add_subset(Parcel& parcel, const std::vector<std::int64_t>& indices, std::int64_t batch_size,
                Subset& subset) {
  subset.count = static_cast<std::int64_t>(indices.size());
  if (subset.count < batch_size || !std::is_sorted(indices.begin(), indices.end())) {
    parcel.add(indices, subset.indices);
  }
}

// One side of the crop of one sample.
struct Segment {
  std::int64_t begin;
  std::int64_t length;
  bool is_mirrored;
};

void add_axis(Parcel& parcel, const std::vector<Segment>& segments, std::int64_t view_size,
              Axis& axis) {
  axis.view_size = view_size;
  std::vector<float> first, step, support, begin, last;
  for (const Segment& segment : segments) {
    const double scale = static_cast<double>(segment.length) / static_cast<double>(view_size);
    const double nearest = static_cast<double>(segment.begin) + 0.5 * scale - 0.5;
    const double farthest = nearest + static_cast<double>(view_size - 1) * scale;
    first.push_back(static_cast<float>(segment.is_mirrored ? farthest : nearest));
    step.push_back(static_cast<float>(segment.is_mirrored ? -scale : scale));
    support.push_back(static_cast<float>(std::max(scale, 1.0)));
    begin.push_back(static_cast<float>(segment.begin));
    last.push_back(static_cast<float>(segment.begin + segment.length - 1));
  }
  parcel.add(first, axis.first);
  parcel.add(step, axis.step);
  parcel.add(support, axis.support);
  parcel.add(begin, axis.begin);
  parcel.add(last, axis.last);
}

void add_crops(Parcel& parcel, at::ArrayRef<ImageView::Params> params, const Size& image_size,
               const Size& view_size, Plan& plan) {
  std::vector<Segment> rows, columns;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const ImageView::Params& drawn = params[i];
    const Box& crop = drawn.crop;
    TORCH_CHECK_VALUE(is_inside(crop, image_size), "BatchView: crop of image ", i,
                      " must be at least 1x1 px and inside the image of ", image_size, ", got ",
                      crop);
    // A view that is turned before is mirrored after that.
    rows.push_back({crop.top, crop.height, drawn.vflip && !drawn.rotate});
    columns.push_back({crop.left, crop.width, drawn.hflip && !drawn.rotate});
  }
  add_axis(parcel, rows, view_size.height, plan.vertical);
  add_axis(parcel, columns, view_size.width, plan.horizontal);
}

void add_rotation(Parcel& parcel, at::ArrayRef<ImageView::Params> params, const Size& view_size,
                  Rotation& rotation) {
  constexpr std::int64_t kUnit = 1 << 16;
  std::vector<std::int64_t> indices, column, column_by_x, column_by_y, row, row_by_x, row_by_y;
  for (std::size_t i = 0; i < params.size(); ++i) {
    const ImageView::Params& drawn = params[i];
    if (!drawn.rotate) {
      continue;
    }
    // Mirroring counts x or y from the other end.
    const std::int64_t by_x = drawn.hflip ? -kUnit : kUnit;
    const std::int64_t by_y = drawn.vflip ? kUnit : -kUnit;
    const std::int64_t left = drawn.hflip ? view_size.width - 1 : 0;
    const std::int64_t top = drawn.vflip ? view_size.height - 1 : 0;
    indices.push_back(static_cast<std::int64_t>(i));
    column.push_back((view_size.width + view_size.height - 1 - 2 * top) * kUnit / 2);
    column_by_x.push_back(0);
    column_by_y.push_back(by_y);
    row.push_back((view_size.height - view_size.width + 1 + 2 * left) * kUnit / 2);
    row_by_x.push_back(by_x);
    row_by_y.push_back(0);
  }
  add_subset(parcel, indices, static_cast<std::int64_t>(params.size()), rotation.samples);
  parcel.add(column, rotation.column);
  parcel.add(column_by_x, rotation.column_by_x);
  parcel.add(column_by_y, rotation.column_by_y);
  parcel.add(row, rotation.row);
  parcel.add(row_by_x, rotation.row_by_x);
  parcel.add(row_by_y, rotation.row_by_y);
}

struct DrawnBlend {
  float factor = 1.0F;
  bool with_mean_gray = false;
  bool with_own_gray = false;
};

// The jitter of one sample in the terms of Jitter.
struct DrawnJitter {
  static constexpr std::size_t kNever = Jitter::kBlends + 1;

  std::int64_t index;
  std::array<DrawnBlend, Jitter::kBlends> blends;
  std::size_t hue_place = kNever;
  int hue_shift = 0;
};

DrawnJitter in_turn(std::size_t index, const ColorJitter::Params& drawn) {
  using Step = ColorJitter::Step;
  const std::array<Step, 4> each_once = ColorJitter::Params().order;
  TORCH_CHECK_VALUE(std::is_permutation(drawn.order.begin(), drawn.order.end(), each_once.begin()),
                    "BatchView: order of the jitter of image ", index, " must name each step once");
  DrawnJitter jitter{.index = static_cast<std::int64_t>(index), .blends = {}};
  std::size_t next = 0;
  const auto blend = [&](std::string_view name, double factor, DrawnBlend how) {
    core::check_not_negative("BatchView", name, factor);
    how.factor = static_cast<float>(factor);
    jitter.blends.at(next++) = how;
  };
  for (const Step step : drawn.order) {
    if (step == Step::kBrightness && drawn.brightness) {
      blend("brightness", *drawn.brightness, {});
    } else if (step == Step::kContrast && drawn.contrast) {
      blend("contrast", *drawn.contrast, {.with_mean_gray = true});
    } else if (step == Step::kSaturation && drawn.saturation) {
      blend("saturation", *drawn.saturation, {.with_own_gray = true});
    } else if (step == Step::kHue && drawn.hue) {
      TORCH_CHECK_VALUE(*drawn.hue >= -0.5 && *drawn.hue <= 0.5,
                        "BatchView: hue must be in [-0.5, 0.5], got ", *drawn.hue);
      jitter.hue_place = next;
      jitter.hue_shift = kernels::hue_shift(*drawn.hue);
    }
  }
  return jitter;
}

void add_jitter(Parcel& parcel, at::ArrayRef<ImageView::Params> params, Jitter& jitter) {
  std::vector<DrawnJitter> drawn;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (params[i].jitter) {
      drawn.push_back(in_turn(i, *params[i].jitter));
    }
  }
  std::stable_sort(drawn.begin(), drawn.end(), [](const DrawnJitter& a, const DrawnJitter& b) {
    return a.hue_place < b.hue_place;
  });
  std::vector<std::int64_t> indices;
  std::vector<float> hue_shift;
  for (const DrawnJitter& sample : drawn) {
    indices.push_back(sample.index);
    hue_shift.push_back(static_cast<float>(sample.hue_shift));
    if (sample.hue_place != DrawnJitter::kNever) {
      ++jitter.hue_counts.at(sample.hue_place);
    }
  }
  add_subset(parcel, indices, static_cast<std::int64_t>(params.size()), jitter.samples);
  parcel.add(hue_shift, jitter.hue_shift);
  for (std::size_t k = 0; k < Jitter::kBlends; ++k) {
    std::vector<float> factor, mean_gray, own_gray;
    for (const DrawnJitter& sample : drawn) {
      const DrawnBlend& blend = sample.blends.at(k);
      factor.push_back(blend.factor);
      mean_gray.push_back(blend.with_mean_gray ? 1.0F : 0.0F);
      own_gray.push_back(blend.with_own_gray ? 1.0F : 0.0F);
      jitter.blends.at(k).is_used |= blend.factor != 1.0F;
      jitter.blends.at(k).needs_gray |= blend.with_mean_gray || blend.with_own_gray;
    }
    parcel.add(factor, jitter.blends.at(k).factor);
    parcel.add(mean_gray, jitter.blends.at(k).mean_gray);
    parcel.add(own_gray, jitter.blends.at(k).own_gray);
  }
}

template <typename Changes>
void add_some(Parcel& parcel, at::ArrayRef<ImageView::Params> params, Changes changes,
              Subset& subset) {
  std::vector<std::int64_t> indices;
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (changes(params[i])) {
      indices.push_back(static_cast<std::int64_t>(i));
    }
  }
  add_subset(parcel, indices, static_cast<std::int64_t>(params.size()), subset);
}

void add_blur(Parcel& parcel, at::ArrayRef<ImageView::Params> params, Blur& blur) {
  std::vector<float> radius;
  const auto is_blurred = [&](const ImageView::Params& drawn) {
    if (drawn.blur) {
      TORCH_CHECK_VALUE(*drawn.blur >= 0.0 && *drawn.blur <= functional::kLargestBlurRadius,
                        "BatchView: blur must be in [0, ", functional::kLargestBlurRadius,
                        "] px, got ", *drawn.blur);
      radius.push_back(kernels::box_radius(static_cast<float>(*drawn.blur)));
    }
    return drawn.blur.has_value();
  };
  add_some(parcel, params, is_blurred, blur.samples);
  parcel.add(radius, blur.radius);
}

}  // namespace

Plan make_plan(at::ArrayRef<ImageView::Params> params, const Size& image_size,
               const Size& view_size, const at::Device& device) {
  Plan plan;
  Parcel parcel;
  add_crops(parcel, params, image_size, view_size, plan);
  add_rotation(parcel, params, view_size, plan.rotation);
  add_jitter(parcel, params, plan.jitter);
  add_some(parcel, params, [](const ImageView::Params& drawn) { return drawn.gray; }, plan.gray);
  add_blur(parcel, params, plan.blur);
  parcel.send(device);
  return plan;
}

}  // namespace lightly::transforms::batch
