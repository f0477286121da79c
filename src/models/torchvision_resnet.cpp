#include "lightly/models/torchvision_resnet.hpp"

#include <cstdint>

#include "models/resnet_depths.hpp"

namespace lightly::models {
namespace {

struct Width {
  std::int64_t groups = 1;
  std::int64_t per_group = 64;
};

ResNet torchvision_resnet(const ResNetDepth& depth, const TorchvisionResNetOptions& options,
                          Width width = {}) {
  return ResNet({.block = depth.block,
                 .depths = depth.depths,
                 .num_classes = options.num_classes,
                 .stem = Stem::k7x7,
                 .groups = width.groups,
                 .width_per_group = width.per_group,
                 .num_splits = options.num_splits,
                 .family = ResNetFamily::kTorchvision,
                 .zero_init_residual = options.zero_init_residual});
}

}  // namespace

ResNet resnet18(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet18, options);
}

ResNet resnet34(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet34, options);
}

ResNet resnet50(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet50, options);
}

ResNet resnet101(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet101, options);
}

ResNet resnet152(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet152, options);
}

ResNet wide_resnet50_2(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet50, options, {.per_group = 128});
}

ResNet wide_resnet101_2(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet101, options, {.per_group = 128});
}

ResNet resnext50_32x4d(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet50, options, {.groups = 32, .per_group = 4});
}

ResNet resnext101_32x8d(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet101, options, {.groups = 32, .per_group = 8});
}

ResNet resnext101_64x4d(TorchvisionResNetOptions options) {
  return torchvision_resnet(kResNet101, options, {.groups = 64, .per_group = 4});
}

}  // namespace lightly::models
