#pragma once

#include "lightly/optim/schedule.hpp"
#include "lightly/optim/sgd.hpp"
