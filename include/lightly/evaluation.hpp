#pragma once

#include "lightly/evaluation/embeddings.hpp"
#include "lightly/evaluation/knn.hpp"
#include "lightly/evaluation/neighbours.hpp"
