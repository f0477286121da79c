#include "lightly/core/random.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include <c10/util/Exception.h>

namespace lightly::core {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood, 2014): a bijection of 64-bit words that mixes
// every bit.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

Random::Random(const RandomKey& key)
    : engine_(/*seed=*/mix(mix(mix(key.seed) ^ key.epoch) ^ key.view),
              /*subsequence=*/key.index) {}

bool Random::bernoulli(double probability) {
  TORCH_CHECK_VALUE(probability >= 0.0 && probability <= 1.0,
                    "Random::bernoulli: probability must be in [0, 1], got ", probability);
  // uniform() never reaches 1, so that probability 1 is always true and 0 never.
  return static_cast<double>(uniform()) < probability;
}

double Random::normal() {
  // (0, 1] keeps the logarithm finite.
  const double u = (static_cast<double>(bits()) + 1.0) * 0x1p-32;
  const double v = static_cast<double>(bits()) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

std::uint64_t Random::below(std::uint64_t n) {
  TORCH_CHECK_VALUE(n > 0, "Random::below: n must be > 0, got 0");
  if (n <= 0xFFFFFFFFU) {
    const auto bound = static_cast<std::uint32_t>(n);
    std::uint64_t product = std::uint64_t{bits()} * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
      const std::uint32_t threshold = (0U - bound) % bound;
      while (static_cast<std::uint32_t>(product) < threshold) {
        product = std::uint64_t{bits()} * bound;
      }
    }
    return product >> 32;
  }
  // Beyond 2^32 a rejection on 64 bits; at most every second draw is rejected.
  const std::uint64_t limit = n * (~std::uint64_t{0} / n);
  while (true) {
    const std::uint64_t high = bits();
    const std::uint64_t word = (high << 32) | bits();
    if (word < limit) {
      return word % n;
    }
  }
}

std::vector<std::int64_t> Random::permutation(std::int64_t n) {
  TORCH_CHECK_VALUE(n >= 0, "Random::permutation: n must be >= 0, got ", n);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[below(i)]);
  }
  return order;
}

}  // namespace lightly::core
