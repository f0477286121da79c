#pragma once

#include "lightly/core/atomic_file.hpp"
#include "lightly/core/autocast.hpp"
#include "lightly/core/check.hpp"
#include "lightly/core/module.hpp"
#include "lightly/core/random.hpp"
#include "lightly/core/safetensors.hpp"
#include "lightly/core/torch_file.hpp"
