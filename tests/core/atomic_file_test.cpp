#include "lightly/core/atomic_file.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::core {
namespace {

using lightly::testing::count_files;
using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::right_on_a_full_disk;
using lightly::testing::TemporaryFolder;
using lightly::testing::write_file;
using ::testing::AnyOf;
using ::testing::HasSubstr;

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

TEST(AtomicFile, UsesAgainWhatAKilledProcessLeft) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    AtomicFile file(folder / "a.txt");
    file.write("a long half of a file");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(count_files(folder.path()), 1U);
  AtomicFile file(folder / "a.txt");
  file.write("whole");
  file.commit();
  EXPECT_EQ(read_file(folder / "a.txt"), "whole");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, RefusesASecondWriterOfTheSameFile) {
  const TemporaryFolder folder;
  AtomicFile first(folder / "a.txt");
  EXPECT_THAT(error_text([&] { AtomicFile(folder / "a.txt"); }),
              HasSubstr("a.txt.tmp is being written by another"));
  first.write("first");
  first.commit();
  EXPECT_EQ(read_file(folder / "a.txt"), "first");
  AtomicFile(folder / "a.txt").commit();
  EXPECT_EQ(read_file(folder / "a.txt"), "");
}

TEST(AtomicFile, DoesNotFollowALinkOfTheTemporaryName) {
  const TemporaryFolder folder;
  write_file(folder / "other.txt", "of another");
  std::filesystem::create_symlink(folder / "other.txt", folder / "a.txt.tmp");
  EXPECT_THAT(error_text([&] { AtomicFile(folder / "a.txt"); }), HasSubstr("cannot create"));
  EXPECT_EQ(read_file(folder / "other.txt"), "of another");
}

TEST(AtomicFile, LetsRacingWritersReplaceEachOthersFilesWhole) {
  const TemporaryFolder folder;
  const auto write_often = [&](char letter) {
    for (int i = 0; i < 200; ++i) {
      try {
        AtomicFile file(folder / "a.txt");
        file.write(std::string(1000, letter));
        file.commit();
      } catch (const c10::Error&) {  // the other is writing
      }
    }
  };
  std::thread other([&] { write_often('b'); });
  write_often('a');
  other.join();
  const std::string text = read_file(folder / "a.txt");
  EXPECT_THAT(text, AnyOf(std::string(1000, 'a'), std::string(1000, 'b')));
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, NamesFileAndReasonWhenTheFolderIsMissing) {
  EXPECT_EQ(error_text([] { AtomicFile("/nonexistent-folder/x.bin"); }),
            "AtomicFile: cannot create /nonexistent-folder/x.bin: No such file or directory");
}

TEST(AtomicFile, NamesFileAndReasonWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_file(folder / "a.bin", "old");
  EXPECT_TRUE(right_on_a_full_disk(1000, [&] {
    AtomicFile file(folder / "a.bin");
    const std::string text = error_text([&] { file.write(std::string(5000, 'x')); });
    const std::string after = error_text([&] { file.commit(); });
    return text.find("cannot write") != std::string::npos &&
           text.find("a.bin: File too large") != std::string::npos &&
           after.find("commit after the end") != std::string::npos;
  }));
  EXPECT_EQ(read_file(folder / "a.bin"), "old");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(AtomicFile, RefusesToGoOnAfterCommit) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a.bin");
  file.commit();
  EXPECT_THAT(error_text([&] { file.write("x"); }), HasSubstr("write after the end to "));
  EXPECT_THAT(error_text([&] { file.commit(); }), HasSubstr("commit after the end of "));
}

}  // namespace
}  // namespace lightly::core
