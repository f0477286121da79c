#include "data/batch_builder.hpp"

#include <chrono>
#include <exception>
#include <utility>

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include "data/view_region.hpp"

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

using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count();
}

// Apart from every epoch that is asked for, which lies below 2^32 in practice.
constexpr int kOccurrenceShift = 32;

}  // namespace

BatchBuilder::BatchBuilder(const BaseCollateFunction& collate, std::int64_t size,
                           const core::RandomKey& key, std::shared_ptr<BatchMemory> memory,
                           const BatchBuilderOptions& options)
    : collate_(collate),
      key_(key),
      options_(options),
      memory_(std::move(memory)),
      views_(static_cast<std::size_t>(collate.num_views())),
      sizes_(static_cast<std::size_t>(size * collate.num_views())),
      failures_(static_cast<std::size_t>(size)),
      filled_(static_cast<std::size_t>(size)),
      file_names_(static_cast<std::size_t>(size)),
      targets_(static_cast<std::size_t>(size)),
      indices_(static_cast<std::size_t>(size)) {}

bool BatchBuilder::put(const Slot& slot, c10::function_ref<Sample()> load,
                       c10::function_ref<std::string()> name) noexcept {
  const auto p = static_cast<std::size_t>(slot.position);
  std::optional<std::string> error = attempt(slot, load);
  if (!error) {
    return true;
  }
  std::string named = std::move(file_names_[p]);
  if (named.empty()) {
    try {
      named = name();
    } catch (...) {
      named.clear();  // the position says which
    }
    if (named.empty()) {
      named = "sample at position " + std::to_string(slot.position);
    }
  }
  failures_[p] = {.index = slot.index, .file_name = std::move(named), .reason = std::move(*error)};
  return false;
}

bool BatchBuilder::replace(const Slot& slot, c10::function_ref<Sample()> load) noexcept {
  return !attempt(slot, load);
}

std::optional<std::string> BatchBuilder::attempt(const Slot& slot,
                                                 c10::function_ref<Sample()> load) noexcept {
  const auto p = static_cast<std::size_t>(slot.position);
  const Clock::time_point begin = Clock::now();
  std::optional<Clock::time_point> loaded;
  std::optional<std::string> error;
  try {
    file_names_[p].clear();
    const Sample sample = load();
    loaded = Clock::now();
    file_names_[p] = sample.file_name;
    write(slot, sample);
    filled_[p] = 1;
  } catch (...) {
    error = current_error();
    if (error->empty()) {
      error = "an exception without text";
    }
  }
  const Clock::time_point end = Clock::now();
  load_ns_ += nanoseconds(loaded.value_or(end) - begin);
  view_ns_ += nanoseconds(end - loaded.value_or(end));
  return error;
}

void BatchBuilder::write(const Slot& slot, const Sample& sample) {
  const auto p = static_cast<std::size_t>(slot.position);
  targets_[p] = sample.target;
  indices_[p] = sample.index;
  core::RandomKey key = key_;
  key.epoch += slot.occurrence << kOccurrenceShift;
  const auto places = [&](std::int64_t v) {
    return [this, p, v, position = slot.position](const transforms::Size& size) {
      sizes_[p * views_.size() + static_cast<std::size_t>(v)] = size;
      return place(v, position, size);
    };
  };
  if (!sample.encoded || sample.draw_image) {
    for (std::int64_t v = 0; v < collate_.num_views(); ++v) {
      collate_.writer(v).write(sample, key, places(v));
    }
    return;
  }
  const Clock::time_point begin = Clock::now();
  const ViewRegion region(collate_, sample, key);
  const media::ImagePart part = region.decode(*sample.encoded, options_.decode);
  decode_ns_ += nanoseconds(Clock::now() - begin);
  for (std::int64_t v = 0; v < collate_.num_views(); ++v) {
    const auto params = region.params(v, part);
    if (params) {
      collate_.writer(v).write(part.pixels, *params, places(v));
    } else {
      collate_.writer(v).write({.image = part.pixels, .index = sample.index}, key, places(v));
    }
  }
}

std::optional<ViewWriter::Target> BatchBuilder::place(std::int64_t view, std::int64_t position,
                                                      const transforms::Size& size) {
  const std::scoped_lock lock(mutex_);
  at::Tensor& images = views_[static_cast<std::size_t>(view)];
  if (!images.defined()) {
    images = memory_->images(this->size(), size, options_.dtype);
  }
  if (images.size(2) != size.height || images.size(3) != size.width) {
    return std::nullopt;  // reported by finish()
  }
  const std::int64_t offset = position * images.stride(0);
  if (options_.dtype == at::kByte) {
    return transforms::kernels::Image{images.mutable_data_ptr<std::uint8_t>() + offset,
                                      images.stride(2), size.height, size.width};
  }
  return ViewWriter::FloatImage{images.mutable_data_ptr<float>() + offset, images.stride(1),
                                images.stride(2), images.stride(3),
                                /*streamed=*/images.nbytes() > kCachedBytes};
}

BatchBuilder::Finished BatchBuilder::finish(std::string_view callee) {
  std::vector<std::size_t> there;
  std::vector<SampleFailure> failures;
  for (std::size_t p = 0; p < filled_.size(); ++p) {
    if (std::optional<SampleFailure>& failure = failures_[p]) {
      TORCH_CHECK(filled_[p] != 0 || options_.on_error == OnError::kSkip, callee, ": ",
                  failure->file_name, ": ", failure->reason,
                  options_.on_error == OnError::kReplace
                      ? " (so did every sample that was to replace it)"
                      : "");
      failures.push_back(std::move(*failure));
    }
    if (filled_[p] != 0) {
      there.push_back(p);
    }
  }
  TORCH_CHECK(!there.empty(), callee,
              ": every sample of a batch failed, the first one: ", failures.front().file_name, ": ",
              failures.front().reason);
  check_sizes(callee, there);
  if (there.size() < filled_.size()) {
    leave_only(there);
  }
  return {.batch = {.views = std::move(views_),
                    .targets = memory_->targets(targets_),
                    .file_names = std::move(file_names_),
                    .indices = std::move(indices_)},
          .failures = std::move(failures)};
}

void BatchBuilder::check_sizes(std::string_view callee,
                               const std::vector<std::size_t>& there) const {
  for (const std::size_t p : there) {
    for (std::size_t v = 0; v < views_.size(); ++v) {
      const transforms::Size& first = sizes_[there.front() * views_.size() + v];
      const transforms::Size& size = sizes_[p * views_.size() + v];
      TORCH_CHECK(size == first, callee, ": ", file_names_[p], ": view ", v,
                  " must have the size of the batch's first, ", first.height, "x", first.width,
                  " of ", file_names_[there.front()], ", got ", size.height, "x", size.width);
    }
  }
}

// Moves the samples that are there to the front, in their order.
void BatchBuilder::leave_only(const std::vector<std::size_t>& there) {
  const at::NoGradGuard no_grad;
  for (std::size_t to = 0; to < there.size(); ++to) {
    const std::size_t from = there[to];
    if (from == to) {
      continue;
    }
    for (const at::Tensor& images : views_) {
      images[static_cast<std::int64_t>(to)].copy_(images[static_cast<std::int64_t>(from)]);
    }
    targets_[to] = targets_[from];
    file_names_[to] = std::move(file_names_[from]);
    indices_[to] = indices_[from];
  }
  const auto count = static_cast<std::int64_t>(there.size());
  for (at::Tensor& images : views_) {
    images = images.narrow(0, 0, count);
  }
  targets_.resize(there.size());
  file_names_.resize(there.size());
  indices_.resize(there.size());
}

BatchBuilder::Times BatchBuilder::times() const {
  constexpr double kSeconds = 1e-9;
  return {.load_seconds = static_cast<double>(load_ns_) * kSeconds,
          .decode_seconds = static_cast<double>(decode_ns_) * kSeconds,
          .view_seconds = static_cast<double>(view_ns_ - decode_ns_) * kSeconds};
}

}  // namespace lightly::data
