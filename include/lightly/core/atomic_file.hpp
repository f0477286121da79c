#pragma once

#include <filesystem>
#include <string_view>

namespace lightly::core {

/// A file that appears whole or not at all: bytes go to `<path>.tmp`, `commit` flushes and renames.
///
/// A process that is killed leaves the old file or the new one, never a part. What it leaves of the
/// temporary file is used again by the next AtomicFile for that path. Without `commit` the
/// destructor removes the temporary file. Parent folders are not created. Errors (c10::Error) name
/// the file and the system's reason; one is that another AtomicFile, in this process or another,
/// is writing the same path.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends `bytes`; after an error nothing more can be written or committed.
  void write(std::string_view bytes);

  /// Flushes to the disk and renames to the final name.
  void commit();

 private:
  void close_and_remove();
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
};

}  // namespace lightly::core
