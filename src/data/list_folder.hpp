#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/file_table.hpp"
#include "lightly/data/lightly_dataset.hpp"

namespace lightly::data {

/// What lies in a folder.
struct FolderListing {
  /// Files with one of the image extensions.
  FileTable files;
  /// Names of the sub-folders that are the classes; none when the folder has no sub-folders.
  std::vector<std::string> classes;
  /// Those of them, left out or not, in which there was no image.
  std::vector<std::string> empty_classes;
  /// Relative paths of the videos, at any depth, sorted bytewise.
  std::vector<std::string> videos;
};

/// What list_folder looks for beside images.
struct VideoListing {
  /// Of the errors.
  std::string_view callee;
  /// Endings of videos.
  const std::vector<std::string>& extensions;
};

/// Whether a name has one of the endings, whatever the case of ASCII letters.
bool ends_with_any(std::string_view name, const std::vector<std::string>& endings);

/// Lists a folder and all below it, links to folders included, each folder read once for every path
/// that leads to it. A folder that lies in itself, by a link, is passed over. Throws c10::Error
/// that names what cannot be read; see LightlyDataset for what is listed.
FolderListing list_folder(const std::filesystem::path& root, const LightlyDatasetOptions& options,
                          const VideoListing& videos);

}  // namespace lightly::data
