#include "transforms/batch_plan.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "transforms/kernels/resize_weights.hpp"
#include "transforms/kernels/rotate.hpp"
#include "transforms/kernels/scalar/blur.hpp"
#include "transforms/view_checks.hpp"
#include "transforms/view_pixels.hpp"

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
    std::copy(bytes_.begin(), bytes_.end(), static_cast<std::byte*>(packed.mutable_data_ptr()));
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
    const auto bytes = std::as_bytes(std::span(list));
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin));
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

void add_positions(Parcel& parcel, const std::vector<Segment>& segments, Axis& axis) {
  std::vector<float> first, step, widening, begin, last;
  for (const Segment& segment : segments) {
    const double scale = static_cast<double>(segment.length) / static_cast<double>(axis.view_size);
    const double nearest = static_cast<double>(segment.begin) + 0.5 * scale - 0.5;
    const double farthest = nearest + static_cast<double>(axis.view_size - 1) * scale;
    first.push_back(static_cast<float>(segment.is_mirrored ? farthest : nearest));
    step.push_back(static_cast<float>(segment.is_mirrored ? -scale : scale));
    widening.push_back(static_cast<float>(std::max(scale, 1.0)));
    begin.push_back(static_cast<float>(segment.begin));
    last.push_back(static_cast<float>(segment.begin + segment.length - 1));
  }
  parcel.add(first, axis.first);
  parcel.add(step, axis.step);
  parcel.add(widening, axis.widening);
  parcel.add(begin, axis.begin);
  parcel.add(last, axis.last);
}

void add_nearest(Parcel& parcel, const std::vector<Segment>& segments, Axis& axis) {
  std::vector<float> pixels(segments.size() * static_cast<std::size_t>(axis.view_size));
  float* row = pixels.data();
  for (const Segment& segment : segments) {
    kernels::NearestInputs inputs(segment.length, axis.view_size);
    for (std::int64_t i = 0; i < axis.view_size; ++i) {
      row[segment.is_mirrored ? axis.view_size - 1 - i : i] =
          static_cast<float>(segment.begin + inputs.next());
    }
    row += axis.view_size;
  }
  parcel.add(pixels, axis.nearest);
}

bool is_turned_before_flips(const ImageView::Params& params, const ImageViewOptions& options) {
  return params.rotate && options.rotation == RotationPlace::kBeforeFlips;
}

void add_crops(Parcel& parcel, const Drawn& drawn, Plan& plan) {
  std::vector<Segment> rows, columns;
  for (std::size_t i = 0; i < drawn.params.size(); ++i) {
    const ImageView::Params& params = drawn.params[i];
    const Box& crop = params.crop;
    TORCH_CHECK_VALUE(is_inside(crop, drawn.image_size), "BatchView: crop of image ", i,
                      " must be at least 1x1 px and inside the image of ", drawn.image_size,
                      ", got ", crop);
    const bool mirror_now = !is_turned_before_flips(params, drawn.options);
    rows.push_back({crop.top, crop.height, params.vflip && mirror_now});
    columns.push_back({crop.left, crop.width, params.hflip && mirror_now});
  }
  plan.vertical.view_size = drawn.options.input_size.height;
  plan.horizontal.view_size = drawn.options.input_size.width;
  const bool is_nearest = drawn.options.interpolation == functional::Interpolation::kNearest;
  const auto add_axis = is_nearest ? add_nearest : add_positions;
  add_axis(parcel, rows, plan.vertical);
  add_axis(parcel, columns, plan.horizontal);
}

void add_rotation(Parcel& parcel, const Drawn& drawn, Rotation& rotation) {
  const Size& size = drawn.options.input_size;
  std::vector<std::int64_t> indices, column, column_by_x, column_by_y, row, row_by_x, row_by_y;
  for (std::size_t i = 0; i < drawn.params.size(); ++i) {
    const ImageView::Params& params = drawn.params[i];
    if (!params.rotate) {
      continue;
    }
    const kernels::FixedTurn turn =
        kernels::fixed_turn(functional::checked_degrees({"BatchView", "rotate"}, *params.rotate),
                            size.height, size.width);
    // Mirroring what is turned counts x or y from the other end.
    const bool mirror_now = is_turned_before_flips(params, drawn.options);
    const bool from_right = mirror_now && params.hflip;
    const bool from_below = mirror_now && params.vflip;
    const std::int64_t first_x = from_right ? size.width - 1 : 0;
    const std::int64_t first_y = from_below ? size.height - 1 : 0;
    indices.push_back(static_cast<std::int64_t>(i));
    column.push_back(turn.left + first_x * turn.cos + first_y * turn.sin);
    column_by_x.push_back(from_right ? -turn.cos : turn.cos);
    column_by_y.push_back(from_below ? -turn.sin : turn.sin);
    row.push_back(turn.top + first_x * turn.minus_sin + first_y * turn.cos);
    row_by_x.push_back(from_right ? -turn.minus_sin : turn.minus_sin);
    row_by_y.push_back(from_below ? -turn.cos : turn.cos);
  }
  add_subset(parcel, indices, drawn.batch_size(), rotation.samples);
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

DrawnJitter in_turn(std::size_t index, const ColorJitter::Params& params) {
  using Step = ColorJitter::Step;
  TORCH_CHECK_VALUE(has_each_step_once(params), "BatchView: order of the jitter of image ", index,
                    " must name each step once");
  DrawnJitter jitter{.index = static_cast<std::int64_t>(index), .blends = {}};
  std::size_t next = 0;
  for (const Step step : params.order) {
    if (step == Step::kBrightness && params.brightness) {
      jitter.blends.at(next++) = {
          .factor = functional::checked_factor({"BatchView", "brightness"}, *params.brightness)};
    } else if (step == Step::kContrast && params.contrast) {
      jitter.blends.at(next++) = {
          .factor = functional::checked_factor({"BatchView", "contrast"}, *params.contrast),
          .with_mean_gray = true};
    } else if (step == Step::kSaturation && params.saturation) {
      jitter.blends.at(next++) = {
          .factor = functional::checked_factor({"BatchView", "saturation"}, *params.saturation),
          .with_own_gray = true};
    } else if (step == Step::kHue && params.hue) {
      jitter.hue_place = next;
      jitter.hue_shift = functional::hue_shift({"BatchView", "hue"}, *params.hue).shift;
    }
  }
  return jitter;
}

void add_jitter(Parcel& parcel, const Drawn& drawn, Jitter& jitter) {
  std::vector<DrawnJitter> samples;
  for (std::size_t i = 0; i < drawn.params.size(); ++i) {
    if (const auto& steps = drawn.params[i].jitter) {
      samples.push_back(in_turn(i, *steps));
    }
  }
  std::stable_sort(samples.begin(), samples.end(), [](const DrawnJitter& a, const DrawnJitter& b) {
    return a.hue_place < b.hue_place;
  });
  std::vector<std::int64_t> indices;
  std::vector<float> hue_shift;
  for (const DrawnJitter& sample : samples) {
    indices.push_back(sample.index);
    hue_shift.push_back(static_cast<float>(sample.hue_shift));
    if (sample.hue_place != DrawnJitter::kNever) {
      ++jitter.hue_counts.at(sample.hue_place);
    }
  }
  add_subset(parcel, indices, drawn.batch_size(), jitter.samples);
  parcel.add(hue_shift, jitter.hue_shift);
  for (std::size_t k = 0; k < Jitter::kBlends; ++k) {
    std::vector<float> factor, mean_gray, own_gray;
    for (const DrawnJitter& sample : samples) {
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

// Those that `changes` says.
template <typename Changes>
void add_some(Parcel& parcel, const Drawn& drawn, Changes changes, Subset& subset) {
  std::vector<std::int64_t> indices;
  for (std::size_t i = 0; i < drawn.params.size(); ++i) {
    if (changes(drawn.params[i])) {
      indices.push_back(static_cast<std::int64_t>(i));
    }
  }
  add_subset(parcel, indices, drawn.batch_size(), subset);
}

void add_blur(Parcel& parcel, const Drawn& drawn, Blur& blur) {
  std::vector<float> radius;
  const auto is_blurred = [&](const ImageView::Params& params) {
    if (params.blur) {
      const kernels::scalar::BlurBox box = kernels::scalar::blur_box(
          functional::checked_radius({"BatchView", "blur"}, *params.blur));
      radius.push_back(static_cast<float>(static_cast<double>(box.radius) +
                                          static_cast<double>(box.end_weight) / box.weight));
    }
    return params.blur.has_value();
  };
  add_some(parcel, drawn, is_blurred, blur.samples);
  parcel.add(radius, blur.radius);
}

}  // namespace

Plan make_plan(const Drawn& drawn, const at::Device& device) {
  Plan plan;
  plan.interpolation = drawn.options.interpolation;
  Parcel parcel;
  add_crops(parcel, drawn, plan);
  add_rotation(parcel, drawn, plan.rotation);
  add_jitter(parcel, drawn, plan.jitter);
  add_some(parcel, drawn, [](const auto& params) { return params.gray; }, plan.gray);
  add_blur(parcel, drawn, plan.blur);
  add_some(parcel, drawn, [](const auto& params) { return params.solarize; }, plan.solarized);
  parcel.send(device);
  return plan;
}

}  // namespace lightly::transforms::batch
