#pragma once

namespace lightly::data {

/// The part of a data set that comes in two.
enum class Split { kTrain, kTest };

}  // namespace lightly::data
