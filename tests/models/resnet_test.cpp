#include "lightly/models/resnet.hpp"

#include <tuple>

#include <ATen/core/grad_mode.h>
#include <torch/utils.h>

#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

constexpr const char* kLightlyGolden = "models/resnet_lightly_1.1.0.safetensors";

std::int64_t parameter_count(const torch::nn::Module& module) {
  std::int64_t count = 0;
  for (const at::Tensor& parameter : module.parameters()) {
    count += parameter.numel();
  }
  return count;
}

struct Counts {
  const char* name;
  std::int64_t full, without_linear, entries, narrow, num_ftrs;
};

constexpr Counts kCounts[] = {
    {"resnet-9", 4'903'242, 4'898'112, 74, 78'002, 512},
    {"resnet-18", 11'173'962, 11'168'832, 122, 176'402, 512},
    {"resnet-34", 21'282'122, 21'276'992, 218, 335'154, 512},
    {"resnet-50", 23'520'842, 23'500'352, 320, 375'762, 2048},
    {"resnet-101", 42'512'970, 42'492'480, 626, 678'226, 2048},
    {"resnet-152", 58'156'618, 58'136'128, 932, 927'698, 2048},
};

TEST(ResNet, HasTheParameterCountsOfThePythonOriginal) {
  for (const Counts& expected : kCounts) {
    SCOPED_TRACE(expected.name);
    const ResNet net = ResNetGenerator(expected.name);
    EXPECT_EQ(parameter_count(*net), expected.full);
    EXPECT_EQ(parameter_count(*net) - parameter_count(*net->linear), expected.without_linear);
    EXPECT_EQ(state_dict(*net).size(), static_cast<std::size_t>(expected.entries));
    EXPECT_EQ(net->num_ftrs(), expected.num_ftrs);
    const ResNet narrow = ResNetGenerator(expected.name, {.width = 0.125});
    EXPECT_EQ(parameter_count(*narrow), expected.narrow);
    EXPECT_EQ(narrow->num_ftrs(), expected.num_ftrs / 8);
  }
}

TEST(ResNet, HasTheRowsThatTheSpecificationMeasured) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625});
  fill(*net);
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({2, 3, 32, 32});
  net->eval();
  EXPECT_TRUE(tensors_close(net(images)[0],
                            torch::tensor({.2575193, .2458389, .0991976, -.0886287, -.2025818,
                                           -.1929986, -.1030009, -.0174734, .0156889, .0194234}),
                            2e-7));
  net->train();
  EXPECT_TRUE(tensors_close(net(images)[0].slice(0, 0, 3),
                            torch::tensor({.4114816, .3042288, .0426556}), 2e-7));
}

class ResNetByName : public ::testing::TestWithParam<const char*> {
 protected:
  at::Tensor golden(const std::string& key) { return file_.at(name_ + "." + key); }

  core::Safetensors file_ = load_golden(kLightlyGolden);
  std::string name_ = GetParam();
};

TEST_P(ResNetByName, HasTheStateDictKeysOfThePythonOriginalInItsOrder) {
  EXPECT_EQ(key_lines(*ResNetGenerator(name_, {.width = 0.0625})),
            file_.metadata.at(name_ + ".keys"));
}

TEST_P(ResNetByName, StartsFromThePythonWeightsOfTheSameSeed) {
  torch::manual_seed(7);
  const ResNet net = ResNetGenerator(name_, {.width = 0.0625});
  EXPECT_TRUE(tensors_equal(net->conv1->weight, golden("initial_conv1")));
  std::vector<at::Tensor> sums;
  for (const at::Tensor& parameter : net->parameters()) {
    sums.push_back(parameter.detach().to(torch::kDouble).sum());
  }
  EXPECT_TRUE(tensors_close(torch::stack(sums), golden("initial_sums"), 1e-12, 1e-12));
}

TEST_P(ResNetByName, GivesThePythonLogitsAndBatchStatistics) {
  ResNet net = ResNetGenerator(name_, {.width = 0.0625});
  to_double(*net);
  fill(*net);
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({2, 3, 32, 32}).to(torch::kDouble);
  net->eval();
  EXPECT_TRUE(tensors_close(net(images), golden("eval"), 1e-10, 1e-10));
  net->train();
  // With the statistics of two images, 152 layers make 4e-10 of what two processors round apart.
  EXPECT_TRUE(tensors_close(net(images), golden("train"), 1e-8, 1e-8));
  const auto state = state_dict(*net);
  for (const char* buffer : {"running_mean", "running_var", "num_batches_tracked"}) {
    const std::string key = std::string("layer4.0.bn1.") + buffer;
    EXPECT_TRUE(tensors_close(state[key], golden(key), 1e-10, 1e-10)) << key;
  }
  net->eval();
  const at::Tensor odd_size = image({1, 3, 25, 27}).to(torch::kDouble);
  EXPECT_TRUE(tensors_close(net(odd_size), golden("25px"), 1e-10, 1e-10));
}

INSTANTIATE_TEST_SUITE_P(Names, ResNetByName,
                         ::testing::Values("resnet-9", "resnet-18", "resnet-34", "resnet-50",
                                           "resnet-101", "resnet-152"));

TEST(ResNet, GivesEveryParameterAGradient) {
  for (const char* name : {"resnet-9", "resnet-50"}) {
    ResNet net = ResNetGenerator(name, {.width = 0.0625});
    net(torch::randn({2, 3, 32, 32})).square().sum().backward();
    for (const auto& item : net->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      EXPECT_GT(item.value().grad().abs().max().item<float>(), 0.0F) << item.key();
    }
  }
}

TEST(ResNet, HonoursTheNumberOfClasses) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625, .num_classes = 3});
  EXPECT_EQ(net(torch::zeros({2, 3, 32, 32})).sizes(), (std::vector<std::int64_t>{2, 3}));
}

TEST(ResNet, TakesImagesOfEverySize) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625});
  net->eval();
  for (const std::int64_t size : {1, 8, 24, 57, 96}) {
    EXPECT_EQ(net(torch::zeros({2, 3, size, size + 3})).sizes(),
              (std::vector<std::int64_t>{2, 10}));
  }
}

TEST(ResNet, HasTheStemOfTorchvisionAsAnOption) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625, .stem = Stem::k7x7});
  EXPECT_EQ(net->conv1->weight.sizes(), (std::vector<std::int64_t>{4, 3, 7, 7}));
  EXPECT_EQ(net->conv1(torch::zeros({1, 3, 64, 64})).size(2), 32);
  EXPECT_EQ(net(torch::zeros({2, 3, 64, 64})).sizes(), (std::vector<std::int64_t>{2, 10}));
}

TEST(ResNet, IsTheSameInChannelsLast) {
  ResNet net = ResNetGenerator("resnet-18", {.width = 0.125});
  net->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = torch::randn({4, 3, 32, 32});
  const at::Tensor expected = net(images);
  to_channels_last(*net);
  EXPECT_TRUE(
      tensors_close(net(images.contiguous(at::MemoryFormat::ChannelsLast)), expected, 1e-5));
}

TEST(ResNet, WithSplitsGivesThePythonLogitsAndBatchStatistics) {
  const auto file = load_golden("models/split_batch_norm_lightly_1.1.0.safetensors");
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625, .num_splits = 2});
  EXPECT_EQ(key_lines(*net), file.metadata.at("resnet-9.keys"));
  to_double(*net);
  fill(*net);
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({4, 3, 32, 32}).to(torch::kDouble);
  EXPECT_TRUE(tensors_close(net(images), file.at("resnet-9.train"), 1e-10, 1e-10));
  const auto state = state_dict(*net);
  for (const std::string buffer :
       {"bn1.running_mean", "layer4.0.bn2.running_var", "layer4.0.shortcut.1.running_mean"}) {
    EXPECT_TRUE(tensors_close(state[buffer], file.at("resnet-9." + buffer), 1e-10, 1e-10))
        << buffer;
  }
  net->eval();
  EXPECT_TRUE(tensors_close(net(images), file.at("resnet-9.eval"), 1e-10, 1e-10));
}

TEST(ResNet, WithSplitsRejectsABatchThatTheyDoNotDivide) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625, .num_splits = 4});
  EXPECT_EQ(error_text([&] { net(torch::zeros({6, 3, 32, 32})); }),
            "SplitBatchNorm: num_splits must divide the batch, got 4 splits of a batch of 6");
}

TEST(ResNet, ClonesIntoTensorsOfItsOwn) {
  ResNet net = ResNetGenerator("resnet-50", {.width = 0.0625});
  net->eval();
  const ResNet copy(std::dynamic_pointer_cast<ResNetImpl>(net->clone()));
  const at::Tensor images = torch::randn({2, 3, 32, 32});
  const at::Tensor expected = net(images).detach();
  EXPECT_TRUE(tensors_equal(ResNet(copy)(images), expected));
  EXPECT_EQ(key_lines(*copy), key_lines(*net));
  const at::NoGradGuard no_grad;
  for (at::Tensor& parameter : copy->parameters()) {
    parameter.zero_();
  }
  EXPECT_TRUE(tensors_equal(net(images), expected));
}

TEST(ResNet, RejectsAnIllegalName) {
  for (const char* name : {"resnet-10", "resnet18", "", "RESNET-18"}) {
    EXPECT_EQ(error_text([&] { ResNetGenerator(name); }),
              "ResNetGenerator: Illegal name: " + std::string(name) +
                  ". Try resnet-9, resnet-18, resnet-34, resnet-50, resnet-101, resnet-152.");
  }
  EXPECT_THROW(ResNetGenerator("resnet-10"), c10::ValueError);
}

TEST(ResNet, RejectsOptionsOutOfRange) {
  for (const double width : {0.0, -1.0, 0.01, 1e9, std::nan("")}) {
    EXPECT_THAT(error_text([&] { ResNetGenerator("resnet-9", {.width = width}); }),
                HasSubstr("ResNet: width must be in [1/64, 64], got "));
  }
  EXPECT_EQ(error_text([] { ResNetGenerator("resnet-9", {.width = 0.1, .num_classes = 0}); }),
            "ResNet: num_classes must be >= 1, got 0");
  EXPECT_EQ(error_text([] { ResNet({.depths = {1, 1, 0, 1}}); }),
            "ResNet: each of depths must be >= 1, got 0");
  EXPECT_EQ(error_text([] { ResNet({.groups = 0}); }), "ResNet: groups must be >= 1, got 0");
  EXPECT_EQ(error_text([] { ResNet({.groups = 32, .width_per_group = 4}); }),
            "BasicBlock: groups and width_per_group must be 1 and 64, got 32 and 4");
  EXPECT_EQ(error_text([] { ResNetGenerator("resnet-9", {.num_splits = -1}); }),
            "ResNet: num_splits must be >= 0, got -1");
  EXPECT_EQ(error_text([] { BasicBlock({.stride = 0}); }),
            "ResNet block: stride must be >= 1, got 0");
  EXPECT_EQ(error_text([] { Bottleneck({.planes = -1}); }),
            "ResNet block: planes must be >= 1, got -1");
}

TEST(ResNet, RejectsImagesOfAnotherShape) {
  ResNet net = ResNetGenerator("resnet-9", {.width = 0.0625});
  EXPECT_EQ(error_text([&] { net(torch::zeros({3, 32, 32})); }),
            "ResNet: images must be [B, 3, H, W], got [3, 32, 32]");
  EXPECT_EQ(error_text([&] { net(torch::zeros({2, 1, 32, 32})); }),
            "ResNet: images must be [B, 3, H, W], got [2, 1, 32, 32]");
}

}  // namespace
}  // namespace lightly::models
