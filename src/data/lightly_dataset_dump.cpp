#include <sys/stat.h>

#include <set>
#include <system_error>
#include <utility>

#include <c10/util/Exception.h>

#include "core/input_file.hpp"
#include "data/output_folder.hpp"
#include "lightly/core/atomic_file.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "lightly/media/image_io.hpp"

namespace lightly::data {
namespace {

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
  if (videos_ != nullptr) {
    // So that each frame is decoded once.
    std::sort(indices.begin(), indices.end());
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
  OutputFolder output("dump", output_dir);
  for (const std::int64_t index : indices) {
    const std::filesystem::path from = path(index);
    const std::string name = file_name(index);
    if (!std::filesystem::exists(from, error) && !error) {
      report.missing.push_back(name);
      continue;
    }
    const std::filesystem::path to = output.prepare(name);
    if (!options.format.has_value() && videos_ == nullptr) {
      copy_bytes(from, to);
    } else if (options.format.value_or(DumpFormat::kPng) == DumpFormat::kPng) {
      media::save_png(to, get(index).pixels());
    } else {
      media::save_jpeg(to, get(index).pixels(), {.quality = options.jpeg_quality});
    }
    ++report.written;
  }
  return report;
}

}  // namespace lightly::data
