#include "lightly/transforms/functional.hpp"
