#include "data/folder_source.hpp"

#include <utility>

#include <c10/util/Exception.h>

#ifdef LIGHTLY_VIDEO
#include "lightly/data/video_dataset.hpp"
#endif

namespace lightly::data {
namespace {

class ImageFiles : public FolderSource {
 public:
  ImageFiles(std::filesystem::path folder, FileTable files,
             const media::EncodedImageOptions& options)
      : folder_(std::move(folder)), files_(std::move(files)), options_(options) {}

  std::int64_t size() const override { return files_.size(); }

  Sample load(std::int64_t index) const override {
    std::string name = files_.name(index);
    const std::filesystem::path path = folder_ / name;
    return {.target = files_.target(index),
            .file_name = std::move(name),
            .index = index,
            .encoded = media::read_encoded_image(path, options_)};
  }

  std::string name(std::int64_t index) const override { return files_.name(index); }
  std::int64_t target(std::int64_t index) const override { return files_.target(index); }
  std::string file(std::int64_t index) const override { return files_.name(index); }

  std::optional<std::int64_t> find(std::string_view name) const override {
    return files_.find(name);
  }

 private:
  std::filesystem::path folder_;
  FileTable files_;
  media::EncodedImageOptions options_;
};

#ifdef LIGHTLY_VIDEO
class FramesOfVideos : public FolderSource {
 public:
  explicit FramesOfVideos(std::shared_ptr<const VideoDataset> videos)
      : videos_(std::move(videos)) {}

  std::int64_t size() const override { return videos_->size(); }
  Sample load(std::int64_t index) const override { return videos_->get(index); }
  std::string name(std::int64_t index) const override { return videos_->file_name(index); }
  std::int64_t target(std::int64_t index) const override { return videos_->video(index); }

  std::string file(std::int64_t index) const override {
    return videos_->videos()[static_cast<std::size_t>(videos_->video(index))].name;
  }

  std::optional<std::int64_t> find(std::string_view name) const override {
    return videos_->index_of(name);
  }

 private:
  std::shared_ptr<const VideoDataset> videos_;
};
#endif

}  // namespace

std::unique_ptr<const FolderSource> image_source(std::filesystem::path folder, FileTable files,
                                                 const media::EncodedImageOptions& options) {
  return std::make_unique<const ImageFiles>(std::move(folder), std::move(files), options);
}

std::unique_ptr<const FolderSource> video_source(
    [[maybe_unused]] std::shared_ptr<const VideoDataset> videos) {
#ifdef LIGHTLY_VIDEO
  return std::make_unique<const FramesOfVideos>(std::move(videos));
#else
  TORCH_CHECK(false, "LightlyDataset: this build leaves out videos (LIGHTLY_VIDEO)");
#endif
}

}  // namespace lightly::data
