#pragma once

#include "lightly/methods/method.hpp"
#include "lightly/methods/moco.hpp"
#include "lightly/methods/simclr.hpp"
#include "lightly/methods/simsiam.hpp"
