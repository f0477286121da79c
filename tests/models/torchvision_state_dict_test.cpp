#include "lightly/models/torchvision_state_dict.hpp"

#include <set>
#include <sstream>

#include <ATen/core/grad_mode.h>

#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

constexpr const char* kTorchvisionGolden = "models/resnet_torchvision_0.29.safetensors";

class TorchvisionStateDict : public ::testing::TestWithParam<std::pair<const char*, const char*>> {
};

TEST_P(TorchvisionStateDict, GivesTheNamesAndFeaturesOfTorchvision) {
  const auto [name, torchvision_name] = GetParam();
  const auto golden = load_golden(kTorchvisionGolden);
  ResNet net = ResNetGenerator(name, {.num_classes = 5, .stem = Stem::k7x7});
  to_double(*net);
  fill_wide(*net);
  net->eval();

  std::set<std::string> expected_keys;
  std::istringstream lines(golden.metadata.at(std::string(torchvision_name) + ".state"));
  for (std::string line; std::getline(lines, line);) {
    expected_keys.insert(line.substr(0, line.find(' ')));
  }
  std::set<std::string> keys;
  for (const auto& [key, tensor] : torchvision_state_dict(net)) {
    keys.insert(key);
  }
  EXPECT_EQ(keys, expected_keys);

  const at::NoGradGuard no_grad;
  const at::Tensor images = image({2, 3, 64, 64}).to(torch::kDouble);
  EXPECT_TRUE(tensors_close(net(images), golden.at(std::string(torchvision_name) + ".logits"),
                            1e-10, 1e-10));
  EXPECT_TRUE(tensors_close(ResNetBackbone(net)(images),
                            golden.at(std::string(torchvision_name) + ".features"), 1e-10, 1e-10));
}

INSTANTIATE_TEST_SUITE_P(Names, TorchvisionStateDict,
                         ::testing::Values(std::pair("resnet-18", "resnet18"),
                                           std::pair("resnet-50", "resnet50")));

TEST(TorchvisionStateDict, AveragesTheStatisticsOfSplitsAndGivesThemToEach) {
  ResNetBackbone split(ResNetGenerator("resnet-9", {.width = 0.0625, .num_splits = 4}));
  split(image({8, 3, 8, 8}));  // gives every split statistics of its own
  ResNetBackbone plain(ResNetGenerator("resnet-9", {.width = 0.0625}));
  load_torchvision_state_dict(plain, torchvision_state_dict(split));
  split->eval();
  plain->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({2, 3, 16, 16});
  EXPECT_TRUE(tensors_close(plain(images), split(images), 1e-6, 1e-6));
  ResNetBackbone again(ResNetGenerator("resnet-9", {.width = 0.0625, .num_splits = 2}));
  load_torchvision_state_dict(again, torchvision_state_dict(plain));
  again->eval();
  EXPECT_TRUE(tensors_equal(again(images), plain(images)));
}

TEST(TorchvisionStateDict, RenamesShortcutsAndTheLastLayer) {
  const ResNet net = ResNetGenerator("resnet-18", {.width = 0.0625});
  const auto tensors = torchvision_state_dict(net);
  EXPECT_EQ(tensors.size(), 122U);
  EXPECT_EQ(tensors.at("layer2.0.downsample.0.weight").data_ptr(),
            state_dict(*net)["layer2.0.shortcut.0.weight"].data_ptr());
  EXPECT_EQ(tensors.at("fc.bias").data_ptr(), net->linear->bias.data_ptr());
  const auto without_last = torchvision_state_dict(ResNetBackbone(net));
  EXPECT_EQ(without_last.size(), 120U);
  EXPECT_FALSE(without_last.contains("fc.weight"));
}

TEST(LoadTorchvisionStateDict, GoesBothWays) {
  ResNet source = ResNetGenerator("resnet-50", {.width = 0.0625});
  source(torch::randn({4, 3, 32, 32}));
  source->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = torch::randn({2, 3, 32, 32});
  ResNet whole = ResNetGenerator("resnet-50", {.width = 0.0625});
  whole->eval();
  load_torchvision_state_dict(whole, torchvision_state_dict(source));
  EXPECT_TRUE(tensors_equal(whole(images), source(images)));
  ResNetBackbone backbone(ResNetGenerator("resnet-50", {.width = 0.0625}));
  backbone->eval();
  load_torchvision_state_dict(backbone, torchvision_state_dict(source));
  EXPECT_TRUE(tensors_equal(backbone(images), ResNetBackbone(source)(images)));
}

TEST(LoadTorchvisionStateDict, ListsWhatDoesNotFit) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625});
  auto tensors = torchvision_state_dict(net);
  tensors.erase("conv1.weight");
  tensors["fc.weight"] = torch::zeros({1000, 32});
  tensors["layer1.1.conv1.weight"] = torch::zeros({4, 4, 3, 3});
  const auto load = [&] { load_torchvision_state_dict(net, tensors); };
  EXPECT_EQ(error_text(load),
            "load_torchvision_state_dict: names and shapes must match the module's, got missing "
            "conv1.weight; fc.weight is Float [1000, 32], expected Float [10, 32]; unexpected "
            "layer1.1.conv1.weight");
  EXPECT_THROW(load(), c10::ValueError);
}

}  // namespace
}  // namespace lightly::models
