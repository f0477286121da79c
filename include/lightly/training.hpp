#pragma once

#include "lightly/training/checkpoint.hpp"
#include "lightly/training/finite_loss.hpp"
#include "lightly/training/freed_memory.hpp"
#include "lightly/training/interrupt.hpp"
#include "lightly/training/memory_format.hpp"
#include "lightly/training/metrics_log.hpp"
#include "lightly/training/precision.hpp"
#include "lightly/training/progress.hpp"
