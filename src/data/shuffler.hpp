#pragma once

#include "lightly/core/random.hpp"

namespace lightly::data {

/// The stream from which the order of an epoch is drawn.
inline core::Random shuffler(core::RandomKey key) {
  key.index = 0;
  key.view = core::RandomKey::kShuffle;
  return core::Random(key);
}

}  // namespace lightly::data
