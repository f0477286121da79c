#include "lightly/transforms/multi_view_transform.hpp"

#include "support/matchers.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using ::testing::HasSubstr;

TEST(MultiViewTransform, ByDefaultNormalisesAsImageNet) {
  EXPECT_EQ(MultiViewTransform().normalize, imagenet_normalize);
}

TEST(MultiViewTransform, RejectsWhatMakesNoViews) {
  const auto keep = [](const at::Tensor& image, core::Random&) { return image; };
  EXPECT_EQ(error_text([] { MultiViewTransform().check(); }),
            "MultiViewTransform: transforms must hold at least one, got none");
  EXPECT_EQ(error_text([&] { MultiViewTransform{.transforms = {keep, nullptr}}.check(); }),
            "MultiViewTransform: every transform must be callable, got an empty one");
  EXPECT_THAT(error_text([&] {
                MultiViewTransform{.transforms = {keep},
                                   .normalize = Normalization{.mean = {}, .std = {1, 0, 1}}}
                    .check();
              }),
              HasSubstr("std must be > 0"));
}

}  // namespace
}  // namespace lightly::transforms
