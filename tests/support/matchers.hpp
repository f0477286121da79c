#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <ATen/core/Tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lightly/core/safetensors.hpp"

/// What the tests of every folder share.
namespace lightly::testing {

/// Passes when shape, dtype and every byte agree; else says how many elements differ, by how much,
/// and where first.
::testing::AssertionResult tensors_equal(const at::Tensor& actual, const at::Tensor& expected);

/// Passes when shapes agree and |actual - expected| <= absolute + relative * |expected|; else says
/// the largest error and where it is. NaN equals NaN.
::testing::AssertionResult tensors_close(const at::Tensor& actual, const at::Tensor& expected,
                                         double absolute, double relative = 0.0);

/// Runs `callable` and returns the text of the c10::Error or std::exception it throws, without the
/// backtrace; "no error" when it throws nothing.
template <typename Callable>
std::string error_text(Callable&& callable) {
  try {
    callable();
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

/// tests/golden/<name>, made by a script beside it.
core::Safetensors load_golden(const std::string& name);

/// tests/data/<name>: small real files that are committed with their licence.
std::filesystem::path test_data(const std::string& name);

/// The folder with the larger real data that LIGHTLY_TEST_DATA names, or empty when it is not set.
std::filesystem::path large_test_data();

/// Runs `callable`, which returns whether all was right, in a child process that may write files of
/// at most `bytes`: beyond, write() fails as it does on a full disk. Passes when it returned true.
::testing::AssertionResult right_on_a_full_disk(std::size_t bytes,
                                                const std::function<bool()>& callable);

/// Files and folders in a folder.
std::size_t count_files(const std::filesystem::path& folder);

/// A fresh folder that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Writes `bytes` to `path`, replacing what is there.
void write_file(const std::filesystem::path& path, const std::string& bytes);

/// All bytes of the file.
std::string read_file(const std::filesystem::path& path);

}  // namespace lightly::testing
