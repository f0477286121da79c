#include "core/input_file.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <c10/util/Exception.h>

namespace lightly::core {

InputFile::InputFile(std::string_view callee, const std::filesystem::path& path)
    : where_(c10::str(callee, ": ", path.string())) {
  // Asked first: a pipe would wait for its writer, and a folder opens like a file.
  std::error_code error;
  const std::filesystem::file_type type = std::filesystem::status(path, error).type();
  TORCH_CHECK(type != std::filesystem::file_type::none, callee, ": cannot open ", path.string(),
              ": ", error.message());
  TORCH_CHECK(
      type == std::filesystem::file_type::not_found || type == std::filesystem::file_type::regular,
      callee, ": cannot open ", path.string(), ": not a regular file");
  stream_.open(path, std::ios::binary | std::ios::ate);
  TORCH_CHECK(stream_, callee, ": cannot open ", path.string(), ": ", std::strerror(errno));
  size_ = static_cast<std::uint64_t>(stream_.tellg());
}

void InputFile::check_inside(std::uint64_t offset, std::uint64_t bytes,
                             std::string_view what) const {
  TORCH_CHECK(offset <= size_ && bytes <= size_ - offset, where_, ": ", what, " needs ", bytes,
              " bytes from ", offset, " on, the file has ", size_);
}

void InputFile::read(std::uint64_t offset, void* into, std::uint64_t bytes, std::string_view what) {
  check_inside(offset, bytes, what);
  stream_.seekg(static_cast<std::streamoff>(offset));
  TORCH_CHECK(stream_.read(static_cast<char*>(into), static_cast<std::streamsize>(bytes)), where_,
              ": cannot read ", what);
}

std::string InputFile::read(std::uint64_t offset, std::uint64_t bytes, std::string_view what) {
  check_inside(offset, bytes, what);
  std::string text(bytes, '\0');
  read(offset, text.data(), bytes, what);
  return text;
}

}  // namespace lightly::core
