// The whole recipe on whatever image, options and key the fuzzer makes up. Options and images out
// of their bounds give a c10::ValueError that names the field and nothing else. Legal ones give a
// view of the right shape, the same bytes twice, the bytes of the operations called one by one, and
// those of the collate function; the image stays as it was, and so does what surrounds the slot.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <c10/util/Exception.h>
#include <fuzzer/FuzzedDataProvider.h>

#include "fuzz.hpp"
#include "lightly/core/random.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"

namespace {

using namespace lightly;
using fuzz::require;
namespace functional = transforms::functional;
using transforms::ImageView;
using transforms::ImageViewOptions;
using transforms::Size;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// As RandomRotateDegrees.
constexpr double kMostDegrees = 1e6;

// A number of [low, high], the ends among them.
double within(FuzzedDataProvider& data, double low, double high) {
  switch (data.ConsumeIntegralInRange(0, 3)) {
    case 0:
      return low;
    case 1:
      return high;
    default:
      // Its sum may round to just beyond an end.
      return std::clamp(data.ConsumeFloatingPointInRange(low, high), low, high);
  }
}

// A number outside [low, high], as near as can be among them, or none at all.
double outside(FuzzedDataProvider& data, double low, double high) {
  return data.PickValueInArray({std::nextafter(low, -kInfinity), std::nextafter(high, kInfinity),
                                low - 1.0, high + 1.0, -1e300, kInfinity, -kInfinity, kNaN});
}

// Or finite in float64 only.
double negative_or_not_finite(FuzzedDataProvider& data) {
  return data.PickValueInArray({-std::numeric_limits<double>::denorm_min(), -0.5, -1e300, 1e300,
                                kInfinity, -kInfinity, kNaN});
}

double strength(FuzzedDataProvider& data) {
  return data.ConsumeBool() ? within(data, 0.0, 1.0)
                            : data.PickValueInArray({0.0, 1e-300, 2.0, 1e3, 1e30});
}

Size draw_size(FuzzedDataProvider& data, std::int64_t longest, std::int64_t side) {
  const auto up_to = [&data](std::int64_t most) {
    return data.ConsumeIntegralInRange<std::int64_t>(1, most);
  };
  switch (data.ConsumeIntegralInRange(0, 3)) {
    case 0:
      return {up_to(4), up_to(4)};
    case 1:
      return {up_to(2), up_to(longest)};
    case 2:
      return {up_to(longest), up_to(2)};
    default:
      return {up_to(side), up_to(side)};
  }
}

ImageViewOptions draw_options(FuzzedDataProvider& data) {
  ImageViewOptions options{.input_size = draw_size(data, 700, 80),
                           .cj_prob = within(data, 0.0, 1.0),
                           .cj_bright = strength(data),
                           .cj_contrast = strength(data),
                           .cj_sat = strength(data),
                           .cj_hue = within(data, 0.0, 0.5),
                           .min_scale = within(data, 0.0, 1.0),
                           .random_gray_scale = within(data, 0.0, 1.0),
                           .gaussian_blur = within(data, 0.0, 1.0),
                           .kernel_size = within(data, 1e-300, 1.0),
                           .vf_prob = within(data, 0.0, 1.0),
                           .hf_prob = within(data, 0.0, 1.0),
                           .rr_prob = within(data, 0.0, 1.0),
                           .early_blur_radius = data.ConsumeBool()};
  // Not 0 when min_scale is.
  options.max_scale = std::max(within(data, options.min_scale, 1.0), 1e-300);
  if (data.ConsumeBool()) {
    const double least = within(data, -kMostDegrees, kMostDegrees);
    options.rr_degrees = transforms::DegreeRange(least, within(data, least, kMostDegrees));
  }
  options.rotation = data.PickValueInArray(
      {transforms::RotationPlace::kBeforeFlips, transforms::RotationPlace::kAfterFlips});
  options.solarization_prob = within(data, 0.0, 1.0);
  options.solarization_threshold = data.ConsumeIntegralInRange<std::int64_t>(0, 256);
  options.solarization = data.PickValueInArray(
      {transforms::SolarizationPlace::kBeforeBlur, transforms::SolarizationPlace::kAfterBlur});
  options.interpolation = data.PickValueInArray({functional::Interpolation::kBilinear,
                                                 functional::Interpolation::kBicubic,
                                                 functional::Interpolation::kNearest});
  options.pass_order = data.PickValueInArray(
      {functional::PillowPassOrder::kCurrent, functional::PillowPassOrder::kUpTo12});
  const double highest = data.PickValueInArray({0.0, 2.0, 20.0, functional::kLargestBlurRadius});
  options.sigmas = {within(data, 0.0, highest), highest};
  if (data.ConsumeBool()) {
    options.normalize = std::nullopt;
  } else if (data.ConsumeBool()) {
    for (std::size_t c = 0; c < 3; ++c) {
      // As float32, in which a view's floats are made.
      using Float = std::numeric_limits<float>;
      options.normalize->mean[c] = within(data, -1e3, Float::max());
      options.normalize->std[c] = within(data, Float::denorm_min(), Float::max());
    }
  }
  return options;
}

// A field, and how it gets out of its bounds.
struct Field {
  std::string_view name;
  std::function<void(ImageViewOptions&, FuzzedDataProvider&)> spoil;
};

const std::vector<Field>& every_field() {
  using Options = ImageViewOptions;
  using Data = FuzzedDataProvider;
  static const std::vector<Field> fields{
      {"input_size",
       [](Options& o, Data& d) {
         const auto side = d.PickValueInArray<std::int64_t>({0, -1, INT64_MIN});
         (d.ConsumeBool() ? o.input_size.height : o.input_size.width) = side;
       }},
      {"cj_prob", [](Options& o, Data& d) { o.cj_prob = outside(d, 0.0, 1.0); }},
      {"cj_bright", [](Options& o, Data& d) { o.cj_bright = negative_or_not_finite(d); }},
      {"cj_contrast", [](Options& o, Data& d) { o.cj_contrast = negative_or_not_finite(d); }},
      {"cj_sat", [](Options& o, Data& d) { o.cj_sat = negative_or_not_finite(d); }},
      {"cj_hue", [](Options& o, Data& d) { o.cj_hue = outside(d, 0.0, 0.5); }},
      {"min_scale", [](Options& o, Data& d) { o.min_scale = outside(d, 0.0, 1.0); }},
      {"max_scale",
       [](Options& o, Data& d) {
         o.max_scale = d.ConsumeBool() ? outside(d, 0.0, 1.0) : std::nextafter(o.min_scale, -1.0);
       }},
      {"rr_degrees",
       [](Options& o, Data& d) {
         o.rr_degrees = d.ConsumeBool()
                            ? transforms::DegreeRange(1.5, d.PickValueInArray({1.0, kNaN}))
                            : transforms::DegreeRange(outside(d, -kMostDegrees, kMostDegrees), 0.0);
       }},
      {"solarization_prob",
       [](Options& o, Data& d) { o.solarization_prob = outside(d, 0.0, 1.0); }},
      {"solarization_threshold",
       [](Options& o, Data& d) {
         o.solarization_threshold =
             d.PickValueInArray<std::int64_t>({-1, 257, INT64_MIN, INT64_MAX});
       }},
      {"random_gray_scale",
       [](Options& o, Data& d) { o.random_gray_scale = outside(d, 0.0, 1.0); }},
      {"gaussian_blur", [](Options& o, Data& d) { o.gaussian_blur = outside(d, 0.0, 1.0); }},
      {"kernel_size",
       [](Options& o, Data& d) {
         o.kernel_size = outside(d, std::numeric_limits<double>::denorm_min(), 1.0);
       }},
      {"vf_prob", [](Options& o, Data& d) { o.vf_prob = outside(d, 0.0, 1.0); }},
      {"hf_prob", [](Options& o, Data& d) { o.hf_prob = outside(d, 0.0, 1.0); }},
      {"rr_prob", [](Options& o, Data& d) { o.rr_prob = outside(d, 0.0, 1.0); }},
      {"sigmas",
       [](Options& o, Data& d) {
         if (d.ConsumeBool()) {
           o.sigmas = {1.5, d.PickValueInArray({1.0, std::nextafter(1.5, 0.0), kNaN})};
         } else {
           o.sigmas[d.ConsumeIntegralInRange<std::size_t>(0, 1)] =
               outside(d, 0.0, functional::kLargestBlurRadius);
         }
       }},
      {"mean",
       [](Options& o, Data& d) {
         o.normalize.emplace().mean[d.ConsumeIntegralInRange<std::size_t>(0, 2)] =
             d.PickValueInArray({1e300, kInfinity, -kInfinity, kNaN});
       }},
      {"std",
       [](Options& o, Data& d) {
         o.normalize.emplace().std[d.ConsumeIntegralInRange<std::size_t>(0, 2)] =
             d.ConsumeBool() ? d.PickValueInArray({0.0, 1e-60}) : negative_or_not_finite(d);
       }},
  };
  return fields;
}

struct Noise {
  std::uint32_t seed;
  std::uint32_t levels;
  std::uint32_t base;
};

// Its loop is not followed by the fuzzer, for which it would be most of the work.
__attribute__((no_sanitize("coverage"))) void fill_with_noise(const at::Tensor& memory,
                                                              const Noise& noise) {
  auto* bytes = memory.mutable_data_ptr<std::uint8_t>();
  const std::int64_t count = memory.numel();
  std::uint32_t state = noise.seed;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    bytes[i] = static_cast<std::uint8_t>(noise.base +
                                         256U / noise.levels * ((state >> 16) % noise.levels));
  }
}

// An image of any strides in memory that ends with its last byte, so that whatever reads on is
// seen.
at::Tensor draw_image(FuzzedDataProvider& data, const Size& size) {
  constexpr std::array<std::array<std::size_t, 3>, 6> kOrders{
      {{0, 2, 1}, {2, 1, 0}, {0, 1, 2}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}}};
  const std::array<std::int64_t, 3> sizes{3, size.height, size.width};
  std::array<std::int64_t, 3> strides{};
  std::int64_t next = 1;
  for (const std::size_t axis : data.PickValueInArray(kOrders)) {
    strides[axis] = next * data.PickValueInArray({1, 1, 1, 2});
    next = strides[axis] * sizes[axis] + data.PickValueInArray({0, 0, 0, 1, 5});
  }
  if (data.PickValueInArray({false, false, false, true})) {
    strides[0] = 0;  // one channel three times
  }
  std::int64_t bytes = data.PickValueInArray({0, 0, 1, 3});
  const std::int64_t offset = bytes++;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    bytes += (sizes[axis] - 1) * strides[axis];
  }
  const at::Tensor memory = at::empty({bytes}, at::kByte);
  const auto levels = data.PickValueInArray<std::uint32_t>({1, 2, 256, 256});
  const auto base = data.ConsumeIntegral<std::uint8_t>();
  fill_with_noise(memory,
                  {.seed = data.ConsumeIntegral<std::uint32_t>(), .levels = levels, .base = base});
  return memory.as_strided(sizes, strides, offset);
}

// Something that is no image.
at::Tensor draw_no_image(FuzzedDataProvider& data) {
  switch (data.ConsumeIntegralInRange(0, 6)) {
    case 0:
      return {};
    case 1:
      return at::full({3, 4, 5}, 0.5F);
    case 2:
      return at::full({4, 5}, 7, at::kByte);
    case 3:
      return at::full({4, 5, 3}, 7, at::kByte);
    case 4:
      return at::full({3, 0, 5}, 7, at::kByte);
    case 5:
      return at::full({3, 4, 0}, 7, at::kByte);
    default:
      return at::full({1, 3, 4, 5}, 7, at::kByte);
  }
}

at::Tensor interleaved(const at::Tensor& image) {
  return image.permute({1, 2, 0}).contiguous();
}

// NaN is equal to itself here.
bool same_bytes(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         std::memcmp(interleaved(a).const_data_ptr(), interleaved(b).const_data_ptr(),
                     a.nbytes()) == 0;
}

at::Tensor jittered(const at::Tensor& image, const transforms::ColorJitter::Params& params) {
  using Step = transforms::ColorJitter::Step;
  at::Tensor view = image;
  for (const Step step : params.order) {
    if (step == Step::kBrightness && params.brightness) {
      view = functional::adjust_brightness(view, *params.brightness);
    } else if (step == Step::kContrast && params.contrast) {
      view = functional::adjust_contrast(view, *params.contrast);
    } else if (step == Step::kSaturation && params.saturation) {
      view = functional::adjust_saturation(view, *params.saturation);
    } else if (step == Step::kHue && params.hue) {
      view = functional::adjust_hue(view, *params.hue);
    }
  }
  return view;
}

// The operations of the recipe one by one, where the recipe may do several at once.
at::Tensor one_by_one(const at::Tensor& image, const ImageViewOptions& options,
                      const ImageView::Params& params) {
  const bool turn_first = options.rotation == transforms::RotationPlace::kBeforeFlips;
  const bool solarize_first = options.solarization == transforms::SolarizationPlace::kBeforeBlur;
  const auto turned = [&](const at::Tensor& view, bool now) {
    return params.rotate && now ? functional::rotate(view, *params.rotate) : view;
  };
  const auto solarized = [&](const at::Tensor& view, bool now) {
    return params.solarize && now ? functional::solarize(view, options.solarization_threshold)
                                  : view;
  };
  at::Tensor view = functional::resize(
      functional::crop(image, params.crop), options.input_size,
      {.interpolation = options.interpolation, .pass_order = options.pass_order});
  view = turned(view, turn_first);
  view = params.hflip ? functional::hflip(view) : view;
  view = params.vflip ? functional::vflip(view) : view;
  view = turned(view, !turn_first);
  view = params.jitter ? jittered(view, *params.jitter) : view;
  view = params.gray ? functional::to_grayscale(view) : view;
  view = solarized(view, solarize_first);
  view = params.blur ? functional::gaussian_blur(view, *params.blur) : view;
  return solarized(view, !solarize_first);
}

// What `write` writes to a slot of any strides; what lies around it must stay.
at::Tensor through_slot(FuzzedDataProvider& data, const Size& size,
                        const std::function<void(const at::Tensor& slot)>& write) {
  constexpr float kGuard = -12345.0F;
  const std::int64_t step = data.ConsumeIntegralInRange(1, 2);
  const std::int64_t width = size.width * step;
  const at::Tensor batch = data.ConsumeBool()
                               ? at::full({2, 3, size.height, width}, kGuard)
                               : at::full({2, size.height, width, 3}, kGuard).permute({0, 3, 1, 2});
  const at::Tensor slot = batch[1].slice(2, 0, width, step);
  write(slot);
  const at::Tensor floats = slot.clone();
  slot.fill_(kGuard);
  require(at::equal(batch, at::full_like(batch, kGuard)), "something around the slot was written");
  return floats;
}

void check_legal(FuzzedDataProvider& data, const ImageView& recipe) {
  const ImageViewOptions& options = recipe.options();
  const Size image_size = draw_size(data, 3000, 200);
  const at::Tensor image = draw_image(data, image_size);
  const at::Tensor before = image.contiguous().clone();
  const core::RandomKey key{.seed = data.ConsumeIntegral<std::uint64_t>(),
                            .epoch = data.ConsumeIntegral<std::uint64_t>(),
                            .index = data.ConsumeIntegral<std::uint32_t>(),
                            .view = data.ConsumeIntegralInRange<std::uint64_t>(0, 1)};
  core::Random random(key);
  const ImageView::Params params = recipe.sample(image_size, random);
  const at::Tensor view = recipe.apply(image, params);
  const Size& size = options.input_size;
  require(view.scalar_type() == at::kByte &&
              view.sizes() == at::IntArrayRef({3, size.height, size.width}),
          "the view has another shape than input_size");
  require(view.permute({1, 2, 0}).is_contiguous(), "the view is not channels-last");
  core::Random again(key);
  require(same_bytes(recipe(image, again), view), "the second run gives other bytes");
  const auto normalization = options.normalize.value_or(transforms::Normalization());
  at::Tensor floats;
  {
    const fuzz::ScalarKernels scalar;
    require(same_bytes(one_by_one(image, options, params), view),
            "the scalar operations one by one give other bytes");
    floats = functional::to_float_normalize(view, normalization);
  }
  const auto convert = [&](const at::Tensor& slot) {
    functional::to_float_normalize_into(view, normalization, slot);
  };
  require(same_bytes(through_slot(data, size, convert), floats), "a slot gets other floats");
  const auto apply = [&](const at::Tensor& slot) { recipe.apply_into(image, params, slot); };
  require(same_bytes(through_slot(data, size, apply), floats), "apply_into gives other floats");
  const data::ImageCollateFunction collate(options);
  const data::Batch batch = collate({{.image = image,
                                      .target = 0,
                                      .file_name = {},
                                      .index = static_cast<std::int64_t>(key.index)}},
                                    key);
  require(same_bytes(batch.views[key.view][0], floats), "the collate function gives other floats");
  require(at::equal(image.contiguous(), before), "the image was written to");
}

void check_no_image(FuzzedDataProvider& data, const ImageView& recipe) {
  const at::Tensor image = draw_no_image(data);
  core::Random random(1);
  bool refused = false;
  try {
    recipe(image, random);
  } catch (const c10::ValueError&) {
    refused = true;
  }
  require(refused, "what is no image was accepted");
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  ImageViewOptions options = draw_options(data);
  const Field* spoilt = nullptr;
  if (data.PickValueInArray({false, false, true})) {
    spoilt = &every_field()[data.ConsumeIntegralInRange<std::size_t>(0, every_field().size() - 1)];
    spoilt->spoil(options, data);
  }
  std::optional<ImageView> recipe;
  try {
    recipe.emplace(options);
  } catch (const c10::ValueError& error) {
    const std::string text = error.what_without_backtrace();
    require(spoilt != nullptr, "legal options were refused: " + text);
    require(text.find(spoilt->name) != std::string::npos,
            std::string(spoilt->name) + " was out of bounds, and the error says: " + text);
    return 0;
  }
  require(spoilt == nullptr, "a value out of bounds was accepted");
  if (data.PickValueInArray({false, false, false, false, false, false, false, true})) {
    check_no_image(data, *recipe);
  } else {
    check_legal(data, *recipe);
  }
  return 0;
}
