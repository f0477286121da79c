#include "lightly/core/atomic_file.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::core {
namespace {

using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::write_file;
using ::testing::HasSubstr;

std::size_t count_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(AtomicFile, ReplacesOnlyOnCommit) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.write("new ");
    file.write("content");
    EXPECT_EQ(read_file(folder / "a.txt"), "old");
    file.commit();
  }
  EXPECT_EQ(read_file(folder / "a.txt"), "new content");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, WithoutCommitNothingIsLeft) {
  const TemporaryFolder folder;
  write_file(folder / "a.txt", "old");
  {
    AtomicFile(folder / "a.txt").write("half");
  }
  EXPECT_EQ(read_file(folder / "a.txt"), "old");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, NamesFileAndReasonWhenTheFolderIsMissing) {
  EXPECT_EQ(error_text([] { AtomicFile("/nonexistent-folder/x.bin"); }),
            "AtomicFile: cannot create /nonexistent-folder/x.bin: No such file or directory");
}

TEST(AtomicFile, NamesFileAndReasonWhenTheDiskIsFull) {
  // A file size limit in a child process: write() fails as it does on a full disk, and the old file
  // stays.
  const TemporaryFolder folder;
  write_file(folder / "a.bin", "old");
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string text = error_text([&] {
      AtomicFile file(folder / "a.bin");
      file.write(std::string(5000, 'x'));
      file.commit();
    });
    const bool right = text.find("cannot write") != std::string::npos &&
                       text.find("a.bin: File too large") != std::string::npos;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(folder / "a.bin"), "old");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, RefusesToGoOnAfterCommit) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a.bin");
  file.commit();
  EXPECT_THAT(error_text([&] { file.write("x"); }), HasSubstr("write after commit"));
  EXPECT_THAT(error_text([&] { file.commit(); }), HasSubstr("commit called twice"));
}

}  // namespace
}  // namespace lightly::core
