#include "lightly/data/check_images.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include <c10/util/Exception.h>

#include "data/parallel.hpp"
#include "lightly/core/check.hpp"

namespace lightly::data {
namespace {

// Why the image cannot be loaded, or nothing.
std::optional<std::string> reason_against(const LightlyDataset& dataset, std::int64_t index) {
  try {
    dataset.get(index).pixels();
    return std::nullopt;
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  }
}

}  // namespace

void CheckImagesOptions::check() const {
  core::check_at_least("check_images", "num_workers", num_workers, 0);
  dataset.check();
}

CheckImagesReport check_images(const std::filesystem::path& input_dir,
                               const CheckImagesOptions& options) {
  options.check();
  const LightlyDataset dataset(input_dir, options.dataset);
  std::vector<std::optional<std::string>> reasons(static_cast<std::size_t>(dataset.size()));
  for_each_in_parallel(
      dataset.size(), options.num_workers,
      [&](std::int64_t index) {
        reasons[static_cast<std::size_t>(index)] = reason_against(dataset, index);
      },
      options.progress);
  CheckImagesReport report;
  for (std::int64_t index = 0; index < dataset.size(); ++index) {
    if (std::optional<std::string>& reason = reasons[static_cast<std::size_t>(index)]) {
      report.corrupt.push_back({.name = dataset.file_name(index), .reason = std::move(*reason)});
    } else {
      report.healthy.push_back(dataset.file_name(index));
    }
  }
  return report;
}

}  // namespace lightly::data
