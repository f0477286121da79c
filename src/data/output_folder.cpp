#include "data/output_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

namespace lightly::data {

bool stays_inside(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) {
    return false;
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view component = name.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

OutputFolder::OutputFolder(std::string callee, std::filesystem::path path)
    : callee_(std::move(callee)), path_(std::move(path)) {
  std::error_code error;
  std::filesystem::create_directories(path_, error);
  descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  TORCH_CHECK(descriptor_ >= 0, callee_, ": cannot create ", path_.string(), ": ",
              error ? error.message() : std::strerror(errno));
}

OutputFolder::~OutputFolder() {
  ::close(descriptor_);
}

std::filesystem::path OutputFolder::prepare(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  const std::scoped_lock lock(mutex_);
  if (slash != std::string::npos && name.substr(0, slash) != made_) {
    make(name.substr(0, slash));
    made_ = name.substr(0, slash);
  }
  return path_ / name;
}

void OutputFolder::make(const std::string& folders) const {
  int above = descriptor_;
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find('/', begin), folders.size());
    const std::string component = folders.substr(begin, end - begin);
    const bool made = ::mkdirat(above, component.c_str(), 0777) == 0 || errno == EEXIST;
    const int folder =
        made ? ::openat(above, component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
             : -1;
    const int error = errno;
    if (above != descriptor_) {
      ::close(above);
    }
    TORCH_CHECK(folder >= 0, callee_, ": cannot create ", (path_ / folders.substr(0, end)).string(),
                ": ",
                made && (error == ELOOP || error == ENOTDIR) ? "there is a link or a file"
                                                             : std::strerror(error));
    above = folder;
    begin = end + 1;
  }
  ::close(above);
}

}  // namespace lightly::data
