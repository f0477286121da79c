#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "require.hpp"

namespace lightly::fuzz {

/// A file in memory for one input after the other; removed with the object.
class InputFile {
 public:
  InputFile() : path_(folder() / ("lightly-fuzz-" + std::to_string(::getpid()))) {}
  ~InputFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }

  void write(const std::string& bytes) const {
    std::ofstream stream(path_, std::ios::binary | std::ios::trunc);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    require(static_cast<bool>(stream.flush()), "cannot write " + path_.string());
  }

 private:
  static std::filesystem::path folder() {
    return std::filesystem::is_directory("/dev/shm") ? "/dev/shm"
                                                     : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

}  // namespace lightly::fuzz
