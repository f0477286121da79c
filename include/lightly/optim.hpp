#pragma once

#include "lightly/optim/adamw.hpp"
#include "lightly/optim/lars.hpp"
#include "lightly/optim/optimizer.hpp"
#include "lightly/optim/parameter_groups.hpp"
#include "lightly/optim/scale_lr.hpp"
#include "lightly/optim/schedule.hpp"
#include "lightly/optim/sgd.hpp"
