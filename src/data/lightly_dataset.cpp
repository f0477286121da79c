#include "lightly/data/lightly_dataset.hpp"

#include <algorithm>
#include <numeric>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

#include "data/file_table.hpp"
#include "data/folder_source.hpp"
#include "data/joined.hpp"
#include "data/list_folder.hpp"
#include "data/some_names.hpp"
#include "lightly/data/video_extensions.hpp"
#ifdef LIGHTLY_VIDEO
#include "lightly/data/video_dataset.hpp"
#endif

namespace lightly::data {
namespace {

// The data set of a folder with videos, at least one.
std::shared_ptr<const VideoDataset> load_videos(
    const std::filesystem::path& input_dir, [[maybe_unused]] const LightlyDatasetOptions& options,
    std::vector<std::string> videos) {
#ifdef LIGHTLY_VIDEO
  VideoDatasetOptions video_options;
  video_options.videos = std::move(videos);
  video_options.filenames = options.filenames;
  return std::make_shared<const VideoDataset>(input_dir, std::move(video_options));
#else
  TORCH_CHECK(false, "LightlyDataset: ", input_dir.string(),
              " holds videos, which this build leaves out (LIGHTLY_VIDEO), got ", videos.front());
#endif
}

void check_listing(const FolderListing& listing, const std::filesystem::path& input_dir,
                   const LightlyDatasetOptions& options) {
  const bool has_classes = !listing.classes.empty() || !listing.empty_classes.empty();
  TORCH_CHECK(listing.files.size() > 0, "LightlyDataset: found 0 files in folder ",
              input_dir.string(), has_classes ? "'s sub-folders, which are its classes" : "",
              "; supported extensions are ", joined(options.extensions));
  TORCH_CHECK(listing.empty_classes.empty() || options.empty_classes != EmptyClasses::kRefuse,
              "LightlyDataset: found no file for the classes ", some_names(listing.empty_classes),
              " in ", input_dir.string(), " (see empty_classes); supported extensions are ",
              joined(options.extensions));
}

FileTable selected(const FileTable& files, const std::vector<std::string>& filenames,
                   const std::filesystem::path& input_dir) {
  TORCH_CHECK_VALUE(!filenames.empty(),
                    "LightlyDataset: filenames must name at least one file, got none");
  std::vector<bool> keep(static_cast<std::size_t>(files.size()), false);
  std::vector<std::string> unknown;
  for (const std::string& name : filenames) {
    if (const std::optional<std::int64_t> index = files.find(name)) {
      keep[static_cast<std::size_t>(*index)] = true;
    } else {
      unknown.push_back(name);
    }
  }
  TORCH_CHECK_VALUE(unknown.empty(), "LightlyDataset: filenames must be in ", input_dir.string(),
                    ", got ", unknown.size(), " that are not: ", some_names(unknown));
  return files.selection([&](std::int64_t index) { return keep[static_cast<std::size_t>(index)]; });
}

}  // namespace

struct LightlyDataset::Names {
  std::vector<std::string> names;
  // The indices, sorted by name.
  std::vector<std::int64_t> sorted;

  const std::string& of(std::int64_t index) const { return names[static_cast<std::size_t>(index)]; }

  Names(const FolderSource& source,
        const std::function<std::string(const std::string&, std::int64_t)>& index_to_filename)
      : sorted(static_cast<std::size_t>(source.size())) {
    names.reserve(sorted.size());
    for (std::int64_t index = 0; index < source.size(); ++index) {
      names.push_back(index_to_filename(source.name(index), index));
    }
    std::iota(sorted.begin(), sorted.end(), 0);
    std::sort(sorted.begin(), sorted.end(),
              [this](std::int64_t a, std::int64_t b) { return of(a) < of(b); });
    const auto twice =
        std::adjacent_find(sorted.begin(), sorted.end(),
                           [this](std::int64_t a, std::int64_t b) { return of(a) == of(b); });
    TORCH_CHECK_VALUE(twice == sorted.end(),
                      "LightlyDataset: index_to_filename must give each sample another name, got ",
                      of(*twice), " twice");
  }

  std::optional<std::int64_t> find(std::string_view name) const {
    const auto found =
        std::lower_bound(sorted.begin(), sorted.end(), name,
                         [this](std::int64_t a, std::string_view b) { return of(a) < b; });
    if (found == sorted.end() || of(*found) != name) {
      return std::nullopt;
    }
    return *found;
  }
};

void LightlyDatasetOptions::check() const {
  const auto empty = [](const std::string& extension) { return extension.empty(); };
  TORCH_CHECK_VALUE(
      !extensions.empty() && std::none_of(extensions.begin(), extensions.end(), empty),
      "LightlyDataset: extensions must be at least one ending that is not empty, got \"",
      joined(extensions), "\"");
  image.check();
}

LightlyDataset::LightlyDataset(std::filesystem::path input_dir, LightlyDatasetOptions options)
    : input_dir_(std::move(input_dir)) {
  options.check();
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::status(input_dir_, error).type();
  TORCH_CHECK_VALUE(type != std::filesystem::file_type::not_found,
                    "LightlyDataset: the input directory ", input_dir_.string(), " does not exist");
  const std::vector<std::string> endings = video_extensions();
  FolderListing listing =
      list_folder(input_dir_, options, {.callee = "LightlyDataset", .extensions = endings});
  if (!listing.videos.empty()) {
    take_videos(load_videos(input_dir_, options, std::move(listing.videos)));
  } else {
    check_listing(listing, input_dir_, options);
    classes_ = std::move(listing.classes);
    if (options.filenames.has_value()) {
      listing.files = selected(listing.files, *options.filenames, input_dir_);
    }
    source_ = image_source(input_dir_, std::move(listing.files), options.image);
  }
  if (options.index_to_filename) {
    names_ = std::make_unique<const Names>(*source_, options.index_to_filename);
  }
}

LightlyDataset::LightlyDataset(std::shared_ptr<const VideoDataset> videos) {
  TORCH_CHECK_VALUE(videos != nullptr, "LightlyDataset: videos must not be null");
  take_videos(std::move(videos));
}

LightlyDataset::~LightlyDataset() = default;

void LightlyDataset::take_videos(std::shared_ptr<const VideoDataset> videos) {
  source_ = video_source(videos);
#ifdef LIGHTLY_VIDEO
  input_dir_ = videos->root();
  for (const DatasetVideo& video : videos->videos()) {
    classes_.push_back(video.name);
  }
#endif
  videos_ = std::move(videos);
}

std::int64_t LightlyDataset::size() const {
  return source_->size();
}

Sample LightlyDataset::get(std::int64_t index) const {
  check_index(index);
  Sample sample = source_->load(index);
  if (names_) {
    sample.file_name = names_->of(index);
  }
  return sample;
}

std::string LightlyDataset::file_name(std::int64_t index) const {
  check_index(index);
  return names_ ? names_->of(index) : source_->name(index);
}

std::filesystem::path LightlyDataset::path(std::int64_t index) const {
  check_index(index);
  return input_dir_ / source_->file(index);
}

std::int64_t LightlyDataset::target(std::int64_t index) const {
  check_index(index);
  return source_->target(index);
}

std::vector<std::string> LightlyDataset::get_filenames() const {
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(size()));
  for (std::int64_t index = 0; index < size(); ++index) {
    names.push_back(file_name(index));
  }
  return names;
}

std::vector<std::int64_t> LightlyDataset::targets() const {
  std::vector<std::int64_t> targets;
  targets.reserve(static_cast<std::size_t>(size()));
  for (std::int64_t index = 0; index < size(); ++index) {
    targets.push_back(source_->target(index));
  }
  return targets;
}

std::map<std::string, std::int64_t, std::less<>> LightlyDataset::class_to_idx() const {
  std::map<std::string, std::int64_t, std::less<>> indices;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    indices.emplace(classes_[i], static_cast<std::int64_t>(i));
  }
  return indices;
}

std::optional<std::int64_t> LightlyDataset::index_of(std::string_view name) const {
  return names_ ? names_->find(name) : source_->find(name);
}

void LightlyDataset::check_index(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size(), "LightlyDataset: index must be in [0, ", size(),
                    "), got ", index);
}

}  // namespace lightly::data
