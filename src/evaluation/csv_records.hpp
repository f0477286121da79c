#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <c10/util/Exception.h>

#include "core/input_file.hpp"

namespace lightly::evaluation {

/// Where the quoted field at the beginning of `text` has its closing quote, npos for none.
std::size_t closing_quote(std::string_view text);

/// The records of a CSV file in which only a first field may be quoted, one after the other; a
/// block of the file is held at a time. A byte order mark is passed over.
class CsvRecords {
 public:
  /// Throws c10::Error when the file cannot be opened or is empty; `callee` opens all texts.
  CsvRecords(std::string_view callee, const std::filesystem::path& path);

  /// The next record without its line end, valid until the next call, or none at the end. Throws
  /// c10::Error for a quote that is not closed.
  std::optional<std::string_view> next();

  /// "callee: path", to open an error's text.
  const std::string& where() const { return file_.where(); }

  /// Throws c10::Error: "callee: path: line 7: " and the text, with the line in which the last
  /// record began.
  template <typename... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    TORCH_CHECK(false, where(), ": line ", line_, ": ", parts...);
  }

 private:
  std::string_view rest() const { return {block_.data() + begin_, end_ - begin_}; }
  /// Takes more of the file into the block; false at its end.
  bool fill();
  std::string_view take(std::size_t length, std::size_t with_line_end);

  core::InputFile file_;
  std::string block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
};

}  // namespace lightly::evaluation
