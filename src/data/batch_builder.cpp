#include "data/batch_builder.hpp"

#include <exception>
#include <utility>

#include <c10/util/Exception.h>

namespace lightly::data {
namespace {

// A larger batch has left the caches when somebody reads it.
constexpr std::size_t kCachedBytes = std::size_t{16} << 20;

// The text of the exception that is being handled, without a backtrace.
std::string current_error() {
  try {
    throw;
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace

BatchBuilder::BatchBuilder(const BaseCollateFunction& collate, std::int64_t size,
                           const core::RandomKey& key, std::shared_ptr<BatchMemory> memory)
    : collate_(collate),
      key_(key),
      memory_(std::move(memory)),
      views_(static_cast<std::size_t>(collate.num_views())),
      sizes_(static_cast<std::size_t>(size * collate.num_views())),
      errors_(static_cast<std::size_t>(size)),
      file_names_(static_cast<std::size_t>(size)),
      targets_(static_cast<std::size_t>(size)),
      indices_(static_cast<std::size_t>(size)) {}

void BatchBuilder::put(std::int64_t position, c10::function_ref<Sample()> load,
                       c10::function_ref<std::string()> name) noexcept {
  const auto p = static_cast<std::size_t>(position);
  try {
    const Sample sample = load();
    file_names_[p] = sample.file_name;
    write(position, sample);
  } catch (...) {
    errors_[p] = current_error();
    if (errors_[p].empty()) {
      errors_[p] = "an exception without text";
    }
  }
  if (!errors_[p].empty() && file_names_[p].empty()) {
    try {
      file_names_[p] = name();
    } catch (...) {
      // The position says which.
    }
    if (file_names_[p].empty()) {
      file_names_[p] = "sample at position " + std::to_string(position);
    }
  }
}

void BatchBuilder::write(std::int64_t position, const Sample& sample) {
  const auto p = static_cast<std::size_t>(position);
  targets_[p] = sample.target;
  indices_[p] = sample.index;
  for (std::int64_t v = 0; v < collate_.num_views(); ++v) {
    collate_.writer(v).write(sample, key_, [&](const transforms::Size& size) {
      sizes_[p * views_.size() + static_cast<std::size_t>(v)] = size;
      return slot(v, position, size);
    });
  }
}

std::optional<ViewWriter::FloatImage> BatchBuilder::slot(std::int64_t view, std::int64_t position,
                                                         const transforms::Size& size) {
  const std::scoped_lock lock(mutex_);
  at::Tensor& images = views_[static_cast<std::size_t>(view)];
  if (!images.defined()) {
    images = memory_->images(this->size(), size.height, size.width);
  }
  if (images.size(2) != size.height || images.size(3) != size.width) {
    return std::nullopt;  // reported by finish()
  }
  return ViewWriter::FloatImage{images.mutable_data_ptr<float>() + position * images.stride(0),
                                images.stride(1), images.stride(2), images.stride(3),
                                /*streamed=*/images.nbytes() > kCachedBytes};
}

Batch BatchBuilder::finish(std::string_view callee) {
  for (std::size_t p = 0; p < errors_.size(); ++p) {
    TORCH_CHECK(errors_[p].empty(), callee, ": ", file_names_[p], ": ", errors_[p]);
    for (std::size_t v = 0; v < views_.size(); ++v) {
      const transforms::Size& first = sizes_[v];
      const transforms::Size& size = sizes_[p * views_.size() + v];
      TORCH_CHECK(size == first, callee, ": ", file_names_[p], ": view ", v,
                  " must have the size of the batch's first, ", first.height, "x", first.width,
                  " of ", file_names_[0], ", got ", size.height, "x", size.width);
    }
  }
  return {.views = std::move(views_),
          .targets = memory_->targets(targets_),
          .file_names = std::move(file_names_),
          .indices = std::move(indices_)};
}

}  // namespace lightly::data
