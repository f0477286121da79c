#include "data/image_folder.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <torch/types.h>

#include "lightly/media/image_io.hpp"

namespace lightly::data {

ImageFolder::ImageFolder(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    add(name);
  }
}

void ImageFolder::add(const std::string& name, const std::string& bytes) const {
  std::filesystem::create_directories((path() / name).parent_path());
  lightly::testing::write_file(path() / name, bytes);
}

void ImageFolder::add_image(const std::string& name, int value) const {
  std::filesystem::create_directories((path() / name).parent_path());
  media::save_png(path() / name, torch::full({3, 4, 3}, value, torch::kByte));
}

void ImageFolder::link(const std::string& name, const std::string& target) const {
  std::filesystem::create_symlink(target, path() / name);
}

::testing::AssertionResult right_without_privileges(const std::function<bool()>& callable) {
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) {
      ::_exit(2);
    }
    ::_exit(callable() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? ::testing::AssertionSuccess()
                     : ::testing::AssertionFailure() << "the child's wait status is " << status;
}

}  // namespace lightly::data
