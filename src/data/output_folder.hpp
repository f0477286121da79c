#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

namespace lightly::data {

/// Whether a name stays in the folder it is put to: relative, of components that are neither empty
/// nor `.` nor `..`.
bool stays_inside(std::string_view name);

/// A folder in which sub-folders are made, and never entered through a link. Thread-safe.
class OutputFolder {
 public:
  /// Makes the folder. Errors' texts begin with `callee`; throws c10::Error with the reason when it
  /// cannot be made.
  OutputFolder(std::string callee, std::filesystem::path path);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// The path of the file `name`, which stays_inside; its folder exists afterwards. Throws
  /// c10::Error when that cannot be made or is a link.
  std::filesystem::path prepare(const std::string& name);

 private:
  void make(const std::string& folders) const;

  std::string callee_;
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::mutex mutex_;
  /// The last folder that was made.
  std::string made_;
};

}  // namespace lightly::data
