#pragma once

#include "lightly/evaluation/collapse.hpp"
#include "lightly/evaluation/embed.hpp"
#include "lightly/evaluation/embeddings.hpp"
#include "lightly/evaluation/embeddings_file.hpp"
#include "lightly/evaluation/few_label_accuracy.hpp"
#include "lightly/evaluation/knn.hpp"
#include "lightly/evaluation/neighbours.hpp"
#include "lightly/evaluation/pca.hpp"
#include "lightly/evaluation/sheets.hpp"
