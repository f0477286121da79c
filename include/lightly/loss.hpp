#pragma once

#include "lightly/loss/memory_bank.hpp"
#include "lightly/loss/negative_cosine_similarity.hpp"
#include "lightly/loss/ntx_ent_loss.hpp"
