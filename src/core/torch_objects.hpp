#pragma once

#include "core/pickle.hpp"

/// The few classes and functions that a pickle of tensors calls.
namespace lightly::core::pickle {

/// What `callable(*arguments)` gives: an OrderedDict or defaultdict, a tensor, a parameter; a
/// Foreign for everything else. Throws c10::Error for a tensor that reaches beyond its storage.
Ref call(Objects& objects, Ref callable, Ref arguments);

/// The storage of a persistent id of torch.save, kNothing for another id.
Ref persistent(Objects& objects, Ref id);

}  // namespace lightly::core::pickle
