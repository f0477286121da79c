#pragma once

#include <string>

namespace lightly::evaluation {

/// Appends a number as `str(numpy.float32(value))` has it: 0.33333334, 1e-05, -0.0, nan, 2.0; with
/// an exponent below 1e-4 and from `exponent_from`, at most 1e16, on.
void append_float(std::string& text, float value, double exponent_from);

}  // namespace lightly::evaluation
