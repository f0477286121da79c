#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lightly/data/dataset.hpp"
#include "lightly/media/encoded_image.hpp"

namespace lightly::data {

class FolderSource;
class VideoDataset;

/// What becomes of a class folder in which there is no image.
enum class EmptyClasses {
  /// An error that names it, as in torchvision.
  kRefuse,
  /// It is no class; the classes after it move up.
  kLeaveOut,
  /// It is a class without samples, as with torchvision's `allow_empty`.
  kKeep,
};

/// What becomes of folders and files that cannot be opened.
enum class Unreadable {
  /// A folder is an error that names it, a file one when it is loaded.
  kRefuse,
  /// They are passed over when the folder is listed, which takes a system call for each file.
  kSkip,
};

struct LightlyDatasetOptions {
  /// Names, relative to the folder, of the files, or frames of videos, to take; without a value,
  /// all. The data set keeps its own order and its class indices.
  std::optional<std::vector<std::string>> filenames = {};
  /// Gives the sample its name, unique in the data set, from the relative path and the index;
  /// empty: the relative path. Called once for each sample when the data set is made.
  std::function<std::string(const std::string& path, std::int64_t index)> index_to_filename = {};
  /// Endings of the files to take, at least one; the case of ASCII letters is ignored.
  std::vector<std::string> extensions = {".jpg", ".jpeg", ".png",  ".ppm", ".bmp",
                                         ".pgm", ".tif",  ".tiff", ".webp"};
  EmptyClasses empty_classes = EmptyClasses::kRefuse;
  Unreadable unreadable = Unreadable::kRefuse;
  /// For decoding.
  media::EncodedImageOptions image = {};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// In what format images are written.
enum class DumpFormat { kPng, kJpeg };

struct DumpOptions {
  /// Names of the samples to write; without a value, all.
  std::optional<std::vector<std::string>> filenames = {};
  /// Without a value files are copied byte by byte and frames of videos written as PNG. With one
  /// images are decoded and encoded anew; the name stays, with its ending.
  std::optional<DumpFormat> format = {};
  /// Of kJpeg, in [1, 100]; Pillow's default.
  std::int64_t jpeg_quality = 75;

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

struct DumpReport {
  /// Files written.
  std::int64_t written = 0;
  /// Names that were asked for and are not in the data set, then those whose file is gone.
  std::vector<std::string> missing;
};

/// The images of a folder, or the frames of its videos, listed once, when the data set is made.
///
/// A folder with sub-folders: these are the classes, sorted bytewise (c10 before c2), and targets
/// are their indices; a class has all images below its folder, sorted by folder path, then by name;
/// images beside the sub-folders do not count. A folder without: its images sorted bytewise, target
/// 0. Samples are named by the path relative to the folder, `cats/tabby/1.jpg`; names are bytes and
/// need not be UTF-8. Links are followed, except to a folder they lie in. Sub-folders with
/// `lightly_outputs` in the name do not count.
///
/// A folder with a video anywhere below it is one of videos, with the endings of VideoDataset: the
/// samples are a VideoDataset's, with its names and targets, and images do not count.
///
/// A name takes its own bytes and 8 more. Throws c10::ValueError when there is no such folder or
/// `filenames` has a name that is not in it, c10::Error when a folder cannot be read, holds no
/// image at all, has a class without any (see EmptyClasses), or for videos, and what VideoDataset
/// throws. `get` throws c10::Error that names the file (media::read_encoded_image). As lightly 1.6:
/// LightlyDataset, with torchvision's ImageFolder; differs: see docs/data.md.
class LightlyDataset : public Dataset {
 public:
  explicit LightlyDataset(std::filesystem::path input_dir, LightlyDatasetOptions options = {});

  /// The frames of videos, with options of their own. Throws c10::ValueError for no data set.
  explicit LightlyDataset(std::shared_ptr<const VideoDataset> videos);

  ~LightlyDataset() override;
  LightlyDataset(const LightlyDataset&) = delete;
  LightlyDataset& operator=(const LightlyDataset&) = delete;

  std::int64_t size() const override;
  Sample get(std::int64_t index) const override;
  std::string file_name(std::int64_t index) const override;

  const std::filesystem::path& input_dir() const { return input_dir_; }

  /// The videos, whose samples have the same indices; null for a folder of images.
  const std::shared_ptr<const VideoDataset>& videos() const { return videos_; }

  /// The file of the sample at `index` in [0, size()), of a frame its video; throws c10::IndexError
  /// outside.
  std::filesystem::path path(std::int64_t index) const;

  /// The target of the sample at `index` in [0, size()), without loading the image.
  std::int64_t target(std::int64_t index) const;

  /// The names of all samples.
  std::vector<std::string> get_filenames() const;

  /// The targets of all samples.
  std::vector<std::int64_t> targets() const;

  /// Names of the classes, by target: of the videos, or of the sub-folders, if there are any.
  const std::vector<std::string>& classes() const { return classes_; }

  /// The target of each class.
  std::map<std::string, std::int64_t, std::less<>> class_to_idx() const;

  /// The index of the sample with this name, if there is one; in logarithmic time.
  std::optional<std::int64_t> index_of(std::string_view name) const;

  /// Writes the samples' files, or those that are asked for, to `output_dir` under the samples'
  /// names, with sub-folders, each whole or not at all (core::AtomicFile), replacing what is there.
  ///
  /// Nothing is written outside `output_dir`: a name that would lead there is a c10::ValueError
  /// before anything is written, and so are the data set's own folder as `output_dir` and a file of
  /// the data set in the place of one. A link in the place of a sub-folder is a c10::Error, as are
  /// files that cannot be read, decoded or written.
  /// As lightly 1.6: LightlyDataset.dump; differs: each name gets its own image, where lightly
  /// confuses them if names are missing or not sorted; `format` holds for folders too.
  DumpReport dump(const std::filesystem::path& output_dir, const DumpOptions& options = {}) const;

 private:
  struct Names;

  void check_index(std::int64_t index) const;

  void take_videos(std::shared_ptr<const VideoDataset> videos);

  std::filesystem::path input_dir_;
  std::vector<std::string> classes_;
  std::unique_ptr<const FolderSource> source_;
  std::shared_ptr<const VideoDataset> videos_;
  /// What `index_to_filename` gave, if there is one.
  std::unique_ptr<const Names> names_;
};

}  // namespace lightly::data
