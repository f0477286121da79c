#include "lightly/training/progress.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// A clock that stands still until it is told.
struct Clock {
  std::shared_ptr<double> now = std::make_shared<double>(1000.0);
  double operator()() const { return *now; }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

TEST(Progress, ShowsBarCountRateNoteAndRemainingTimeOnATerminal) {
  std::ostringstream out;
  const Clock clock;
  Progress progress(out, {.label = "epoch 2/5", .total = 195, .columns = 80, .clock = clock});
  for (int step = 0; step < 88; ++step) {
    *clock.now += 256.0 / 2310.0;
    progress.advance(256, "loss 5.123");
  }
  const std::string text = out.str();
  EXPECT_EQ(
      text.substr(text.rfind('\r') + 1),
      "epoch 2/5  [======>       ]  45%   88/195  2,310 images/s  loss 5.123  eta 0:12\x1b[K");
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Progress, EndsWithTheTimeTakenAndANewLine) {
  std::ostringstream out;
  const Clock clock;
  Progress progress(out, {.total = 2, .columns = 60, .clock = clock});
  *clock.now += 30.0;
  progress.advance(3);
  *clock.now += 35.0;
  progress.advance(3);
  progress.finish();
  progress.finish();
  const std::string text = out.str();
  EXPECT_EQ(text.substr(text.rfind('\r') + 1),
            "[======================] 100%  2/2  0.1 images/s  time 1:05\x1b[K\n");
}

TEST(Progress, RedrawsAtMostTenTimesASecond) {
  std::ostringstream out;
  const Clock clock;
  Progress progress(out, {.total = 10'000, .columns = 80, .clock = clock});
  for (int step = 0; step < 5'000; ++step) {
    *clock.now += 0.001;
    progress.advance(1);
  }
  const std::string text = out.str();
  const auto draws = std::count(text.begin(), text.end(), '\r');
  EXPECT_GE(draws, 45);
  EXPECT_LE(draws, 51);
}

TEST(Progress, NeverIsWiderThanTheTerminal) {
  for (const int columns : {1, 10, 30, 50, 70, 200}) {
    std::ostringstream out;
    const Clock clock;
    Progress progress(out, {.label = "epoch 2/5", .total = 20, .columns = columns, .clock = clock});
    *clock.now += 1.0;
    progress.advance(100, "loss 5.123");
    std::string text = out.str();
    text = text.substr(text.rfind('\r') + 1);
    EXPECT_LT(text.size() - std::string("\x1b[K").size(), static_cast<std::size_t>(columns));
    EXPECT_EQ(text.find('[') < text.find('\x1b'), columns >= 70) << text;
  }
}

TEST(Progress, WritesALineEveryTenthWithoutATerminal) {
  std::ostringstream out;
  const Clock clock;
  {
    Progress progress(out, {.label = "epoch 1/2", .total = 40, .clock = clock});
    for (int step = 0; step < 40; ++step) {
      *clock.now += 0.5;
      progress.advance(128, "loss 1");
    }
  }
  const std::vector<std::string> lines = lines_of(out.str());
  ASSERT_EQ(lines.size(), 10U);
  EXPECT_EQ(lines.front(), "epoch 1/2   10%   4/40  256 images/s  loss 1  eta 0:18");
  EXPECT_EQ(lines.back(), "epoch 1/2  100%  40/40  256 images/s  loss 1  time 0:20");
  EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(out.str(), Not(HasSubstr("\r")));
}

TEST(Progress, WritesALineAfterSomeSecondsToo) {
  std::ostringstream out;
  const Clock clock;
  Progress progress(out, {.unit = "clips", .total = 1000, .plain_seconds = 30.0, .clock = clock});
  for (int step = 0; step < 6; ++step) {
    *clock.now += 12.0;
    progress.advance(30);
  }
  EXPECT_THAT(lines_of(out.str()), ElementsAre("  0%     3/1000  2.5 clips/s  eta 3:19:24",
                                               "  0%     6/1000  2.5 clips/s  eta 3:18:48"));
}

TEST(Progress, CountsFromTheResumePointAndEndsEarlyWithoutClaimingTheEnd) {
  std::ostringstream out;
  const Clock clock;
  Progress progress(out, {.total = 100, .done = 90, .clock = clock});
  *clock.now += 2.0;
  progress.advance(400);
  progress.finish();
  EXPECT_THAT(lines_of(out.str()), ElementsAre(" 91%   91/100  200 images/s  eta 0:18"));
}

TEST(Progress, RejectsBadArguments) {
  std::ostringstream out;
  EXPECT_EQ(error_text([&] { Progress(out, {.total = 0}); }),
            "Progress: total must be >= 1, got 0");
  EXPECT_EQ(error_text([&] { Progress(out, {.total = 5, .done = 6}); }),
            "Progress: done must be in [0, total = 5], got 6");
  EXPECT_EQ(error_text([&] { Progress(out, {.columns = -1}); }),
            "Progress: columns must be >= 0, got -1");
  EXPECT_THAT(error_text([&] { Progress(out, {.plain_seconds = 0.0}); }),
              HasSubstr("Progress: plain_seconds must be > 0"));
  Progress progress(out, {.total = 1});
  EXPECT_THAT(error_text([&] { progress.advance(-1); }), HasSubstr("items must be >= 0, got -1"));
  progress.advance(1);
  EXPECT_EQ(error_text([&] { progress.advance(1); }), "Progress: all 1 steps are done already");
}

TEST(Progress, AFileIsNoTerminal) {
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(terminal_columns(file), 0);
  ::close(file);
}

TEST(ProgressText, SeparatesThousands) {
  EXPECT_EQ(with_separators(0), "0");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_separators(1000), "1,000");
  EXPECT_EQ(with_separators(-1234567), "-1,234,567");
  EXPECT_EQ(with_separators(-123), "-123");
}

TEST(ProgressText, WritesTimesAsAClock) {
  EXPECT_EQ(clock_text(0.0), "0:00");
  EXPECT_EQ(clock_text(42.4), "0:42");
  EXPECT_EQ(clock_text(59.6), "1:00");
  EXPECT_EQ(clock_text(3723.0), "1:02:03");
  EXPECT_EQ(clock_text(-5.0), "0:00");
}

}  // namespace
}  // namespace lightly::training
