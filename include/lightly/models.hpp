#pragma once

#include "lightly/models/backbone.hpp"
#include "lightly/models/heads.hpp"
#include "lightly/models/load_weights.hpp"
#include "lightly/models/resnet.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/models/simclr.hpp"
#include "lightly/models/state_dict.hpp"
#include "lightly/models/torchvision_state_dict.hpp"
