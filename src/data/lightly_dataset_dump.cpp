#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

#include "core/input_file.hpp"
#include "lightly/core/atomic_file.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "lightly/media/image_io.hpp"

namespace lightly::data {
namespace {

// A name that stays in the folder it is put to: relative, of components that are neither empty nor
// `.` nor `..`.
bool stays_inside(std::string_view name) {
  if (name.find('\0') != std::string_view::npos) {
    return false;
  }
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    const std::string_view component = name.substr(begin, end - begin);
    if (component.empty() || component == "." || component == "..") {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

// A folder in which sub-folders are made, and never entered through a link.
class OutputFolder {
 public:
  explicit OutputFolder(const std::filesystem::path& path) : path_(path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    TORCH_CHECK(descriptor_ >= 0, "dump: cannot create ", path.string(), ": ",
                error ? error.message() : std::strerror(errno));
  }
  ~OutputFolder() { ::close(descriptor_); }
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  // The path of the file `name`, whose folder exists afterwards.
  std::filesystem::path prepare(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash != std::string::npos && name.substr(0, slash) != made_) {
      make(name.substr(0, slash));
      made_ = name.substr(0, slash);
    }
    return path_ / name;
  }

 private:
  void make(const std::string& folders) const {
    int above = descriptor_;
    for (std::size_t begin = 0; begin <= folders.size();) {
      const std::size_t end = std::min(folders.find('/', begin), folders.size());
      const std::string component = folders.substr(begin, end - begin);
      const bool made = ::mkdirat(above, component.c_str(), 0777) == 0 || errno == EEXIST;
      const int folder =
          made ? ::openat(above, component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
               : -1;
      const int error = errno;
      if (above != descriptor_) {
        ::close(above);
      }
      TORCH_CHECK(folder >= 0, "dump: cannot create ", (path_ / folders.substr(0, end)).string(),
                  ": ",
                  made && (error == ELOOP || error == ENOTDIR) ? "there is a link or a file"
                                                               : std::strerror(error));
      above = folder;
      begin = end + 1;
    }
    ::close(above);
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
  // The last folder that was made.
  std::string made_;
};

// Which files the data set has, to tell whether writing would take one of them away.
class SourceFiles {
 public:
  explicit SourceFiles(const LightlyDataset& dataset) : dataset_(dataset) {}

  bool contain(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
      return false;  // nothing is there
    }
    if (files_.empty()) {
      struct stat source{};
      for (std::int64_t index = 0; index < dataset_.size(); ++index) {
        if (::stat(dataset_.path(index).c_str(), &source) == 0) {
          files_.emplace(source.st_dev, source.st_ino);
        }
      }
    }
    return files_.contains({status.st_dev, status.st_ino});
  }

 private:
  const LightlyDataset& dataset_;
  // Filled when the first path is not free.
  std::set<std::pair<dev_t, ino_t>> files_;
};

void copy_bytes(const std::filesystem::path& from, const std::filesystem::path& to) {
  core::InputFile source("dump", from);
  core::AtomicFile file(to);
  constexpr std::uint64_t kPiece = 1 << 20;
  for (std::uint64_t done = 0; done < source.size(); done += kPiece) {
    file.write(source.read(done, std::min(kPiece, source.size() - done), "a piece"));
  }
  file.commit();
}

}  // namespace

void DumpOptions::check() const {
  TORCH_CHECK_VALUE(jpeg_quality >= 1 && jpeg_quality <= 100,
                    "dump: jpeg_quality must be in [1, 100], got ", jpeg_quality);
}

DumpReport LightlyDataset::dump(const std::filesystem::path& output_dir,
                                const DumpOptions& options) const {
  options.check();
  DumpReport report;
  std::vector<bool> asked(static_cast<std::size_t>(size()), !options.filenames.has_value());
  std::vector<std::int64_t> indices;
  for (const std::string& name : options.filenames.value_or(std::vector<std::string>())) {
    const std::optional<std::int64_t> index = index_of(name);
    if (!index.has_value()) {
      report.missing.push_back(name);
    } else if (!asked[static_cast<std::size_t>(*index)]) {
      asked[static_cast<std::size_t>(*index)] = true;
      indices.push_back(*index);
    }
  }
  if (!options.filenames.has_value()) {
    for (std::int64_t index = 0; index < size(); ++index) {
      indices.push_back(index);
    }
  }
  for (const std::int64_t index : indices) {
    const std::string name = file_name(index);
    TORCH_CHECK_VALUE(stays_inside(name), "dump: names must stay inside output_dir, got ", name);
  }
  std::error_code error;
  TORCH_CHECK_VALUE(!std::filesystem::equivalent(input_dir_, output_dir, error),
                    "dump: output_dir must not be the data set's own folder, got ",
                    output_dir.string());
  SourceFiles sources(*this);
  for (const std::int64_t index : indices) {
    const std::filesystem::path to = output_dir / file_name(index);
    TORCH_CHECK_VALUE(!sources.contain(to),
                      "dump: files of the data set must not be replaced, got ", to.string());
  }
  OutputFolder output(output_dir);
  for (const std::int64_t index : indices) {
    const std::filesystem::path from = path(index);
    const std::string name = file_name(index);
    if (!std::filesystem::exists(from, error) && !error) {
      report.missing.push_back(name);
      continue;
    }
    const std::filesystem::path to = output.prepare(name);
    if (!options.format.has_value()) {
      copy_bytes(from, to);
    } else if (*options.format == DumpFormat::kPng) {
      media::save_png(to, media::load_image(from, image_options_));
    } else {
      media::save_jpeg(to, media::load_image(from, image_options_),
                       {.quality = options.jpeg_quality});
    }
    ++report.written;
  }
  return report;
}

}  // namespace lightly::data
