#include "lightly/models/resnet_backbone.hpp"

#include <ATen/core/grad_mode.h>

#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

constexpr const char* kNames[] = {"resnet-9",  "resnet-18",  "resnet-34",
                                  "resnet-50", "resnet-101", "resnet-152"};

TEST(ResNetBackbone, WithoutTheStemReluEqualsThePythonSequential) {
  const auto golden = load_golden("models/resnet_lightly_1.1.0.safetensors");
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({2, 3, 32, 32}).to(torch::kDouble);
  for (const std::string name : kNames) {
    SCOPED_TRACE(name);
    ResNet net = ResNetGenerator(name, {.width = 0.0625});
    to_double(*net);
    fill(*net);
    net(images);
    net->eval();
    ResNetBackbone backbone(net, {.relu_after_stem = false});
    EXPECT_TRUE(tensors_close(backbone(images), golden.at(name + ".backbone"), 1e-10, 1e-10));
    EXPECT_EQ(key_lines(*backbone), golden.metadata.at(name + ".backbone_keys"));
    EXPECT_EQ(backbone->num_ftrs(), net->num_ftrs());
  }
}

TEST(ResNetBackbone, HasTheRowThatTheSpecificationMeasured) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625});
  fill(*net);
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({2, 3, 32, 32});
  net(images);
  net->eval();
  ResNetBackbone backbone(net, {.relu_after_stem = false});
  EXPECT_TRUE(tensors_close(backbone(images)[0].flatten().slice(0, 0, 6),
                            torch::tensor({.2633484, .0958689, .0987998, 0.0, 0.0, 0.0}), 2e-7));
}

TEST(ResNetBackbone, GivesTheFeaturesBeforeTheLastLayerByDefault) {
  ResNet net = ResNetGenerator("resnet-18", {.width = 0.125});
  net->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = torch::randn({3, 3, 40, 40});
  ResNetBackbone backbone(net);
  const at::Tensor features = backbone(images);
  EXPECT_EQ(features.sizes(), (std::vector<std::int64_t>{3, 64, 1, 1}));
  EXPECT_TRUE(tensors_close(net->linear(features.flatten(1)), net(images), 1e-6));
  ResNetBackbone without(net, {.relu_after_stem = false});
  EXPECT_FALSE(tensors_close(without(images), features, 1e-3));
}

TEST(ResNetBackbone, SharesItsLayersWithTheResNet) {
  const ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625});
  const ResNetBackbone backbone(net);
  EXPECT_EQ(state_dict(*backbone)["2.0.conv1.weight"].data_ptr(),
            state_dict(*net)["layer1.0.conv1.weight"].data_ptr());
}

TEST(ResNetBackbone, NumbersTheImageNetStemAsTorchvisionDoes) {
  const auto golden = load_golden("models/resnet_torchvision_0.29.safetensors");
  for (const auto& [name, key] : {std::pair("resnet-18", "resnet18"), {"resnet-50", "resnet50"}}) {
    const ResNetBackbone backbone(ResNetGenerator(name, {.width = 0.0625, .stem = Stem::k7x7}));
    std::string expected = golden.metadata.at(std::string(key) + ".backbone_keys");
    for (std::size_t at; (at = expected.find("downsample")) != std::string::npos;) {
      expected.replace(at, 10, "shortcut");
    }
    EXPECT_EQ(key_lines(*backbone), expected);
  }
}

TEST(ResNetBackbone, ClonesIntoTensorsOfItsOwn) {
  ResNetBackbone backbone(ResNetGenerator("resnet-9", {.width = 0.0625, .stem = Stem::k7x7}),
                          {.relu_after_stem = false});
  backbone->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = torch::randn({2, 3, 64, 64});
  const at::Tensor expected = backbone(images);
  const void* before = backbone->conv1->weight.data_ptr();
  ResNetBackbone copy(std::dynamic_pointer_cast<ResNetBackboneImpl>(backbone->clone()));
  EXPECT_FALSE(copy->conv1->is_training());
  EXPECT_EQ(key_lines(*copy), key_lines(*backbone));
  EXPECT_TRUE(tensors_equal(copy(images), expected));
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(copy(images), torch::zeros_like(expected)));
  EXPECT_TRUE(tensors_equal(backbone(images), expected));
  EXPECT_EQ(backbone->conv1->weight.data_ptr(), before);
}

TEST(ResNetBackbone, ClonesSplitNormalisationsToo) {
  ResNetBackbone backbone(ResNetGenerator("resnet-9", {.width = 0.0625, .num_splits = 2}));
  const at::Tensor images = torch::randn({4, 3, 32, 32});
  backbone(images);
  ResNetBackbone copy(std::dynamic_pointer_cast<ResNetBackboneImpl>(backbone->clone()));
  EXPECT_EQ(key_lines(*copy), key_lines(*backbone));
  EXPECT_TRUE(tensors_equal(copy(images), backbone(images)));
  copy->eval();
  EXPECT_FALSE(copy->bn1.ptr()->is_training());
  EXPECT_TRUE(backbone->bn1.ptr()->is_training());
  EXPECT_FALSE(tensors_equal(copy->bn1.running_mean(), backbone->bn1.running_mean()));
}

TEST(ResNetBackbone, RejectsOtherImages) {
  ResNetBackbone backbone(ResNetGenerator("resnet-9", {.width = 0.0625}));
  EXPECT_EQ(error_text([&] { backbone(torch::zeros({2, 3, 32, 32}, torch::kByte)); }),
            "ResNetBackbone: images must be floating point, as a batch's views are, got Byte");
  EXPECT_EQ(error_text([&] { backbone(torch::zeros({2, 4, 32, 32})); }),
            "ResNetBackbone: images must be [B, 3, H, W], got [2, 4, 32, 32]");
}

}  // namespace
}  // namespace lightly::models
