#include "data/video_folder.hpp"

#include <system_error>

#include "lightly/media/video_reader.hpp"
#include "support/matchers.hpp"

namespace lightly::data {

void VideoFolder::add_video(const std::string& name, const std::string& clip) const {
  std::filesystem::create_directories((path() / name).parent_path());
  std::filesystem::copy_file(clip_path(clip), path() / name);
}

std::int64_t VideoFolder::count_open() const {
  std::int64_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string file = std::filesystem::read_symlink(entry.path(), gone).string();
    count += file.starts_with(path().string() + "/") ? 1 : 0;
  }
  return count;
}

std::filesystem::path clip_path(const std::string& clip) {
  return lightly::testing::test_data("video/torchcodec/" + clip);
}

at::Tensor frames_of(const std::filesystem::path& video) {
  media::VideoReader reader(video);
  return reader.frames(0, reader.size());
}

std::vector<std::string> names_of(const Dataset& dataset) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < dataset.size(); ++i) {
    names.push_back(dataset.file_name(i));
  }
  return names;
}

}  // namespace lightly::data
