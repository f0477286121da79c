#include "data/list_folder.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include <c10/util/Exception.h>

#include "core/handle.hpp"

namespace lightly::data {
namespace {

using DirectoryStream = core::Handle<DIR, closedir>;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// Without regard to the case of ASCII letters.
bool ends_with(std::string_view name, std::string_view ending) {
  return name.size() >= ending.size() &&
         std::equal(ending.rbegin(), ending.rend(), name.rbegin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// The names in one folder, each ended by a NUL, which no name contains.
class NamesOfFolder {
 public:
  void clear() {
    bytes_.clear();
    begins_.clear();
  }

  void add(std::string_view name) {
    begins_.push_back(bytes_.size());
    bytes_.append(name).push_back('\0');
  }

  // Appends the names, sorted bytewise, to `bytes`.
  void append_sorted(std::string& bytes) const {
    // Most of the comparisons are of the eight bytes after what all names begin with.
    struct Entry {
      std::uint64_t key;
      const char* name;
    };
    const std::size_t common = common_bytes();
    std::vector<Entry> entries;
    entries.reserve(begins_.size());
    for (const std::size_t begin : begins_) {
      const char* name = bytes_.data() + begin;
      std::uint64_t key = 0;
      const char* next = name + common;
      for (int i = 0; i < 8; ++i) {
        key = key << 8 | static_cast<unsigned char>(*next);
        next += *next != '\0' ? 1 : 0;
      }
      entries.push_back({.key = key, .name = name});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.key != b.key ? a.key < b.key : std::strcmp(a.name, b.name) < 0;
    });
    for (const Entry& entry : entries) {
      bytes.append(entry.name, std::strlen(entry.name) + 1);
    }
  }

 private:
  // Each ends with a zero byte.
  std::string_view name_at(std::size_t begin) const {
    const char* name = bytes_.data() + begin;
    return name;
  }

  std::size_t common_bytes() const {
    if (begins_.empty()) {
      return 0;
    }
    std::string_view common = name_at(0);
    for (const std::size_t begin : begins_) {
      const std::string_view name = name_at(begin);
      const auto differ = std::mismatch(common.begin(), common.end(), name.begin(), name.end());
      common = common.substr(0, static_cast<std::size_t>(differ.first - common.begin()));
    }
    return common.size();
  }

  std::string bytes_;
  std::vector<std::size_t> begins_;
};

// A folder that was found.
struct Visit {
  std::string path;
  // Where the folder that contains it is in Walk::visits_; none for the topmost one.
  std::optional<std::size_t> parent;
  dev_t device = 0;
  ino_t inode = 0;
  // Where its files' names are in Walk::names_, sorted.
  std::size_t names_begin = 0;
  std::size_t names_end = 0;
  bool contains_itself = false;
};

class Walk {
 public:
  Walk(const std::filesystem::path& root, const LightlyDatasetOptions& options,
       const VideoListing& videos)
      : root_(root),
        options_(options),
        video_options_(videos),
        root_stream_(::opendir(root.c_str())) {
    TORCH_CHECK(root_stream_, video_options_.callee, ": cannot open ", root.string(), ": ",
                std::strerror(errno));
    // The folders found are at the same time the queue of those to read.
    visits_.push_back({});
    for (std::size_t i = 0; i < visits_.size(); ++i) {
      read(i);
    }
  }

  FolderListing listing() {
    std::vector<std::size_t> order;
    for (std::size_t i = 1; i < visits_.size(); ++i) {
      if (!visits_[i].contains_itself) {
        order.push_back(i);
      }
    }
    FolderListing listing;
    std::sort(videos_.begin(), videos_.end());
    listing.videos = std::move(videos_);
    if (order.empty()) {
      add_files(visits_[0], 0, listing.files);
      return listing;
    }
    std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return folder_before(visits_[a].path, visits_[b].path);
    });
    // A class is a folder without a slash and what follows it.
    for (auto begin = order.begin(); begin != order.end();) {
      const auto end = std::find_if(begin + 1, order.end(), [this](std::size_t i) {
        return visits_[i].parent == std::optional<std::size_t>(0);
      });
      const std::string& name = visits_[*begin].path;
      const std::int64_t before = listing.files.size();
      std::for_each(begin, end, [&](std::size_t i) {
        add_files(visits_[i], static_cast<std::int64_t>(listing.classes.size()), listing.files);
      });
      const bool empty = listing.files.size() == before;
      if (empty) {
        listing.empty_classes.push_back(name);
      }
      if (!empty || options_.empty_classes == EmptyClasses::kKeep) {
        listing.classes.push_back(name);
      }
      begin = end;
    }
    return listing;
  }

 private:
  std::string full_path(std::size_t visit) const {
    return visit == 0 ? root_.string() : (root_ / visits_[visit].path).string();
  }

  void add_files(const Visit& visit, std::int64_t target, FileTable& files) const {
    if (visit.names_begin == visit.names_end) {
      return;
    }
    files.begin_folder(visit.path, target);
    for (std::size_t next = visit.names_begin; next < visit.names_end;) {
      const std::string_view name = names_.c_str() + next;
      files.add(name);
      next += name.size() + 1;
    }
  }

  // Only the topmost folder must be readable.
  bool may_skip(std::size_t visit) const {
    return visit != 0 && options_.unreadable == Unreadable::kSkip;
  }

  void read(std::size_t visit) {
    const DirectoryStream stream = open(visit);
    if (!stream || is_inside_itself(visit, ::dirfd(stream.get()))) {
      return;
    }
    names_of_folder_.clear();
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) {
        TORCH_CHECK(errno == 0 || may_skip(visit), video_options_.callee, ": cannot read ",
                    full_path(visit), ": ", std::strerror(errno));
        break;
      }
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") {
        add_entry(visit, ::dirfd(stream.get()), *entry);
      }
    }
    visits_[visit].names_begin = names_.size();
    names_of_folder_.append_sorted(names_);
    visits_[visit].names_end = names_.size();
  }

  DirectoryStream open(std::size_t visit) {
    const char* path = visit == 0 ? "." : visits_[visit].path.c_str();
    const int root = ::dirfd(root_stream_.get());
    const int descriptor = root < 0 ? -1 : ::openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DirectoryStream stream(descriptor >= 0 ? ::fdopendir(descriptor) : nullptr);
    if (!stream) {
      const int error = errno;
      if (descriptor >= 0) {
        ::close(descriptor);
      }
      TORCH_CHECK(may_skip(visit), video_options_.callee, ": cannot open ", full_path(visit), ": ",
                  std::strerror(error));
    }
    return stream;
  }

  // Whether a folder above this one is the same one, so that what is in it is listed already.
  bool is_inside_itself(std::size_t visit, int descriptor) {
    struct stat status{};
    TORCH_CHECK(::fstat(descriptor, &status) == 0, video_options_.callee, ": cannot read ",
                full_path(visit), ": ", std::strerror(errno));
    Visit& self = visits_[visit];
    self.device = status.st_dev;
    self.inode = status.st_ino;
    for (std::optional<std::size_t> above = self.parent; above.has_value();
         above = visits_[*above].parent) {
      if (visits_[*above].device == self.device && visits_[*above].inode == self.inode) {
        self.contains_itself = true;
        return true;
      }
    }
    return false;
  }

  void add_entry(std::size_t visit, int folder, const dirent& entry) {
    const std::string_view name = entry.d_name;
    unsigned char type = entry.d_type;
    if (type == DT_LNK || type == DT_UNKNOWN) {
      // A link that leads nowhere is a file that cannot be opened, as in Python.
      struct stat status{};
      const bool found = ::fstatat(folder, entry.d_name, &status, 0) == 0;
      type = !found || S_ISREG(status.st_mode) ? DT_REG
             : S_ISDIR(status.st_mode)         ? DT_DIR
                                               : DT_FIFO;
    }
    if (type == DT_DIR) {
      add_folder(visit, name);
    } else if (type == DT_REG && ends_with_any(name, options_.extensions)) {
      if (options_.unreadable == Unreadable::kRefuse ||
          ::faccessat(folder, entry.d_name, R_OK, 0) == 0) {
        names_of_folder_.add(name);
      }
    } else if (type == DT_REG && ends_with_any(name, video_options_.extensions)) {
      videos_.push_back(path_in(visit, name));
    }
  }

  void add_folder(std::size_t visit, std::string_view name) {
    // Results of earlier runs.
    if (visit == 0 && name.find("lightly_outputs") != std::string_view::npos) {
      return;
    }
    visits_.push_back({.path = path_in(visit, name), .parent = visit});
  }

  std::string path_in(std::size_t visit, std::string_view name) const {
    std::string path = visits_[visit].path;
    path += visit == 0 ? "" : "/";
    return path += name;
  }

  std::filesystem::path root_;
  const LightlyDatasetOptions& options_;
  const VideoListing& video_options_;
  // The paths of all others are opened from here.
  DirectoryStream root_stream_;
  std::vector<Visit> visits_;
  // The names of all files, folder by folder, each ended by a NUL.
  std::string names_;
  NamesOfFolder names_of_folder_;
  std::vector<std::string> videos_;
};

}  // namespace

bool ends_with_any(std::string_view name, const std::vector<std::string>& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return ends_with(name, ending); });
}

FolderListing list_folder(const std::filesystem::path& root, const LightlyDatasetOptions& options,
                          const VideoListing& videos) {
  return Walk(root, options, videos).listing();
}

}  // namespace lightly::data
