#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace lightly::training {

/// One value of a line. NaN and the infinities, which JSON lacks, become the strings "NaN",
/// "Infinity" and "-Infinity".
using MetricValue = std::variant<std::int64_t, double, bool, std::string>;

/// One line: names and values in the order in which they are written.
using Metrics = std::vector<std::pair<std::string, MetricValue>>;

/// A file of JSON lines: one object a line, appended and handed to the system at once, so that a
/// killed process loses none.
///
/// Doubles are written with as many digits as bring back the same double. Errors (c10::Error) name
/// the file and the system's reason.
class MetricsLog {
 public:
  /// Opens `path` to append, creating it when it is not there; a half-written last line is dropped.
  explicit MetricsLog(std::filesystem::path path);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Appends one line: `log({{"epoch", 1}, {"loss", 0.5}})`. Throws c10::ValueError for a name that
  /// is there twice.
  void log(const Metrics& metrics);

  /// For a resume: drops the first line whose number `key` is greater than `last`, and every line
  /// after it. Lines without `key` are passed over. Throws c10::Error with the line's number for
  /// one that is no JSON object.
  void truncate_after(std::string_view key, double last);

 private:
  std::string read_all() const;
  void cut(std::size_t size);
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace lightly::training
