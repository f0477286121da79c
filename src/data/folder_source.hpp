#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "data/file_table.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/media/encoded_image.hpp"

namespace lightly::data {

class VideoDataset;

/// What a LightlyDataset has its samples from: the image files of a folder, or its videos' frames.
/// Immutable and thread-safe; indices are in [0, size()).
class FolderSource {
 public:
  virtual ~FolderSource() = default;

  virtual std::int64_t size() const = 0;
  virtual Sample load(std::int64_t index) const = 0;
  /// The name, relative to the folder.
  virtual std::string name(std::int64_t index) const = 0;
  virtual std::int64_t target(std::int64_t index) const = 0;
  /// The file that the sample is in, relative to the folder.
  virtual std::string file(std::int64_t index) const = 0;
  virtual std::optional<std::int64_t> find(std::string_view name) const = 0;
};

std::unique_ptr<const FolderSource> image_source(std::filesystem::path folder, FileTable files,
                                                 const media::EncodedImageOptions& options);

/// Throws c10::Error in a build without videos.
std::unique_ptr<const FolderSource> video_source(std::shared_ptr<const VideoDataset> videos);

}  // namespace lightly::data
