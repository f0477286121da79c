#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace lightly::core {

/// A regular file of which every read is checked; errors (c10::Error) name it and open with
/// `callee: `.
class InputFile {
 public:
  InputFile(std::string_view callee, const std::filesystem::path& path);

  std::uint64_t size() const { return size_; }

  /// "callee: path", to open an error's text.
  const std::string& where() const { return where_; }

  /// Fills `bytes` bytes at `into` from `offset` on; `what` says in the error what they are.
  void read(std::uint64_t offset, void* into, std::uint64_t bytes, std::string_view what);

  /// As above into a string, which is allocated when the file is known to be long enough.
  std::string read(std::uint64_t offset, std::uint64_t bytes, std::string_view what);

 private:
  void check_inside(std::uint64_t offset, std::uint64_t bytes, std::string_view what) const;

  std::string where_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

}  // namespace lightly::core
