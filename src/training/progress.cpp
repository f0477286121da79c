#include "lightly/training/progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"

namespace lightly::training {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr int kWidestBar = 30;
constexpr int kNarrowestBar = 5;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string bar(std::int64_t done, std::int64_t total, int width) {
  const auto filled = static_cast<int>(done * width / total);
  std::string text(static_cast<std::size_t>(width), ' ');
  std::fill_n(text.begin(), filled, '=');
  if (filled < width) {
    text[static_cast<std::size_t>(filled)] = '>';
  }
  return "[" + text + "]";
}

std::string rate_text(double rate, const std::string& unit) {
  if (rate >= 100.0) {
    return with_separators(std::llround(rate)) + " " + unit + "/s";
  }
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%.1f", rate);
  return digits.data() + (" " + unit) + "/s";
}

}  // namespace

void ProgressOptions::check() const {
  core::check_at_least("Progress", "total", total, 1);
  TORCH_CHECK_VALUE(done >= 0 && done <= total, "Progress: done must be in [0, total = ", total,
                    "], got ", done);
  core::check_at_least("Progress", "columns", columns, 0);
  core::check_positive("Progress", "plain_seconds", plain_seconds);
}

Progress::Progress(std::ostream& stream, ProgressOptions options)
    : stream_(stream), options_(std::move(options)) {
  options_.check();
  if (!options_.clock) {
    options_.clock = steady_seconds;
  }
  start_ = options_.clock();
  last_drawn_ = start_;
  done_ = options_.done;
  last_drawn_done_ = done_;
  if (options_.columns > 0) {
    draw(start_);
  }
}

Progress::~Progress() {
  finish();
}

void Progress::advance(std::int64_t items, std::string_view note) {
  TORCH_CHECK(done_ < options_.total, "Progress: all ", options_.total, " steps are done already");
  core::check_at_least("Progress", "items", items, 0);
  ++done_;
  items_ += items;
  note_ = note;
  const double now = options_.clock();
  if (done_ == options_.total) {
    return;  // finish() draws it
  }
  const auto tenth = [this](std::int64_t done) { return done * 10 / options_.total; };
  const bool due = options_.columns > 0 ? now - last_drawn_ >= kRedrawSeconds
                                        : tenth(done_) > tenth(last_drawn_done_) ||
                                              now - last_drawn_ >= options_.plain_seconds;
  if (due) {
    draw(now);
  }
}

void Progress::finish() {
  if (finished_) {
    return;
  }
  finished_ = true;
  const bool terminal = options_.columns > 0;
  if (terminal || done_ > last_drawn_done_) {
    draw(options_.clock());
  }
  if (terminal) {
    stream_ << '\n' << std::flush;
  }
}

std::string Progress::line(double now) const {
  const std::int64_t steps = done_ - options_.done;
  const double elapsed = now - start_;
  std::array<char, 8> percent{};
  std::snprintf(percent.data(), percent.size(), "%3d%%",
                static_cast<int>(done_ * 100 / options_.total));
  std::string tail = percent.data();
  const std::string total = std::to_string(options_.total);
  const std::string count = std::to_string(done_);
  tail += "  " + std::string(total.size() - count.size(), ' ') + count + "/" + total;
  if (steps > 0 && elapsed > 0.0) {
    tail += "  " + rate_text(static_cast<double>(items_) / elapsed, options_.unit);
  }
  if (!note_.empty()) {
    tail += "  " + note_;
  }
  if (done_ == options_.total) {
    tail += "  time " + clock_text(elapsed);
  } else if (steps > 0) {
    tail += "  eta " + clock_text(elapsed / static_cast<double>(steps) *
                                  static_cast<double>(options_.total - done_));
  }
  std::string head = options_.label.empty() ? "" : options_.label + "  ";
  if (options_.columns == 0) {
    return head + tail;
  }
  // The last column stays free: some terminals wrap as soon as it is written.
  const int room = options_.columns - 1;
  const int bar_width =
      std::min(kWidestBar, room - static_cast<int>(head.size() + tail.size()) - 3);
  if (bar_width >= kNarrowestBar) {
    head += bar(done_, options_.total, bar_width) + " ";
  }
  return (head + tail).substr(0, static_cast<std::size_t>(room));
}

void Progress::draw(double now) {
  if (options_.columns > 0) {
    stream_ << '\r' << line(now) << "\x1b[K" << std::flush;
  } else {
    stream_ << line(now) << '\n' << std::flush;
  }
  last_drawn_ = now;
  last_drawn_done_ = done_;
}

int terminal_columns(int descriptor) {
  if (::isatty(descriptor) == 0) {
    return 0;
  }
  winsize size{};
  constexpr int kUsual = 80;
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

std::string with_separators(std::int64_t value) {
  std::string text = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > first + 3; i -= 3) {
    text.insert(i - 3, 1, ',');
  }
  return text;
}

std::string clock_text(double seconds) {
  const std::int64_t whole = std::llround(std::max(0.0, seconds));
  std::array<char, 48> text{};
  if (whole < 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", static_cast<long long>(whole / 60),
                  static_cast<long long>(whole % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld",
                  static_cast<long long>(whole / 3600), static_cast<long long>(whole / 60 % 60),
                  static_cast<long long>(whole % 60));
  }
  return text.data();
}

}  // namespace lightly::training
