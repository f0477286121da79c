#pragma once

#include <array>
#include <cstdint>

#include "lightly/models/resnet.hpp"

namespace lightly::models {

/// The blocks of the ResNets that have a name, in lightly and in torchvision.
struct ResNetDepth {
  BlockKind block;
  std::array<std::int64_t, 4> depths;
};

inline constexpr ResNetDepth kResNet9 = {BlockKind::kBasic, {1, 1, 1, 1}};
inline constexpr ResNetDepth kResNet18 = {BlockKind::kBasic, {2, 2, 2, 2}};
inline constexpr ResNetDepth kResNet34 = {BlockKind::kBasic, {3, 4, 6, 3}};
inline constexpr ResNetDepth kResNet50 = {BlockKind::kBottleneck, {3, 4, 6, 3}};
inline constexpr ResNetDepth kResNet101 = {BlockKind::kBottleneck, {3, 4, 23, 3}};
inline constexpr ResNetDepth kResNet152 = {BlockKind::kBottleneck, {3, 8, 36, 3}};

}  // namespace lightly::models
