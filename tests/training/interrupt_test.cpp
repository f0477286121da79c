#include "lightly/training/interrupt.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;

volatile std::sig_atomic_t own_handler_calls = 0;

void own_handler(int) {
  own_handler_calls = own_handler_calls + 1;
}

TEST(InterruptGuard, TurnsTheFirstSignalIntoAFlag) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const InterruptGuard guard;
    EXPECT_FALSE(guard.requested());
    EXPECT_EQ(guard.signal(), 0);
    ASSERT_EQ(std::raise(signal), 0);
    EXPECT_TRUE(guard.requested());
    EXPECT_EQ(guard.signal(), signal);
  }
}

TEST(InterruptGuard, TheSecondSignalEndsTheProcess) {
  // In a process of its own: ThreadSanitizer keeps signals back in the fork of one with threads.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto raise_two = [](int second) {
    const InterruptGuard guard;
    std::raise(SIGINT);
    std::raise(second);
  };
  EXPECT_EXIT(raise_two(SIGINT), ::testing::KilledBySignal(SIGINT), "");
  EXPECT_EXIT(raise_two(SIGTERM), ::testing::KilledBySignal(SIGTERM), "");
}

TEST(InterruptGuard, PutsBackTheOldHandler) {
  const auto before = std::signal(SIGINT, own_handler);
  own_handler_calls = 0;
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    EXPECT_EQ(own_handler_calls, 0);
  }
  std::raise(SIGINT);
  EXPECT_EQ(own_handler_calls, 1);
  std::signal(SIGINT, before);
}

TEST(InterruptGuard, LeavesAnIgnoredSignalIgnored) {
  const auto before = std::signal(SIGINT, SIG_IGN);
  {
    const InterruptGuard guard;
    std::raise(SIGINT);
    EXPECT_FALSE(guard.requested());
  }
  std::signal(SIGINT, before);
}

TEST(InterruptGuard, IsAloneButMayBeMadeAgain) {
  {
    const InterruptGuard guard;
    EXPECT_EQ(error_text([] { const InterruptGuard second; }),
              "InterruptGuard: there is one already");
    std::raise(SIGINT);
    EXPECT_TRUE(guard.requested());
  }
  const InterruptGuard again;
  EXPECT_FALSE(again.requested());
}

}  // namespace
}  // namespace lightly::training
