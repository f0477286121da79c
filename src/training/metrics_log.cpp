#include "lightly/training/metrics_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>

#include <c10/util/Exception.h>
#include <nlohmann/json.hpp>

namespace lightly::training {
namespace {

nlohmann::ordered_json to_json(const MetricValue& value) {
  return std::visit(
      [](const auto& held) -> nlohmann::ordered_json {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, double>) {
          if (std::isnan(held)) {
            return "NaN";
          }
          if (std::isinf(held)) {
            return held > 0.0 ? "Infinity" : "-Infinity";
          }
        }
        return held;
      },
      value);
}

}  // namespace

MetricsLog::MetricsLog(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (descriptor_ < 0) {
    fail("open");
  }
  try {
    const std::string text = read_all();
    const std::size_t last = text.rfind('\n');
    const std::size_t whole = last == std::string::npos ? 0 : last + 1;
    if (whole != text.size()) {
      cut(whole);
    }
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

MetricsLog::~MetricsLog() {
  ::close(descriptor_);
}

void MetricsLog::log(const Metrics& metrics) {
  nlohmann::ordered_json line = nlohmann::ordered_json::object();
  for (const auto& [name, value] : metrics) {
    TORCH_CHECK_VALUE(!line.contains(name), "MetricsLog: names must differ, got ", name, " twice");
    line[name] = to_json(value);
  }
  // Text that is not UTF-8 (a file name may be anything) must not end a training.
  const std::string text =
      line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  const off_t size = ::lseek(descriptor_, 0, SEEK_END);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) {
      // A full disk may have taken half the line: without it the next one is readable.
      const int error = errno;
      [[maybe_unused]] const int ignored = ::ftruncate(descriptor_, size);
      errno = error;
      fail("write");
    }
    rest.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
}

void MetricsLog::truncate_after(std::string_view key, double last) {
  const std::string text = read_all();
  std::size_t begin = 0;
  for (int number = 1; begin < text.size(); ++number) {
    const std::size_t end = text.find('\n', begin);
    const auto line = nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                            text.begin() + static_cast<std::ptrdiff_t>(end),
                                            nullptr, /*allow_exceptions=*/false);
    TORCH_CHECK(line.is_object(), "MetricsLog: ", path_.string(), ": line ", number,
                " is not a JSON object");
    const auto found = line.find(key);
    if (found != line.end() && found->is_number() && found->get<double>() > last) {
      cut(begin);
      return;
    }
    begin = end + 1;
  }
}

std::string MetricsLog::read_all() const {
  std::string text;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t got =
        ::pread(descriptor_, block.data(), block.size(), static_cast<off_t>(text.size()));
    if (got == 0) {
      return text;
    }
    if (got < 0 && errno != EINTR) {
      fail("read");
    }
    text.append(block.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }
}

void MetricsLog::cut(std::size_t size) {
  if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
    fail("shorten");
  }
}

void MetricsLog::fail(const char* what) const {
  const int error = errno;
  TORCH_CHECK(false, "MetricsLog: cannot ", what, " ", path_.string(), ": ", std::strerror(error));
}

}  // namespace lightly::training
