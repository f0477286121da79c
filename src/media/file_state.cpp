#include "media/file_state.hpp"

#include <sys/stat.h>

namespace lightly::media {
namespace {

FileState state_of(const struct stat& status) {
  return {
      .size_bytes = status.st_size,
      .modified_ns = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

}  // namespace

std::optional<FileState> file_state(const std::filesystem::path& file) {
  struct stat status = {};
  return stat(file.c_str(), &status) == 0 ? std::optional(state_of(status)) : std::nullopt;
}

std::optional<FileState> file_state(int descriptor) {
  struct stat status = {};
  return fstat(descriptor, &status) == 0 ? std::optional(state_of(status)) : std::nullopt;
}

}  // namespace lightly::media
