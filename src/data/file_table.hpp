#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lightly::data {

/// Whether the folder `a` stands before `b` in a data set: first by their topmost folder, the
/// class, then by the whole path, both bytewise. Paths are relative, with `/`. The order that
/// sorting Python's `os.walk` of each class gives: b, b/x, b/x-1, b/x/y.
bool folder_before(std::string_view a, std::string_view b);

/// Names and targets of files in folders, in order; names lie one after the other in one string.
class FileTable {
 public:
  /// What is added from now on is in this folder, "" for the topmost one. Folders come in the order
  /// of `folder_before`.
  void begin_folder(std::string_view path, std::int64_t target);

  /// Adds a file; in a folder they come sorted bytewise.
  void add(std::string_view file);

  std::int64_t size() const { return static_cast<std::int64_t>(begins_.size()); }

  /// `folder/file`, of the file at `index` in [0, size()).
  std::string name(std::int64_t index) const;

  std::int64_t target(std::int64_t index) const { return folder_of(index).target; }

  /// The file of this name, if there is one; in logarithmic time.
  std::optional<std::int64_t> find(std::string_view name) const;

  /// The files for which `keep(index)` is true.
  FileTable selection(const std::function<bool(std::int64_t)>& keep) const;

 private:
  struct Folder {
    std::uint64_t path_begin = 0;
    std::uint64_t path_bytes = 0;
    std::int64_t target = 0;
    std::int64_t first_file = 0;
  };

  const Folder& folder_of(std::int64_t index) const;
  std::string_view path(const Folder& folder) const;
  std::string_view file(std::int64_t index) const;

  std::string paths_;
  std::vector<Folder> folders_;
  std::string files_;
  /// Where the name of each file begins in `files_`; it ends where the next one begins.
  std::vector<std::uint64_t> begins_;
};

}  // namespace lightly::data
