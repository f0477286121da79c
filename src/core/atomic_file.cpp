#include "lightly/core/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

namespace lightly::core {
namespace {

bool is_at(int descriptor, const std::filesystem::path& path) {
  struct stat opened{};
  struct stat named{};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
  temporary_ += ".tmp";
  while (descriptor_ < 0) {
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (descriptor_ < 0) {
      fail("create");
    }
    // The lock says that the file is being written; one that a killed process left has none. On a
    // file system without locks two writers are not kept apart.
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      ::close(descriptor_);
      TORCH_CHECK(false, "AtomicFile: cannot create ", path_.string(), ": ", temporary_.string(),
                  " is being written by another");
    }
    // Another writer may have renamed or removed the file before it was locked here.
    if (!is_at(descriptor_, temporary_)) {
      ::close(std::exchange(descriptor_, -1));
    }
  }
  if (::ftruncate(descriptor_, 0) != 0) {
    close_and_remove();
    fail("empty");
  }
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) {
    close_and_remove();
  }
}

void AtomicFile::close_and_remove() {
  const int error = errno;  // what failed before, for fail()
  // Removed while the lock is held: afterwards the name may be another's.
  std::error_code ignored;
  std::filesystem::remove(temporary_, ignored);
  ::close(std::exchange(descriptor_, -1));
  errno = error;
}

void AtomicFile::write(std::string_view bytes) {
  TORCH_CHECK(descriptor_ >= 0, "AtomicFile: write after the end to ", path_.string());
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      close_and_remove();  // so that a part can never be committed
      fail("write");
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
}

void AtomicFile::commit() {
  TORCH_CHECK(descriptor_ >= 0, "AtomicFile: commit after the end of ", path_.string());
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
