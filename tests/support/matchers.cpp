#include "support/matchers.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace lightly::testing {
namespace {

std::string position(const at::Tensor& tensor, std::int64_t flat) {
  std::string text = "]";
  for (std::int64_t d = tensor.dim() - 1; d >= 0; --d) {
    text = (d > 0 ? ", " : "") + std::to_string(flat % tensor.size(d)) + text;
    flat /= tensor.size(d);
  }
  return "[" + text;
}

::testing::AssertionResult compare(const at::Tensor& actual, const at::Tensor& expected,
                                   double absolute, double relative) {
  if (actual.sizes() != expected.sizes()) {
    return ::testing::AssertionFailure()
           << "shape " << actual.sizes() << ", expected " << expected.sizes();
  }
  if (actual.numel() == 0) {
    return ::testing::AssertionSuccess();
  }
  const at::Tensor a = actual.detach().cpu().to(at::kDouble).contiguous();
  const at::Tensor e = expected.detach().cpu().to(at::kDouble).contiguous();
  const at::Tensor same = (a == e) | (a.isnan() & e.isnan());
  const at::Tensor error = at::where(same, at::zeros_like(a), (a - e).abs());
  // Written so that a NaN on one side only counts as wrong.
  const at::Tensor wrong = ~same & ~(error <= absolute + relative * e.abs());
  const auto count = wrong.sum().item<std::int64_t>();
  if (count == 0) {
    return ::testing::AssertionSuccess();
  }
  const auto worst = error.nan_to_num(1e300, 1e300).argmax().item<std::int64_t>();
  const auto first = wrong.to(at::kByte).flatten().argmax().item<std::int64_t>();
  const auto value = [](const at::Tensor& t, std::int64_t i) {
    return t.flatten()[i].item<double>();
  };
  return ::testing::AssertionFailure()
         << count << " of " << a.numel() << " elements differ; the largest error is "
         << value(error, worst) << " at " << position(a, worst) << " (" << value(a, worst)
         << ", expected " << value(e, worst) << "); the first is at " << position(a, first);
}

}  // namespace

::testing::AssertionResult tensors_equal(const at::Tensor& actual, const at::Tensor& expected) {
  if (actual.scalar_type() != expected.scalar_type()) {
    return ::testing::AssertionFailure()
           << "dtype " << actual.scalar_type() << ", expected " << expected.scalar_type();
  }
  return compare(actual, expected, 0.0, 0.0);
}

::testing::AssertionResult tensors_close(const at::Tensor& actual, const at::Tensor& expected,
                                         double absolute, double relative) {
  return compare(actual, expected, absolute, relative);
}

core::Safetensors load_golden(const std::string& name) {
  return core::load_safetensors(std::filesystem::path(LIGHTLY_TESTS_DIR) / "golden" / name);
}

std::filesystem::path test_data(const std::string& name) {
  return std::filesystem::path(LIGHTLY_TESTS_DIR) / "data" / name;
}

std::filesystem::path large_test_data() {
  const char* folder = std::getenv("LIGHTLY_TEST_DATA");
  return folder == nullptr ? std::filesystem::path() : std::filesystem::path(folder);
}

::testing::AssertionResult right_on_a_full_disk(std::size_t bytes,
                                                const std::function<bool()>& callable) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(callable() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? ::testing::AssertionSuccess()
                     : ::testing::AssertionFailure() << "the child's wait status is " << status;
}

std::size_t count_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "lightly-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("TemporaryFolder: cannot create " + pattern);
  }
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) {
    throw std::runtime_error("write_file: cannot write " + path.string());
  }
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) {
    throw std::runtime_error("read_file: cannot open " + path.string());
  }
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace lightly::testing
