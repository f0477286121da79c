#pragma once

#include "lightly/data/cifar10.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/data_loader.hpp"
#include "lightly/data/dataset.hpp"
#include "lightly/data/download.hpp"
#include "lightly/data/idx_dataset.hpp"
#include "lightly/data/padded_name.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/data/split.hpp"
#include "lightly/data/torch_data.hpp"
