#pragma once

#include "core/input_file.hpp"

namespace lightly::core {

/// Whether the file begins as one of torch.save's does: is_torch_file of a file that is open.
bool has_torch_signature(InputFile& file);

}  // namespace lightly::core
