#include "lightly/evaluation/embeddings_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "evaluation/csv_records.hpp"
#include "evaluation/float_text.hpp"
#include "lightly/core/atomic_file.hpp"

namespace lightly::evaluation {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

void append_name(std::string& text, std::string_view name) {
  if (name.find_first_of(",\"\r\n") == std::string_view::npos) {
    text += name;
    return;
  }
  text += '"';
  for (const char letter : name) {
    text.append(letter == '"' ? 2 : 1, letter);
  }
  text += '"';
}

void append_number(std::string& text, std::int64_t number) {
  std::array<char, 20> digits{};
  text.append(digits.data(),
              std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void check_saved(const Embeddings& embeddings) {
  const at::Tensor& features = embeddings.features;
  TORCH_CHECK_VALUE(features.defined() && embeddings.labels.defined(),
                    "save_embeddings: features and labels must be tensors, got none");
  TORCH_CHECK_VALUE(
      features.scalar_type() == at::kFloat && features.dim() == 2 && features.size(1) >= 1,
      "save_embeddings: features must be float32 [N, D] with D >= 1, got ", features.scalar_type(),
      " ", features.sizes());
  const at::Tensor& labels = embeddings.labels;
  TORCH_CHECK_VALUE(labels.scalar_type() == at::kLong && labels.dim() == 1,
                    "save_embeddings: labels must be int64 [N], got ", labels.scalar_type(), " ",
                    labels.sizes());
  const auto names = static_cast<std::int64_t>(embeddings.file_names.size());
  TORCH_CHECK_VALUE(features.size(0) == labels.size(0) && names == labels.size(0),
                    "save_embeddings: Length of embeddings, labels, and filenames should be equal "
                    " but are not: (",
                    features.size(0), ", ", names, ", ", labels.size(0), ")");
}

// The beginning of a field, for an error's text.
std::string quoted(std::string_view field) {
  constexpr std::size_t kMostBytes = 40;
  return c10::str('"', field.substr(0, kMostBytes), field.size() > kMostBytes ? "..." : "", '"');
}

std::string_view take_field(std::string_view& rest) {
  const std::size_t comma = rest.find(',');
  const std::string_view field = rest.substr(0, comma);
  rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  return field;
}

// Checks the first record and returns D.
std::int64_t read_header(CsvRecords& records) {
  std::string_view rest = records.next().value_or(std::string_view());
  const std::int64_t fields = 1 + std::ranges::count(rest, ',');
  if (fields < 3) {
    records.fail("the header must be filenames,embedding_0,...,labels, got ", quoted(rest));
  }
  for (std::int64_t i = 0; i < fields; ++i) {
    std::string expected = i == 0 ? "filenames" : "labels";
    if (i > 0 && i < fields - 1) {
      expected = "embedding_" + std::to_string(i - 1);
    }
    const std::string_view field = take_field(rest);
    if (field != expected) {
      records.fail("field ", i + 1, " of the header must be ", expected, ", got ", quoted(field));
    }
  }
  return fields - 2;
}

// What a row begins with, and its numbers.
struct NameAndRest {
  std::string name;
  /// From the comma behind the name on; empty without one.
  std::string_view rest;
};

NameAndRest read_name(const CsvRecords& records, std::string_view record) {
  if (!record.starts_with('"')) {
    const std::size_t comma = std::min(record.find(','), record.size());
    return {.name = std::string(record.substr(0, comma)), .rest = record.substr(comma)};
  }
  const std::size_t end = closing_quote(record);
  NameAndRest parts{.name = {}, .rest = record.substr(end + 1)};
  if (!parts.rest.empty() && parts.rest.front() != ',') {
    records.fail("a comma must follow the quoted name, got ", quoted(parts.rest));
  }
  for (std::size_t i = 1; i < end; ++i) {
    parts.name += record[i];
    i += record[i] == '"' ? 1 : 0;  // the first of two
  }
  return parts;
}

template <typename Number>
std::from_chars_result parse_number(const char* begin, const char* end, Number& number) {
  std::from_chars_result result = std::from_chars(begin, end, number);
  if constexpr (std::is_same_v<Number, float>) {
    // A float64 number may be too small for a float32, which is 0 then.
    double wide = 0.0;
    if (result.ec == std::errc::result_out_of_range &&
        std::from_chars(begin, end, wide).ec == std::errc() && std::abs(wide) < 1.0) {
      number = static_cast<float>(wide);
      result.ec = std::errc();
    }
  }
  return result;
}

// What is wrong with the text of a number, empty when nothing is.
template <typename Number>
std::string_view complaint(std::string_view field) {
  Number number{};
  const auto [end, error] = parse_number(field.data(), field.data() + field.size(), number);
  if (error == std::errc::result_out_of_range) {
    return "is out of range";
  }
  if (error == std::errc() && end == field.data() + field.size()) {
    return "";
  }
  return std::is_integral_v<Number> ? "must be a whole number" : "must be a number";
}

// Says what is wrong with a row.
[[noreturn]] void fail_row(const CsvRecords& records, std::string_view record,
                           std::int64_t columns) {
  if (record.empty()) {
    records.fail("the line is empty");
  }
  std::string_view rest = read_name(records, record).rest;
  const std::int64_t fields = 1 + std::ranges::count(rest, ',');
  if (fields != columns + 2) {
    records.fail("a row must have ", columns + 2, " fields, got ", fields);
  }
  rest.remove_prefix(1);
  for (std::int64_t column = 0; column < columns; ++column) {
    const std::string_view field = take_field(rest);
    if (const std::string_view text = complaint<float>(field); !text.empty()) {
      records.fail("embedding_", column, " ", text, ", got ", quoted(field));
    }
  }
  records.fail("the label ", complaint<std::int64_t>(rest), ", got ", quoted(rest));
}

// One row of `columns` numbers and a label; returns its name.
std::string read_row(const CsvRecords& records, std::string_view record, std::int64_t columns,
                     float* numbers, std::int64_t* label) {
  NameAndRest row = read_name(records, record);
  const char* at = row.rest.data();
  const char* const end = at + row.rest.size();
  bool right = true;
  for (std::int64_t column = 0; right && column < columns; ++column) {
    right = at != end && *at == ',';
    if (right) {
      const auto [next, error] = parse_number(at + 1, end, numbers[column]);
      right = error == std::errc();
      at = next;
    }
  }
  right = right && at != end && *at == ',';
  if (right) {
    const auto [next, error] = parse_number(at + 1, end, *label);
    right = error == std::errc() && next == end;
  }
  if (!right) {
    fail_row(records, record, columns);
  }
  return std::move(row.name);
}

// The rows behind the header, each of which has at least the bytes that its numbers need: the
// tensors for them are at most twice as large as the file.
std::int64_t count_rows(const std::filesystem::path& path) {
  CsvRecords records("load_embeddings", path);
  const std::int64_t columns = read_header(records);
  std::int64_t rows = 0;
  while (const std::optional<std::string_view> record = records.next()) {
    if (static_cast<std::int64_t>(record->size()) < 2 * (columns + 1)) {
      fail_row(records, *record, columns);
    }
    ++rows;
  }
  TORCH_CHECK(rows > 0, records.where(), ": no rows behind the header");
  return rows;
}

}  // namespace

void save_embeddings(const std::filesystem::path& path, const Embeddings& embeddings,
                     const SaveEmbeddingsOptions& options) {
  check_saved(embeddings);
  const double exponent_from = options.numbers == NumpyFloatText::kUpTo2_2 ? 1e16 : 1e6;
  const at::Tensor features = embeddings.features.detach().to(at::kCPU).contiguous();
  const at::Tensor labels = embeddings.labels.to(at::kCPU).contiguous();
  const auto* numbers = features.const_data_ptr<float>();
  core::AtomicFile file(path);
  std::string text = "filenames";
  for (std::int64_t column = 0; column < features.size(1); ++column) {
    text += ",embedding_";
    append_number(text, column);
  }
  text += ",labels\r\n";
  for (std::int64_t row = 0; row < features.size(0); ++row) {
    append_name(text, embeddings.file_names[static_cast<std::size_t>(row)]);
    for (std::int64_t column = 0; column < features.size(1); ++column) {
      text += ',';
      append_float(text, *numbers++, exponent_from);
    }
    text += ',';
    append_number(text, labels.const_data_ptr<std::int64_t>()[row]);
    text += "\r\n";
    if (text.size() >= kBlockBytes) {
      file.write(text);
      text.clear();
    }
  }
  file.write(text);
  file.commit();
}

Embeddings load_embeddings(const std::filesystem::path& path) {
  const std::int64_t rows = count_rows(path);
  CsvRecords records("load_embeddings", path);
  const std::int64_t columns = read_header(records);
  Embeddings embeddings{.features = at::empty({rows, columns}, at::TensorOptions(at::kFloat)),
                        .labels = at::empty({rows}, at::TensorOptions(at::kLong))};
  embeddings.file_names.reserve(static_cast<std::size_t>(rows));
  auto* numbers = embeddings.features.mutable_data_ptr<float>();
  auto* labels = embeddings.labels.mutable_data_ptr<std::int64_t>();
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::optional<std::string_view> record = records.next();
    TORCH_CHECK(record, records.where(), ": the file became shorter while it was read");
    embeddings.file_names.push_back(
        read_row(records, *record, columns, numbers + row * columns, labels + row));
  }
  return embeddings;
}

}  // namespace lightly::evaluation
