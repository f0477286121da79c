#pragma once

#include "lightly/transforms/image_transform.hpp"
