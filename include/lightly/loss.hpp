#pragma once

#include "lightly/loss/ntx_ent_loss.hpp"
