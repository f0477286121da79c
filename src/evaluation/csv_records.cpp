#include "evaluation/csv_records.hpp"

#include <algorithm>
#include <cstring>

namespace lightly::evaluation {
namespace {

constexpr std::size_t kFirstBlockBytes = std::size_t{1} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Where the line end of the record at the beginning of `text` is, npos when it is further on.
std::size_t find_record_end(std::string_view text) {
  std::size_t from = 0;
  if (text.starts_with('"')) {
    from = closing_quote(text);
    if (from == std::string_view::npos) {
      return from;
    }
  }
  return text.find('\n', from);
}

}  // namespace

std::size_t closing_quote(std::string_view text) {
  std::size_t at = text.find('"', 1);
  // A doubled quote is a quote of the field.
  while (at != std::string_view::npos && at + 1 < text.size() && text[at + 1] == '"') {
    at = text.find('"', at + 2);
  }
  return at;
}

CsvRecords::CsvRecords(std::string_view callee, const std::filesystem::path& path)
    : file_(callee, path) {
  fill();
  if (rest().starts_with(kByteOrderMark)) {
    begin_ += kByteOrderMark.size();
  }
  TORCH_CHECK(!rest().empty(), where(), ": the file is empty");
}

std::optional<std::string_view> CsvRecords::next() {
  line_ = next_line_;
  std::size_t length = find_record_end(rest());
  while (length == std::string_view::npos && fill()) {
    length = find_record_end(rest());
  }
  if (length != std::string_view::npos) {
    return take(length, length + 1);
  }
  if (rest().empty()) {
    return std::nullopt;
  }
  if (rest().starts_with('"') && closing_quote(rest()) == std::string_view::npos) {
    fail("the quote that opens the line is not closed");
  }
  return take(rest().size(), rest().size());
}

bool CsvRecords::fill() {
  const std::uint64_t left = file_.size() - offset_;
  if (left == 0) {
    return false;
  }
  const std::size_t kept = rest().size();
  if (kept > 0) {
    std::memmove(block_.data(), rest().data(), kept);
  }
  begin_ = 0;
  end_ = kept;
  // Twice as long as what is kept, so that a long record is looked through a few times only.
  const auto whole = static_cast<std::size_t>(
      std::min<std::uint64_t>(std::max(kFirstBlockBytes, 2 * kept), kept + left));
  if (block_.size() < whole) {
    block_.resize(whole);
  }
  file_.read(offset_, block_.data() + kept, whole - kept, "the rows");
  offset_ += whole - kept;
  end_ = whole;
  return true;
}

std::string_view CsvRecords::take(std::size_t length, std::size_t with_line_end) {
  std::string_view record = rest().substr(0, length);
  begin_ += with_line_end;
  ++next_line_;
  if (record.starts_with('"')) {
    next_line_ += std::ranges::count(record, '\n');
  }
  if (record.ends_with('\r')) {
    record.remove_suffix(1);
  }
  return record;
}

}  // namespace lightly::evaluation
