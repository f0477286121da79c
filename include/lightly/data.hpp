#pragma once

#include "lightly/data/dataset.hpp"
#include "lightly/data/sample.hpp"
