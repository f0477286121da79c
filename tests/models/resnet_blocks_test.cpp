#include "lightly/models/resnet_blocks.hpp"

#include <ATen/core/grad_mode.h>

#include "models/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

using Sizes = std::vector<std::int64_t>;

TEST(BasicBlock, AddsItsInputOrAConvolutionOfIt) {
  const at::Tensor x = torch::randn({2, 4, 6, 6});
  BasicBlock same({.in_planes = 4, .planes = 4});
  EXPECT_TRUE(same->shortcut->is_empty());
  same->eval();
  const at::NoGradGuard no_grad;
  same->bn2.weight().zero_();
  EXPECT_TRUE(tensors_equal(same(x), x.relu()));
  BasicBlock other({.in_planes = 4, .planes = 8, .stride = 2});
  EXPECT_EQ(other->shortcut->size(), 2U);
  EXPECT_EQ(other(x).sizes(), (Sizes{2, 8, 3, 3}));
}

TEST(Bottleneck, HasTheInnerWidthsOfTorchvision) {
  const auto inner = [](BottleneckOptions options) {
    const Bottleneck block(options);
    EXPECT_EQ(block->conv3->options.in_channels(), block->conv2->options.out_channels());
    EXPECT_EQ(block->conv2->options.groups(), options.groups);
    return block->conv2->options.out_channels();
  };
  EXPECT_EQ(inner({.planes = 64}), 64);
  EXPECT_EQ(inner({.planes = 256, .width_per_group = 128}), 512);
  EXPECT_EQ(inner({.planes = 64, .groups = 32, .width_per_group = 4}), 128);
  EXPECT_EQ(inner({.planes = 512, .groups = 64, .width_per_group = 4}), 2048);
  EXPECT_EQ(inner({.planes = 65, .width_per_group = 63}), 63);
}

TEST(Bottleneck, HalvesTheImageInItsThreeByThreeConvolution) {
  Bottleneck block({.in_planes = 8, .planes = 4, .stride = 2});
  EXPECT_EQ(block->conv1->options.stride()->at(0), 1);
  EXPECT_EQ(block->conv2->options.stride()->at(0), 2);
  EXPECT_EQ(block(torch::randn({2, 8, 7, 7})).sizes(), (Sizes{2, 16, 4, 4}));
}

TEST(ResNetBlocks, NameTheShortcutAfterTheirFamily) {
  const auto keys = [](ResNetFamily family) {
    return key_lines(*Bottleneck({.in_planes = 8, .planes = 4, .family = family}));
  };
  EXPECT_THAT(keys(ResNetFamily::kLightly), ::testing::HasSubstr("shortcut.1.running_var"));
  EXPECT_THAT(keys(ResNetFamily::kTorchvision), ::testing::HasSubstr("downsample.1.running_var"));
}

TEST(ResNetBlocks, SplitEveryNormalisation) {
  Bottleneck block({.in_planes = 8, .planes = 4, .num_splits = 2});
  EXPECT_EQ(block->bn1.running_mean().numel(), 8);
  EXPECT_EQ(block->bn2.running_mean().numel(), 8);
  EXPECT_EQ(block->bn3.running_mean().numel(), 32);
  EXPECT_EQ(state_dict(*block)["shortcut.1.running_mean"].numel(), 32);
  const at::Tensor x = torch::randn({4, 8, 6, 6});
  const at::Tensor out = block(x);
  Bottleneck alone({.in_planes = 8, .planes = 4});
  const at::NoGradGuard no_grad;
  for (const auto& parameter : block->named_parameters()) {
    alone->named_parameters()[parameter.key()].copy_(parameter.value());
  }
  const auto even = [](const at::Tensor& t) { return t.slice(0, 0, std::nullopt, 2); };
  EXPECT_TRUE(tensors_close(even(out), alone(even(x)), 1e-5));
}

TEST(ResNetBlocks, CloneIntoTensorsOfTheirOwn) {
  for (const std::int64_t splits : {0, 2}) {
    Bottleneck block({.in_planes = 8, .planes = 4, .num_splits = splits});
    const at::Tensor x = torch::randn({4, 8, 6, 6});
    const at::Tensor expected = block(x);
    Bottleneck copy(std::dynamic_pointer_cast<BottleneckImpl>(block->clone()));
    EXPECT_TRUE(tensors_equal(copy(x), expected));
    const at::NoGradGuard no_grad;
    copy->bn3.weight().zero_();
    EXPECT_TRUE(tensors_equal(state_dict(*copy)["bn3.weight"], torch::zeros({16})));
    EXPECT_TRUE(tensors_equal(block->bn3.weight(), torch::ones({16})));
  }
}

TEST(ResNetBlocks, RejectOptionsOutOfRange) {
  EXPECT_EQ(error_text([] { BasicBlock({.in_planes = 0}); }),
            "ResNet block: in_planes must be >= 1, got 0");
  EXPECT_EQ(error_text([] { BasicBlock({.groups = 32, .width_per_group = 4}); }),
            "BasicBlock: groups and width_per_group must be 1 and 64, got 32 and 4");
  EXPECT_EQ(error_text([] { Bottleneck({.groups = 0}); }),
            "ResNet block: groups must be >= 1, got 0");
  EXPECT_EQ(error_text([] { Bottleneck({.num_splits = -1}); }),
            "ResNet block: num_splits must be >= 0, got -1");
  EXPECT_EQ(error_text([] { Bottleneck({.planes = 8, .groups = 32, .width_per_group = 4}); }),
            "Bottleneck: planes * width_per_group must be >= 64, got 8 * 4");
}

}  // namespace
}  // namespace lightly::models
