#pragma once

#include <functional>
#include <string>

#include <ATen/core/Tensor.h>

#include "lightly/core/safetensors.hpp"

namespace lightly::testing {

/// The parameters of one golden case, after seed, height and width.
using Parameters = const double*;

/// Applies `operation` to the formula image of every case that golden_cases.py stored as `name`,
/// and expects the bytes of the result, in channels-last memory, and the image unchanged.
void expect_golden(const core::Safetensors& golden, const std::string& name,
                   const std::function<at::Tensor(const at::Tensor&, Parameters)>& operation);

}  // namespace lightly::testing
