#include "lightly/models/torchvision_resnet.hpp"

#include <map>
#include <sstream>

#include <ATen/core/grad_mode.h>

#include "lightly/core/autocast.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/models/simclr.hpp"
#include "lightly/models/torchvision_state_dict.hpp"
#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

using Sizes = std::vector<std::int64_t>;

const core::Safetensors& golden() {
  static const core::Safetensors file = load_golden("models/resnet_torchvision_0.29.safetensors");
  return file;
}

struct Architecture {
  const char* name;
  ResNet (*make)(TorchvisionResNetOptions);
  // Images in the golden file.
  std::int64_t batch;
};

constexpr Architecture kArchitectures[] = {
    {"resnet18", resnet18, 2},
    {"resnet34", resnet34, 2},
    {"resnet50", resnet50, 2},
    {"resnet101", resnet101, 1},
    {"resnet152", resnet152, 1},
    {"wide_resnet50_2", wide_resnet50_2, 1},
    {"wide_resnet101_2", wide_resnet101_2, 1},
    {"resnext50_32x4d", resnext50_32x4d, 1},
    {"resnext101_32x8d", resnext101_32x8d, 1},
    {"resnext101_64x4d", resnext101_64x4d, 1},
};

class TorchvisionResNet : public ::testing::TestWithParam<Architecture> {
 protected:
  std::string name_ = GetParam().name;
};

TEST_P(TorchvisionResNet, HasTheStateDictAndGivesTheLogitsAndFeaturesOfTorchvision) {
  ResNet net = GetParam().make({.num_classes = 5});
  std::string lines;
  for (const auto& item : state_dict(*net)) {
    std::ostringstream line;
    line << item.key();
    for (const std::int64_t size : item.value().sizes()) {
      line << ' ' << size;
    }
    lines += (lines.empty() ? "" : "\n") + line.str();
  }
  EXPECT_EQ(lines, golden().metadata.at(name_ + ".state"));

  to_double(*net);
  fill_wide(*net);
  net->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = image({GetParam().batch, 3, 64, 64}).to(torch::kDouble);
  const at::Tensor features = ResNetBackbone(net)(images);
  EXPECT_EQ(features.size(1), net->num_ftrs());
  EXPECT_TRUE(tensors_close(features, golden().at(name_ + ".features"), 1e-10, 1e-10));
  const at::Tensor logits = net->linear(features.flatten(1));
  EXPECT_TRUE(tensors_close(logits, golden().at(name_ + ".logits"), 1e-10, 1e-10));
}

INSTANTIATE_TEST_SUITE_P(All, TorchvisionResNet, ::testing::ValuesIn(kArchitectures),
                         [](const auto& tested) { return std::string(tested.param.name); });

class SeededTorchvisionResNet : public TorchvisionResNet {};

TEST_P(SeededTorchvisionResNet, StartsFromTheTorchvisionWeightsOfTheSameSeed) {
  torch::manual_seed(7);
  const ResNet net = GetParam().make({.num_classes = 5});
  // Uniform numbers are the same everywhere; normal ones pass a logarithm that processors round
  // in their own way.
  EXPECT_TRUE(tensors_equal(net->linear->bias, golden().at(name_ + ".initial_fc")));
  EXPECT_TRUE(tensors_close(net->conv1->weight[0], golden().at(name_ + ".initial_conv1"), 1e-6));
  std::vector<at::Tensor> sums;
  for (const at::Tensor& parameter : net->parameters()) {
    sums.push_back(parameter.detach().to(torch::kDouble).sum());
  }
  EXPECT_TRUE(tensors_close(torch::stack(sums), golden().at(name_ + ".initial_sums"), 1e-4, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Three, SeededTorchvisionResNet,
                         ::testing::Values(kArchitectures[0], kArchitectures[5], kArchitectures[7]),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST(TorchvisionResNet, HasAThousandClassesAsThePublishedWeights) {
  ResNet net = resnet18();
  net->eval();
  const at::NoGradGuard no_grad;
  EXPECT_EQ(net(torch::randn({2, 3, 33, 40})).sizes(), (Sizes{2, 1000}));
  std::map<std::string, at::Tensor> published;
  for (const auto& item : state_dict(*resnet18())) {
    // Files of 2017 have no counters.
    if (!item.key().ends_with("num_batches_tracked")) {
      published.emplace(item.key(), item.value());
    }
  }
  load_state_dict(*net, published);
  EXPECT_TRUE(tensors_equal(net->linear->weight, published.at("fc.weight")));
}

TEST(TorchvisionResNet, WithoutItsLastLayerHasTheNamesOfTheDocumentedSequential) {
  EXPECT_EQ(key_lines(*ResNetBackbone(resnet18())), golden().metadata.at("resnet18.backbone_keys"));
  EXPECT_EQ(key_lines(*ResNetBackbone(resnet50())), golden().metadata.at("resnet50.backbone_keys"));
}

TEST(TorchvisionResNet, IsABackbone) {
  const ResNet net = resnet18();
  SimCLR model(ResNetBackbone(net), {.num_ftrs = net->num_ftrs(), .out_dim = 4});
  model(torch::randn({2, 3, 64, 64})).sum().backward();
  EXPECT_TRUE(net->conv1->weight.grad().defined());
  EXPECT_FALSE(net->linear->weight.grad().defined());
}

TEST(TorchvisionResNet, StateDictFunctionsTakeItToo) {
  const ResNet net = resnet18({.num_classes = 5});
  std::map<std::string, at::Tensor> expected;
  for (const auto& item : state_dict(*net)) {
    expected.emplace(item.key(), item.value());
  }
  const auto tensors = torchvision_state_dict(net);
  ASSERT_EQ(tensors.size(), expected.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(tensor.data_ptr(), expected.at(name).data_ptr()) << name;
  }
  ResNetBackbone backbone(resnet18());
  load_torchvision_state_dict(backbone, expected);
  EXPECT_TRUE(tensors_equal(backbone->conv1->weight, net->conv1->weight));
}

TEST(TorchvisionResNet, ClonesIntoTensorsOfItsOwn) {
  ResNet net = resnet18({.num_classes = 5});
  net->eval();
  ResNet copy(std::dynamic_pointer_cast<ResNetImpl>(net->clone()));
  EXPECT_EQ(key_lines(*copy), key_lines(*net));
  const at::NoGradGuard no_grad;
  const at::Tensor images = torch::randn({1, 3, 32, 32});
  const at::Tensor expected = net(images);
  EXPECT_TRUE(tensors_equal(copy(images), expected));
  copy->bn1.weight().zero_();
  EXPECT_TRUE(tensors_equal(net(images), expected));
}

TEST(TorchvisionResNet, IsTheSameInChannelsLast) {
  ResNet net = resnext50_32x4d({.num_classes = 5});
  net->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor images = torch::randn({2, 3, 64, 64});
  const at::Tensor expected = net(images);
  to_channels_last(*net);
  EXPECT_TRUE(
      tensors_close(net(images.contiguous(at::MemoryFormat::ChannelsLast)), expected, 1e-4, 1e-4));
}

TEST(TorchvisionResNet, StartsItsBlocksAsIdentitiesWhenAsked) {
  for (ResNet net : {resnet18({.num_classes = 5, .zero_init_residual = true}),
                     resnext50_32x4d({.num_classes = 5, .zero_init_residual = true})}) {
    const std::string last = net->options.block == BlockKind::kBasic ? "bn2.weight" : "bn3.weight";
    for (const auto& parameter : net->named_parameters()) {
      if (parameter.key().starts_with("layer") && parameter.value().dim() == 1) {
        const double expected =
            parameter.key().ends_with(last) || parameter.key().ends_with("bias") ? 0 : 1;
        EXPECT_TRUE((parameter.value() == expected).all().item<bool>()) << parameter.key();
      }
    }
  }
}

TEST(TorchvisionResNet, SplitsTheBatchOfEveryNormalisation) {
  ResNet net = resnet18({.num_classes = 5, .num_splits = 2});
  for (const auto& buffer : net->named_buffers()) {
    if (buffer.key().ends_with("running_mean")) {
      const std::string weight = buffer.key().substr(0, buffer.key().rfind('.')) + ".weight";
      EXPECT_EQ(buffer.value().numel(), 2 * net->named_parameters()[weight].numel());
    }
  }
  EXPECT_EQ(net(torch::randn({4, 3, 64, 64})).sizes(), (Sizes{4, 5}));
}

TEST(TorchvisionResNet, RunsInBFloat16AndOnBatchesOfNoneAndOne) {
  ResNet net = resnet18({.num_classes = 5});
  net->eval();
  const at::NoGradGuard no_grad;
  for (const std::int64_t batch : {0, 1}) {
    const at::Tensor images = torch::randn({batch, 3, 64, 64});
    const at::Tensor expected = net(images);
    EXPECT_EQ(expected.sizes(), (Sizes{batch, 5}));
    const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
    const at::Tensor cast = net(images);
    EXPECT_EQ(cast.scalar_type(), at::kBFloat16);
    EXPECT_TRUE(tensors_close(cast.to(at::kFloat), expected, 0.1, 0.1));
  }
}

TEST(TorchvisionResNet, RejectsOptionsOutOfRange) {
  EXPECT_EQ(error_text([] { resnet18({.num_classes = 0}); }),
            "ResNet: num_classes must be >= 1, got 0");
  EXPECT_EQ(error_text([] { resnet50({.num_splits = -1}); }),
            "ResNet: num_splits must be >= 0, got -1");
}

}  // namespace
}  // namespace lightly::models
