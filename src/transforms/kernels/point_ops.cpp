#include "transforms/kernels/point_ops.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "transforms/kernels/point_ops.cpp"
#include <hwy/foreach_target.h>
// After foreach_target.h.
#include "transforms/kernels/blend-inl.hpp"
#include "transforms/kernels/byte_table-inl.hpp"
#include "transforms/kernels/hue-inl.hpp"
#include "transforms/kernels/planes-inl.hpp"
#include "transforms/kernels/simd-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace lightly::transforms::kernels::HWY_NAMESPACE {
namespace {

constexpr std::int64_t kBlock = 256;  // pixels at a time

// Calls body(row, first pixel, pixels) for pieces of at most kBlock pixels; a packed image is one
// row.
template <typename Body>
void for_each_block(const ConstImage& size, bool packed, Body body) {
  const std::int64_t rows = packed ? 1 : size.height;
  const std::int64_t width = packed ? size.height * size.width : size.width;
  for (std::int64_t y = 0; y < rows; ++y) {
    for (std::int64_t x = 0; x < width; x += kBlock) {
      body(y, x, std::min(kBlock, width - x));
    }
  }
}

bool is_packed(const ConstImage& image) {
  return image.height == 1 || image.row_bytes == 3 * image.width;
}

#if LIGHTLY_SIMD

static_assert(kBlock == kPlane);

void run(const LevelBlend& op, Planes& planes, std::int64_t pixels) {
  for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
    run(op, pixels, plane);
  }
}

void run(const Grayscale&, Planes& planes, std::int64_t pixels) {
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    const Bytes gray = luma(load(planes, i));
    store({gray, gray, gray}, planes, i);
  }
}

void run(const Solarize& op, Planes& planes, std::int64_t pixels) {
  const Bytes last_kept = hn::Set(d8, static_cast<std::uint8_t>(std::max(op.threshold - 1, 0)));
  for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
    for (std::int64_t i = 0; i < pixels; i += kLanes) {
      const Bytes v = hn::Load(d8, plane + i);
      const Bytes inverted = hn::Not(v);
      const Bytes kept = op.threshold == 0 ? inverted : v;
      hn::Store(hn::IfThenElse(hn::Eq(hn::Max(v, last_kept), last_kept), kept, inverted), d8,
                plane + i);
    }
  }
}

void run(const HueShift& op, Planes& planes, std::int64_t pixels) {
  const HueShifter shifter(op.shift);
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    store(shifter(load(planes, i)), planes, i);
  }
}

std::uint64_t sum_of_luma(const Planes& planes, std::int64_t pixels) {
  constexpr hn::Repartition<std::uint64_t, decltype(d8)> d64;
  auto sums = hn::Zero(d64);
  for (std::int64_t i = 0; i < pixels; i += kLanes) {
    sums = hn::Add(sums, hn::SumsOf8(luma(load(planes, i))));  // filled up with 0
  }
  return hn::GetLane(hn::SumOfLanes(d64, sums));
}

// The steps of an image, prepared for its blocks.
class Steps {
 public:
  explicit Steps(std::span<const PointOp> ops) : ops_(ops) {
#if LIGHTLY_BYTE_TABLES
    if (core::kernels::has_byte_dots()) {
      for (const PointOp& op : ops) {
        if (tables_ < kMostTables && std::holds_alternative<LevelBlend>(op)) {
          std::iota(table_[tables_].values, table_[tables_].values + 256, std::uint8_t{0});
          run(std::get<LevelBlend>(op), 256, table_[tables_].values);
          ++tables_;
        }
      }
    }
#endif
  }

  bool empty() const { return ops_.empty(); }

  void run_all(Planes& planes, std::int64_t pixels) const {
#if LIGHTLY_BYTE_TABLES
    std::size_t next = 0;
#endif
    for (const PointOp& op : ops_) {
#if LIGHTLY_BYTE_TABLES
      if (next < tables_ && std::holds_alternative<LevelBlend>(op)) {
        for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
          look_up(table_[next], pixels, plane);
        }
        ++next;
        continue;
      }
#endif
      std::visit([&](const auto& chosen) { run(chosen, planes, pixels); }, op);
    }
  }

 private:
  std::span<const PointOp> ops_;
#if LIGHTLY_BYTE_TABLES
  static constexpr std::size_t kMostTables = 2;  // brightness and contrast
  ByteTable table_[kMostTables];
  std::size_t tables_ = 0;
#endif
};

void Apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target,
           std::uint64_t* luma_sum) {
  const Steps steps(ops);
  Planes planes;
  for_each_block(source, is_packed(source) && is_packed(target),
                 [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
                   split(source.row(y) + 3 * x, pixels, planes);
                   steps.run_all(planes, pixels);
                   if (luma_sum != nullptr) {
                     // Steps may have changed the zeros that fill the last vector.
                     for (std::uint8_t* plane : {planes.r, planes.g, planes.b}) {
                       std::fill(plane + pixels, plane + (pixels + kLanes - 1) / kLanes * kLanes,
                                 std::uint8_t{0});
                     }
                     *luma_sum += sum_of_luma(planes, pixels);
                   }
                   merge(planes, pixels, target.row(y) + 3 * x);
                 });
}

std::uint64_t SumLuma(const ConstImage& source) {
  Planes planes;
  std::uint64_t sum = 0;
  for_each_block(source, is_packed(source),
                 [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
                   split(source.row(y) + 3 * x, pixels, planes);
                   sum += sum_of_luma(planes, pixels);
                 });
  return sum;
}

// The constants of three vectors of interleaved channels.
struct FloatConstants {
  explicit FloatConstants(const Normalizer& normalizer) {
    for (std::size_t i = 0; i < 3 * kFloats; ++i) {
      mean[i] = normalizer.mean[i % 3];
      std[i] = normalizer.std[i % 3];
      per_std[i] = 1.0F / normalizer.std[i % 3];
    }
  }

  static constexpr std::size_t kFloats = HWY_MAX_BYTES / sizeof(float);
  HWY_ALIGN float mean[3 * kFloats];
  HWY_ALIGN float std[3 * kFloats];
  HWY_ALIGN float per_std[3 * kFloats];
};

template <bool kStreamed>
void to_float(const std::uint8_t* from, std::int64_t pixels, const FloatConstants& constants,
              const scalar::FloatTable& table, float* to) {
  constexpr std::int64_t kFloats = FloatConstants::kFloats;
  constexpr hn::Rebind<std::uint8_t, decltype(d32)> d8_few;
  const Floats full = hn::Set(df, 255.0F);
  const Floats per_full = hn::Set(df, 1.0F / 255.0F);
  std::int64_t i = 0;
  for (; i + 3 * kFloats <= 3 * pixels; i += 3 * kFloats) {
    for (std::int64_t j = 0; j < 3 * kFloats; j += kFloats) {
      const Ints bytes = hn::PromoteTo(d32, hn::LoadU(d8_few, from + i + j));
      const Floats x = divide(hn::ConvertTo(df, bytes), full, per_full);
      const Floats difference = hn::Sub(x, hn::Load(df, constants.mean + j));
      const Floats made =
          divide(difference, hn::Load(df, constants.std + j), hn::Load(df, constants.per_std + j));
      if constexpr (kStreamed) {
        hn::Stream(made, df, to + i + j);
      } else {
        hn::StoreU(made, df, to + i + j);
      }
    }
  }
  for (; i < 3 * pixels; ++i) {
    to[i] = table[static_cast<std::size_t>(i % 3)][from[i]];
  }
}

void ApplyToFloat(std::span<const PointOp> ops, const ConstImage& source,
                  const Normalizer& normalizer, const FloatImage& target) {
  const FloatConstants constants(normalizer);
  const Steps steps(ops);
  Planes planes;
  HWY_ALIGN std::uint8_t made[3 * kBlock];
  const bool interleaved = target.c_stride == 1 && (target.x_stride == 3 || source.width == 1);
  const bool fast = interleaved && normalizer.by_reciprocal;
  const bool packed =
      fast && is_packed(source) && (source.height == 1 || target.y_stride == 3 * source.width);
  // A block of a packed image begins at a multiple of a vector.
  const bool streamed =
      packed && target.streamed && reinterpret_cast<std::uintptr_t>(target.data) % kLanes8 == 0;
  for_each_block(source, packed, [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
    const std::uint8_t* from = source.row(y) + 3 * x;
    if (!steps.empty()) {
      split(from, pixels, planes);
      steps.run_all(planes, pixels);
      merge(planes, pixels, made);
      from = made;
    }
    float* to = target.data + y * target.y_stride + x * target.x_stride;
    if (streamed) {
      to_float<true>(from, pixels, constants, normalizer.table, to);
    } else if (fast) {
      to_float<false>(from, pixels, constants, normalizer.table, to);
    } else {
      scalar::to_float({from, 3 * pixels, 1, pixels}, normalizer.table,
                       {to, target.c_stride, target.y_stride, target.x_stride});
    }
  });
  if (streamed) {
    hwy::FlushStream();
  }
}

#else

void run(const LevelBlend& op, const Image& block) {
  scalar::blend_with_level(block, block, op);
}

void run(const LumaBlend& op, const Image& block) {
  scalar::blend_with_luma(block, block, op.factor);
}

void run(const HueShift& op, const Image& block) {
  scalar::shift_hue(block, block, op.shift);
}

void run(const Grayscale&, const Image& block) {
  scalar::grayscale(block, block);
}

void run(const Solarize& op, const Image& block) {
  scalar::solarize(block, block, op.threshold);
}

// The pixels from `from` on, with all steps done, in `to`.
Image make_block(std::span<const PointOp> ops, const std::uint8_t* from, std::int64_t pixels,
                 std::uint8_t* to) {
  const Image block{to, 3 * pixels, 1, pixels};
  if (from != to) {
    std::memcpy(to, from, static_cast<std::size_t>(3 * pixels));
  }
  for (const PointOp& op : ops) {
    std::visit([&](const auto& chosen) { run(chosen, block); }, op);
  }
  return block;
}

void Apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target,
           std::uint64_t* luma_sum) {
  for_each_block(source, is_packed(source) && is_packed(target),
                 [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
                   const Image block =
                       make_block(ops, source.row(y) + 3 * x, pixels, target.row(y) + 3 * x);
                   if (luma_sum != nullptr) {
                     *luma_sum += scalar::sum_luma(block);
                   }
                 });
}

std::uint64_t SumLuma(const ConstImage& source) {
  return scalar::sum_luma(source);
}

void ApplyToFloat(std::span<const PointOp> ops, const ConstImage& source,
                  const Normalizer& normalizer, const FloatImage& target) {
  std::uint8_t made[3 * kBlock];
  for_each_block(source, false, [&](std::int64_t y, std::int64_t x, std::int64_t pixels) {
    const Image block = make_block(ops, source.row(y) + 3 * x, pixels, made);
    scalar::to_float(block, normalizer.table,
                     {target.data + y * target.y_stride + x * target.x_stride, target.c_stride,
                      target.y_stride, target.x_stride});
  });
}

#endif  // LIGHTLY_SIMD

}  // namespace
}  // namespace lightly::transforms::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace lightly::transforms::kernels {
namespace {

HWY_EXPORT(Apply);
HWY_EXPORT(SumLuma);
HWY_EXPORT(ApplyToFloat);

bool reciprocals_are_exact(const Normalizer& normalizer) {
  const auto divide = [](float x, float divisor) {
    const float reciprocal = 1.0F / divisor;
    const float estimate = x * reciprocal;
    return std::fma(std::fma(-estimate, divisor, x), reciprocal, estimate);
  };
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t i = 0; i < 256; ++i) {
      const float difference = divide(static_cast<float>(i), 255.0F) - normalizer.mean[c];
      // The bits: -0 and 0 are different floats here, and a NaN equals nothing.
      if (std::bit_cast<std::uint32_t>(divide(difference, normalizer.std[c])) !=
          std::bit_cast<std::uint32_t>(normalizer.table[c][i])) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

Normalizer::Normalizer(const std::array<float, 3>& mean_, const std::array<float, 3>& std_)
    : mean(mean_),
      std(std_),
      table(scalar::normalize_table(mean_, std_)),
      by_reciprocal(reciprocals_are_exact(*this)) {}

void apply(std::span<const PointOp> ops, const ConstImage& source, const Image& target) {
  HWY_DYNAMIC_DISPATCH(Apply)(ops, source, target, nullptr);
}

std::uint64_t apply_and_sum_luma(std::span<const PointOp> ops, const ConstImage& source,
                                 const Image& target) {
  std::uint64_t sum = 0;
  HWY_DYNAMIC_DISPATCH(Apply)(ops, source, target, &sum);
  return sum;
}

std::uint64_t sum_luma(const ConstImage& source) {
  return HWY_DYNAMIC_DISPATCH(SumLuma)(source);
}

int mean_luma(std::uint64_t sum, std::int64_t pixels) {
  return static_cast<int>(static_cast<double>(sum) / static_cast<double>(pixels) + 0.5);
}

void apply_to_float(std::span<const PointOp> ops, const ConstImage& source,
                    const Normalizer& normalizer, const FloatImage& target) {
  HWY_DYNAMIC_DISPATCH(ApplyToFloat)(ops, source, normalizer, target);
}

}  // namespace lightly::transforms::kernels

#endif  // HWY_ONCE
