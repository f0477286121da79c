#include "data/file_table.hpp"

#include <algorithm>
#include <iterator>

namespace lightly::data {

bool folder_before(std::string_view a, std::string_view b) {
  const int by_class = a.substr(0, a.find('/')).compare(b.substr(0, b.find('/')));
  return by_class != 0 ? by_class < 0 : a < b;
}

void FileTable::begin_folder(std::string_view path, std::int64_t target) {
  folders_.push_back({.path_begin = paths_.size(),
                      .path_bytes = path.size(),
                      .target = target,
                      .first_file = size()});
  paths_ += path;
}

void FileTable::add(std::string_view file) {
  begins_.push_back(files_.size());
  files_ += file;
}

std::string FileTable::name(std::int64_t index) const {
  const std::string_view folder = path(folder_of(index));
  const std::string_view last = file(index);
  std::string name;
  name.reserve(folder.size() + 1 + last.size());
  name += folder;
  if (!folder.empty()) {
    name += '/';
  }
  return name += last;
}

std::optional<std::int64_t> FileTable::find(std::string_view name) const {
  const std::size_t slash = name.rfind('/');
  if (slash == 0) {
    return std::nullopt;  // an absolute path, which is no file of the topmost folder
  }
  const bool topmost = slash == std::string_view::npos;
  const std::string_view wanted_folder = topmost ? std::string_view() : name.substr(0, slash);
  const std::string_view wanted_file = topmost ? name : name.substr(slash + 1);
  const auto folder = std::lower_bound(
      folders_.begin(), folders_.end(), wanted_folder,
      [this](const Folder& a, std::string_view b) { return folder_before(path(a), b); });
  if (folder == folders_.end() || path(*folder) != wanted_folder) {
    return std::nullopt;
  }
  const std::int64_t end = folder + 1 == folders_.end() ? size() : (folder + 1)->first_file;
  std::int64_t first = folder->first_file;
  for (std::int64_t count = end - first; count > 0;) {
    const std::int64_t half = count / 2;
    const bool later = file(first + half) < wanted_file;
    first += later ? half + 1 : 0;
    count = later ? count - half - 1 : half;
  }
  if (first == end || file(first) != wanted_file) {
    return std::nullopt;
  }
  return first;
}

FileTable FileTable::selection(const std::function<bool(std::int64_t)>& keep) const {
  FileTable selected;
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const std::int64_t end = i + 1 == folders_.size() ? size() : folders_[i + 1].first_file;
    bool begun = false;
    for (std::int64_t index = folders_[i].first_file; index < end; ++index) {
      if (!keep(index)) {
        continue;
      }
      if (!begun) {
        selected.begin_folder(path(folders_[i]), folders_[i].target);
        begun = true;
      }
      selected.add(file(index));
    }
  }
  return selected;
}

const FileTable::Folder& FileTable::folder_of(std::int64_t index) const {
  const auto next =
      std::upper_bound(folders_.begin(), folders_.end(), index,
                       [](std::int64_t i, const Folder& folder) { return i < folder.first_file; });
  return *std::prev(next);
}

std::string_view FileTable::path(const Folder& folder) const {
  return std::string_view(paths_).substr(folder.path_begin, folder.path_bytes);
}

std::string_view FileTable::file(std::int64_t index) const {
  const auto i = static_cast<std::size_t>(index);
  const std::uint64_t end = i + 1 == begins_.size() ? files_.size() : begins_[i + 1];
  return std::string_view(files_).substr(begins_[i], end - begins_[i]);
}

}  // namespace lightly::data
