#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/PhiloxRNGEngine.h>

namespace lightly::core {

/// Names one stream of random numbers; every field takes part, so that no two samples share a
/// stream.
struct RandomKey {
  /// The user's seed.
  std::uint64_t seed = 0;
  /// The pass over the data set, from 0.
  std::uint64_t epoch = 0;
  /// The sample's index in the data set.
  std::uint64_t index = 0;
  /// The view of the sample, from 0; or a constant of the caller's for other purposes (see
  /// kShuffle).
  std::uint64_t view = 0;

  /// The `view` under which an epoch's permutation is drawn.
  static constexpr std::uint64_t kShuffle = ~std::uint64_t{0};
};

/// Counter-based random numbers: the same key gives the same draws for any number of workers, and
/// bits, uniforms and integers the same on every machine (normal() calls the system's log and cos).
///
/// The generator is Philox4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3,
/// 2011), the one LibTorch ships. Streams with equal seed, epoch and view and different indices are
/// disjoint; seed, epoch and view are mixed into the 64-bit key. A value: copying it copies the
/// position. Not thread-safe; every worker makes its own.
class Random {
 public:
  explicit Random(const RandomKey& key);
  /// The stream (seed, 0, 0, 0).
  explicit Random(std::uint64_t seed) : Random(RandomKey{.seed = seed}) {}

  /// 32 uniform bits.
  std::uint32_t bits() { return engine_(10); }

  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24F; }

  /// Uniform in [low, high], computed in float32 as torch's `uniform_` does: low + (high - low) *
  /// uniform().
  float uniform(float low, float high) { return low + (high - low) * uniform(); }

  /// True with the given probability; exactly never for 0 and exactly always for 1. One draw in
  /// every case.
  bool bernoulli(double probability);

  /// Standard normal, by Box-Muller on two fresh 32-bit words.
  double normal();

  /// Uniform integer in [0, n), without bias (Lemire, Fast Random Integer Generation in an
  /// Interval, 2019). Throws c10::ValueError for n = 0.
  std::uint64_t below(std::uint64_t n);

  /// A uniform permutation of [0, n) (Fisher-Yates). Throws c10::ValueError for a negative n.
  std::vector<std::int64_t> permutation(std::int64_t n);

 private:
  at::philox_engine engine_;
};

}  // namespace lightly::core
