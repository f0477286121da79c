#pragma once

#include <string>
#include <vector>

#include "lightly/transforms/multi_view_transform.hpp"

namespace lightly::testing {

/// The steps of one view in words, as tests/golden/transforms/view_steps.py says them of Python's.
using ViewSteps = std::vector<std::string>;

/// The steps of every view, ToTensor and Normalize among them; "not an ImageView" for a transform
/// that is none.
std::vector<ViewSteps> view_steps(const transforms::MultiViewTransform& views);

/// tests/golden/<file>: the steps of every view of `variant` of `name`, less those that do nothing.
std::vector<ViewSteps> load_view_steps(const std::string& file, const std::string& name,
                                       const std::string& variant);

}  // namespace lightly::testing
