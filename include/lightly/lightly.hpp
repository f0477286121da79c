#pragma once

#include "lightly/core.hpp"
#include "lightly/data.hpp"
#include "lightly/evaluation.hpp"
#include "lightly/loss.hpp"
#include "lightly/media.hpp"
#include "lightly/methods.hpp"
#include "lightly/models.hpp"
#include "lightly/optim.hpp"
#include "lightly/training.hpp"
#include "lightly/transforms.hpp"
#include "lightly/version.hpp"
