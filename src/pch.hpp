#pragma once

// Precompiled for the library's own sources: LibTorch's headers cost seconds a file. Nothing relies
// on this for its includes; the header self-containment check and the tidy preset see every file
// without it.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/cloneable.h>
#include <torch/nn/pimpl.h>
#include <torch/types.h>
