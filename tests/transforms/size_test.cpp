#include "lightly/transforms/size.hpp"

#include <sstream>

#include "support/matchers.hpp"

namespace lightly::transforms {
namespace {

TEST(Size, ComesFromOneNumberOrTwo) {
  const Size square = 32;
  EXPECT_EQ(square, Size(32, 32));
  const Size wide = {32, 48};
  EXPECT_EQ(wide.height, 32);
  EXPECT_EQ(wide.width, 48);
}

TEST(Size, PrintsHeightFirst) {
  std::ostringstream text;
  text << Size(32, 48) << " " << Box{.top = 1, .left = 2, .height = 3, .width = 4};
  EXPECT_EQ(text.str(), "32x48 {top 1, left 2, height 3, width 4}");
}

TEST(Size, CheckNamesTheCalleeAndTheField) {
  EXPECT_EQ(lightly::testing::error_text([] { check_size("Resize", "size", {4, 0}); }),
            "Resize: size must be at least 1x1 px, got 4x0");
}

}  // namespace
}  // namespace lightly::transforms
