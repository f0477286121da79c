#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace lightly::training {

struct ProgressOptions {
  /// What stands before the bar: "epoch 2/5".
  std::string label = {};
  /// What is counted: "images".
  std::string unit = "images";
  /// Steps in all, >= 1.
  std::int64_t total = 1;
  /// Steps that were done before (resume), in [0, total]; they do not count for the rate.
  std::int64_t done = 0;
  /// Width of the terminal (see terminal_columns) on which one line is redrawn; 0: no terminal,
  /// plain lines now and then.
  int columns = 0;
  /// A plain line is written every tenth of the way and after so many seconds.
  double plain_seconds = 30.0;
  /// Time in seconds from any moment on; none: the steady clock.
  std::function<double()> clock = nullptr;

  /// Throws c10::ValueError for values outside the ranges above.
  void check() const;
};

/// A line that says how far a loop is, how fast it goes and how long it will take:
///
///     epoch 2/5  [=====>     ]  45%  88/195  2,310 images/s  loss 5.123  eta 0:42
///
/// It writes to the stream the program gives and nowhere else. The rate is the mean since the
/// object was made.
class Progress {
 public:
  Progress(std::ostream& stream, ProgressOptions options);
  /// Ends the line as `finish` does.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// One step of `items` units is done; `note` ("loss 5.123") is shown until the next one.
  void advance(std::int64_t items, std::string_view note = {});

  /// Draws the line a last time, with the time taken when every step is done, and ends it; on a
  /// terminal the program may then write below it.
  void finish();

 private:
  std::string line(double now) const;
  void draw(double now);

  std::ostream& stream_;
  ProgressOptions options_;
  double start_;
  double last_drawn_;
  std::int64_t done_;
  std::int64_t last_drawn_done_;
  std::int64_t items_ = 0;
  std::string note_;
  bool finished_ = false;
};

/// The width of the terminal behind a file descriptor (1 standard output, 2 standard error), 0 when
/// it is none.
int terminal_columns(int descriptor);

/// 1234567 as "1,234,567".
std::string with_separators(std::int64_t value);

/// 42 as "0:42", 3723 as "1:02:03".
std::string clock_text(double seconds);

}  // namespace lightly::training
