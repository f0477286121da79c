#include "lightly/core/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

namespace lightly::core {

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
  // The process id keeps two processes that write the same file out of each other's way.
  temporary_ += "." + std::to_string(::getpid()) + ".tmp";
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    fail("create");
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    std::error_code ignored;
    std::filesystem::remove(temporary_, ignored);
  }
}

void AtomicFile::write(std::string_view bytes) {
  TORCH_CHECK(descriptor_ >= 0, "AtomicFile: write after commit to ", path_.string());
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      fail("write");
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
}

void AtomicFile::commit() {
  TORCH_CHECK(descriptor_ >= 0, "AtomicFile: commit called twice for ", path_.string());
  if (::fsync(descriptor_) != 0) {
    fail("flush");
  }
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    fail("rename to");
  }
  ::close(std::exchange(descriptor_, -1));
  // The rename itself is durable once the folder is flushed; a file system that cannot do it is no
  // error.
  const std::filesystem::path folder = path_.has_parent_path() ? path_.parent_path() : ".";
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor >= 0) {
    ::fsync(folder_descriptor);
    ::close(folder_descriptor);
  }
}

void AtomicFile::fail(const char* what) const {
  const int error = errno;
  TORCH_CHECK(false, "AtomicFile: cannot ", what, " ", path_.string(), ": ", std::strerror(error));
}

}  // namespace lightly::core
