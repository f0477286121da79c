// One operation of functional.hpp with any parameters on an image of any size and strides.
// Parameters out of their bounds give a c10::ValueError that names the operation and nothing else.
// Legal ones give an image of the right size in channels-last memory, the same from a copy of the
// image in other memory and from the scalar kernels; the image stays as it was.

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <c10/util/Exception.h>
#include <fuzzer/FuzzedDataProvider.h>

#include "fuzz.hpp"
#include "lightly/transforms/functional.hpp"

namespace {

using namespace lightly;
using fuzz::require;
namespace functional = transforms::functional;
using transforms::Box;
using transforms::Size;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// More output pixels than the time of one input allows.
constexpr std::int64_t kMostPixels = std::int64_t{1} << 20;

// A call, whether its parameters are legal, and the size of what it gives.
struct Call {
  std::string name;
  std::function<at::Tensor(const at::Tensor&)> apply;
  bool legal;
  Size size;
};

double number(FuzzedDataProvider& data, double low, double high) {
  return data.ConsumeBool() ? data.ConsumeFloatingPointInRange(low, high)
                            : data.PickValueInArray({low, high, 0.0, 1.0, 0.5, 90.0, 1e-300, 1e300,
                                                     -1e-300, std::nextafter(low, -kInfinity),
                                                     std::nextafter(high, kInfinity), kInfinity,
                                                     -kInfinity, kNaN});
}

std::int64_t side(FuzzedDataProvider& data) {
  return data.ConsumeIntegralInRange(0, 9) == 0
             ? data.PickValueInArray<std::int64_t>({0, -1, INT64_MIN})
             : data.ConsumeIntegralInRange<std::int64_t>(
                   1, data.PickValueInArray<std::int64_t>({4, 80, 700}));
}

bool is_legal(const Size& size) {
  return size.height >= 1 && size.width >= 1;
}

functional::Interpolation interpolation(FuzzedDataProvider& data) {
  return data.PickValueInArray({functional::Interpolation::kNearest,
                                functional::Interpolation::kBilinear,
                                functional::Interpolation::kBicubic});
}

functional::PillowPassOrder pass_order(FuzzedDataProvider& data) {
  return data.PickValueInArray(
      {functional::PillowPassOrder::kCurrent, functional::PillowPassOrder::kUpTo12});
}

bool lies_inside(const Box& box, const Size& size) {
  return box.top >= 0 && box.left >= 0 && box.height >= 1 && box.width >= 1 &&
         box.height <= size.height && box.width <= size.width &&
         box.top <= size.height - box.height && box.left <= size.width - box.width;
}

Box draw_box(FuzzedDataProvider& data, const Size& size) {
  const auto inside = [&](std::int64_t length) {
    return data.ConsumeIntegralInRange<std::int64_t>(0, length - 1);
  };
  Box box{.top = inside(size.height), .left = inside(size.width), .height = 0, .width = 0};
  box.height = 1 + inside(size.height - box.top);
  box.width = 1 + inside(size.width - box.left);
  if (data.ConsumeIntegralInRange(0, 7) == 0) {
    std::int64_t* const fields[] = {&box.top, &box.left, &box.height, &box.width};
    *fields[data.ConsumeIntegralInRange(0, 3)] =
        data.PickValueInArray<std::int64_t>({-1, 0, INT64_MAX, INT64_MIN, 701});
  }
  return box;
}

Call draw_geometry(FuzzedDataProvider& data, const Size& size) {
  switch (data.ConsumeIntegralInRange(0, 6)) {
    case 0: {
      const Box box = draw_box(data, size);
      return {"crop",
              [=](const at::Tensor& i) { return functional::crop(i, box); },
              lies_inside(box, size),
              {box.height, box.width}};
    }
    case 1: {
      const Size to{side(data), side(data)};
      return {"center_crop", [=](const at::Tensor& i) { return functional::center_crop(i, to); },
              is_legal(to), to};
    }
    case 2: {
      const Size to{side(data), side(data)};
      const functional::Resampling resampling{interpolation(data), pass_order(data)};
      return {"resize", [=](const at::Tensor& i) { return functional::resize(i, to, resampling); },
              is_legal(to), to};
    }
    case 3: {
      const functional::ResizedCrop how{.box = draw_box(data, size),
                                        .size = {side(data), side(data)},
                                        .interpolation = interpolation(data),
                                        .pass_order = pass_order(data)};
      return {"resized_crop", [=](const at::Tensor& i) { return functional::resized_crop(i, how); },
              lies_inside(how.box, size) && is_legal(how.size), how.size};
    }
    case 4:
      return {"hflip", functional::hflip, true, size};
    case 5:
      return {"vflip", functional::vflip, true, size};
    default: {
      const double degrees = number(data, -1e6, 1e6);
      return data.ConsumeIntegralInRange(0, 3) == 0
                 ? Call{"rotate90", functional::rotate90, true, size}
                 : Call{"rotate",
                        [=](const at::Tensor& i) { return functional::rotate(i, degrees); },
                        std::isfinite(degrees), size};
    }
  }
}

Call draw_tone(FuzzedDataProvider& data, const Size& size) {
  const auto whole = [&](std::int64_t low, std::int64_t high) {
    return data.ConsumeIntegralInRange(0, 9) == 0
               ? data.PickValueInArray<std::int64_t>({low - 1, high + 1, INT64_MIN, INT64_MAX})
               : data.ConsumeIntegralInRange<std::int64_t>(low, high);
  };
  const auto blend = [&](std::string name, at::Tensor (*function)(const at::Tensor&, double)) {
    const double factor = number(data, 0.0, 3.0);
    // The number counts as the float32 that is used.
    const auto rounded = static_cast<float>(factor);
    return Call{std::move(name), [=](const at::Tensor& i) { return function(i, factor); },
                std::isfinite(rounded) && rounded >= 0.0F, size};
  };
  switch (data.ConsumeIntegralInRange(0, 10)) {
    case 0:
      return blend("adjust_brightness", functional::adjust_brightness);
    case 1:
      return blend("adjust_contrast", functional::adjust_contrast);
    case 2:
      return blend("adjust_saturation", functional::adjust_saturation);
    case 3: {
      const double factor = number(data, -0.5, 0.5);
      return {"adjust_hue", [=](const at::Tensor& i) { return functional::adjust_hue(i, factor); },
              factor >= -0.5 && factor <= 0.5, size};
    }
    case 4:
      return {"to_grayscale", functional::to_grayscale, true, size};
    case 5: {
      const std::int64_t threshold = whole(0, 256);
      return {"solarize", [=](const at::Tensor& i) { return functional::solarize(i, threshold); },
              threshold >= 0 && threshold <= 256, size};
    }
    case 6:
      return {"invert", functional::invert, true, size};
    case 7: {
      const std::int64_t bits = whole(1, 8);
      return {"posterize", [=](const at::Tensor& i) { return functional::posterize(i, bits); },
              bits >= 1 && bits <= 8, size};
    }
    case 8:
      return {"equalize", functional::equalize, true, size};
    case 9:
      return {"autocontrast", functional::autocontrast, true, size};
    default: {
      const double radius = number(data, 0.0, data.PickValueInArray({2.0, 70.0, 1e6}));
      return {"gaussian_blur",
              [=](const at::Tensor& i) { return functional::gaussian_blur(i, radius); },
              radius >= 0.0 && radius <= functional::kLargestBlurRadius, size};
    }
  }
}

// An image of its own memory whose bytes come from a short cycle of the fuzzer's.
at::Tensor draw_image(FuzzedDataProvider& data, const Size& size) {
  at::Tensor image = at::empty({size.height, size.width, 3}, at::kByte);
  std::vector<std::uint8_t> cycle =
      data.ConsumeBytes<std::uint8_t>(data.ConsumeIntegralInRange<std::size_t>(1, 64));
  cycle.push_back(data.ConsumeIntegral<std::uint8_t>());
  const auto shift = data.ConsumeIntegral<std::uint8_t>();
  auto* bytes = static_cast<std::uint8_t*>(image.mutable_data_ptr());
  for (std::int64_t i = 0; i < image.numel(); ++i) {
    const auto turn = static_cast<std::uint8_t>(i / 257);
    bytes[i] =
        static_cast<std::uint8_t>(cycle[static_cast<std::size_t>(i) % cycle.size()] + shift * turn);
  }
  return image.permute({2, 0, 1});
}

// The same image in other memory: its planes one after the other, a part of a larger one, or
// columns and rows exchanged.
at::Tensor elsewhere(FuzzedDataProvider& data, const at::Tensor& image) {
  at::Tensor other;
  switch (data.ConsumeIntegralInRange(0, 2)) {
    case 0:
      return image.contiguous().clone();
    case 1:
      other = at::empty({image.size(1) + 2, image.size(2) + 3, 3}, at::kByte)
                  .permute({2, 0, 1})
                  .narrow(1, 1, image.size(1))
                  .narrow(2, 2, image.size(2));
      break;
    default:
      other = at::empty({image.size(2), image.size(1), 3}, at::kByte).permute({2, 1, 0});
  }
  return other.copy_(image);
}

void check(const Call& call, const at::Tensor& image, const at::Tensor& other) {
  const at::Tensor before = image.clone();
  const at::Tensor made = call.apply(image);
  require(made.scalar_type() == at::kByte &&
              made.sizes() == at::IntArrayRef({3, call.size.height, call.size.width}) &&
              made.permute({1, 2, 0}).is_contiguous(),
          call.name + ": result of another kind");
  require(at::equal(image, before), call.name + ": the image was written to");
  require(at::equal(call.apply(other), made), call.name + ": depends on the strides");
  const fuzz::ScalarKernels scalar;
  require(at::equal(call.apply(image), made), call.name + ": differs from the scalar kernels");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  at::set_num_threads(1);
  FuzzedDataProvider data(bytes, count);
  const auto longest = data.PickValueInArray<std::int64_t>({3, 40, 300});
  const Size size{data.ConsumeIntegralInRange<std::int64_t>(1, longest),
                  data.ConsumeIntegralInRange<std::int64_t>(1, longest)};
  const at::Tensor image = draw_image(data, size);
  const Call call = data.ConsumeBool() ? draw_geometry(data, size) : draw_tone(data, size);
  if (call.legal) {
    if (call.size.height * call.size.width <= kMostPixels) {
      check(call, image, elsewhere(data, image));
    }
    return 0;
  }
  try {
    call.apply(image);
    require(false, call.name + ": took parameters out of their bounds");
  } catch (const c10::ValueError& error) {
    require(std::string(error.what_without_backtrace()).starts_with(call.name + ":"),
            call.name + ": its error says " + error.what_without_backtrace());
  }
  return 0;
}
