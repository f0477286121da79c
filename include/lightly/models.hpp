#pragma once

#include "lightly/models/backbone.hpp"
