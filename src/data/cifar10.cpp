#include "lightly/data/cifar10.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>
#include <archive.h>
#include <archive_entry.h>
#include <c10/util/Exception.h>

#include "core/handle.hpp"
#include "data/digest.hpp"
#include "lightly/data/padded_name.hpp"

namespace lightly::data {
namespace {

constexpr std::int64_t kSide = 32;
constexpr std::size_t kPlane = kSide * kSide;
constexpr std::size_t kRecord = 1 + 3 * kPlane;
constexpr std::size_t kFileBytes = 10'000 * kRecord;

struct BatchFile {
  std::string_view name;
  std::string_view sha256;
};

// Sums of the unpacked files of the official cifar-10-binary.tar.gz.
constexpr std::array<BatchFile, 5> kTrainFiles{{
    {"data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
    {"data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
    {"data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
    {"data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
    {"data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
}};
constexpr std::array<BatchFile, 1> kTestFiles{{
    {"test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
}};

std::vector<BatchFile> files_of(Split split) {
  return split == Split::kTrain ? std::vector<BatchFile>(kTrainFiles.begin(), kTrainFiles.end())
                                : std::vector<BatchFile>(kTestFiles.begin(), kTestFiles.end());
}

using Bytes = std::vector<unsigned char>;

void check_size(const std::string& place, std::uint64_t bytes, const Cifar10Options& options) {
  if (options.verify) {
    TORCH_CHECK(bytes == kFileBytes, "Cifar10: ", place, " must have ", kFileBytes,
                " bytes, found ", bytes);
  }
  TORCH_CHECK(bytes > 0 && bytes <= kFileBytes && bytes % kRecord == 0, "Cifar10: ", place,
              " must hold 1 to 10000 records of ", kRecord, " bytes, found ", bytes, " bytes");
}

void check_sum(const std::string& place, const BatchFile& file, const Bytes& bytes) {
  Digest digest("SHA256");
  digest.update(bytes.data(), bytes.size());
  const std::string found = digest.hex();
  TORCH_CHECK(found == file.sha256, "Cifar10: ", place, " must have the SHA-256 ", file.sha256,
              ", found ", found);
}

Bytes read_batch(const std::filesystem::path& path, const Cifar10Options& options) {
  const core::Handle<std::FILE, std::fclose> stream(std::fopen(path.c_str(), "rb"));
  TORCH_CHECK(stream, "Cifar10: cannot open ", path.string(), ": ", std::strerror(errno));
  check_size(path.string(), std::filesystem::file_size(path), options);
  Bytes bytes(std::filesystem::file_size(path));
  const std::size_t found = std::fread(bytes.data(), 1, bytes.size(), stream.get());
  TORCH_CHECK(found == bytes.size(), "Cifar10: cannot read ", path.string(), ": ", found, " of ",
              bytes.size(), " bytes came");
  return bytes;
}

std::vector<Bytes> read_folder(const Cifar10Options& options) {
  const std::vector<BatchFile> files = files_of(options.split);
  std::filesystem::path folder = options.root;
  if (!std::filesystem::exists(folder / files[0].name)) {
    folder /= "cifar-10-batches-bin";
  }
  std::vector<Bytes> batches;
  for (const BatchFile& file : files) {
    const std::filesystem::path path = folder / file.name;
    TORCH_CHECK(std::filesystem::is_regular_file(path), "Cifar10: no file ", file.name, " in ",
                options.root.string(), " or its folder cifar-10-batches-bin");
    batches.push_back(read_batch(path, options));
    if (options.verify) {
      check_sum(path.string(), file, batches.back());
    }
  }
  return batches;
}

class ArchiveReader {
 public:
  explicit ArchiveReader(const std::filesystem::path& path)
      : path_(path.string()), archive_(archive_read_new()) {
    TORCH_CHECK(archive_, "Cifar10: out of memory");
    // Only filters that libarchive has built in: others would start programs.
    for (const int result : {archive_read_support_filter_gzip(archive_.get()),
                             archive_read_support_filter_xz(archive_.get()),
                             archive_read_support_format_tar(archive_.get())}) {
      TORCH_CHECK(result == ARCHIVE_OK, "Cifar10: cannot open ", path_,
                  ": libarchive was built without gzip or xz");
    }
    constexpr std::size_t kBlockBytes = 1 << 18;
    check(archive_read_open_filename(archive_.get(), path.c_str(), kBlockBytes));
  }

  /// The next regular file, or nullptr at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    while (true) {
      const int result = archive_read_next_header(archive_.get(), &entry);
      if (result == ARCHIVE_EOF) {
        return nullptr;
      }
      check(result);
      if (archive_entry_filetype(entry) == AE_IFREG) {
        return entry;
      }
    }
  }

  /// Fills `bytes` with the data of the entry that next() gave.
  void read(const std::string& place, Bytes& bytes) {
    std::size_t filled = 0;
    while (filled < bytes.size()) {
      const la_ssize_t count =
          archive_read_data(archive_.get(), bytes.data() + filled, bytes.size() - filled);
      check(count < 0 ? static_cast<int>(count) : ARCHIVE_OK);
      TORCH_CHECK(count > 0, "Cifar10: ", place, " ends after ", filled, " of ", bytes.size(),
                  " bytes");
      filled += static_cast<std::size_t>(count);
    }
  }

 private:
  void check(int result) {
    if (result < ARCHIVE_WARN) {
      const char* reason = archive_error_string(archive_.get());
      TORCH_CHECK(false, "Cifar10: cannot read ", path_, ": ",
                  reason == nullptr ? "not a .tar.gz or .tar.xz" : reason);
    }
  }

  std::string path_;
  core::Handle<archive, archive_read_free> archive_;
};

std::vector<Bytes> read_archive(const Cifar10Options& options) {
  const std::vector<BatchFile> files = files_of(options.split);
  std::vector<Bytes> batches(files.size());
  ArchiveReader reader(options.root);
  std::size_t missing = files.size();
  while (missing > 0) {
    archive_entry* entry = reader.next();
    if (entry == nullptr) {
      break;
    }
    const char* path = archive_entry_pathname(entry);
    const std::string name = std::filesystem::path(path == nullptr ? "" : path).filename();
    const auto file =
        std::ranges::find_if(files, [&](const BatchFile& f) { return f.name == name; });
    if (file == files.end()) {
      continue;
    }
    Bytes& bytes = batches[static_cast<std::size_t>(file - files.begin())];
    const std::string place = name + " in " + options.root.string();
    TORCH_CHECK(bytes.empty(), "Cifar10: ", place, " occurs twice");
    check_size(place, static_cast<std::uint64_t>(archive_entry_size(entry)), options);
    bytes.resize(static_cast<std::size_t>(archive_entry_size(entry)));
    reader.read(place, bytes);
    if (options.verify) {
      check_sum(place, *file, bytes);
    }
    --missing;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    TORCH_CHECK(!batches[i].empty(), "Cifar10: no file ", files[i].name, " in ",
                options.root.string());
  }
  return batches;
}

// Appends the labels to `targets`, writes the pixels interleaved, and returns where they end.
unsigned char* convert(std::string_view name, const Bytes& records, unsigned char* pixels,
                       std::vector<unsigned char>& targets) {
  for (std::size_t i = 0; i < records.size() / kRecord; ++i) {
    const unsigned char* record = records.data() + i * kRecord;
    TORCH_CHECK(record[0] < Cifar10::class_names().size(), "Cifar10: labels must be in [0, 10), ",
                name, " has ", static_cast<int>(record[0]), " in record ", i);
    targets.push_back(record[0]);
    const unsigned char* plane = record + 1;
    for (std::size_t p = 0; p < kPlane; ++p) {
      *pixels++ = plane[p];
      *pixels++ = plane[kPlane + p];
      *pixels++ = plane[2 * kPlane + p];
    }
  }
  return pixels;
}

}  // namespace

void Cifar10Options::check() const {
  TORCH_CHECK_VALUE(!root.empty(), "Cifar10: root must name a folder or an archive, got none");
}

Cifar10::Cifar10(Cifar10Options options) : options_(std::move(options)) {
  options_.check();
  TORCH_CHECK(std::filesystem::exists(options_.root), "Cifar10: no folder or archive ",
              options_.root.string());
  std::vector<Bytes> batches =
      std::filesystem::is_directory(options_.root) ? read_folder(options_) : read_archive(options_);
  std::size_t count = 0;
  for (const Bytes& batch : batches) {
    count += batch.size() / kRecord;
  }
  targets_.reserve(count);
  images_ = at::empty({static_cast<std::int64_t>(count), kSide, kSide, 3}, at::kByte)
                .permute({0, 3, 1, 2});
  const std::vector<BatchFile> files = files_of(options_.split);
  auto* pixels = images_.mutable_data_ptr<unsigned char>();
  for (std::size_t i = 0; i < batches.size(); ++i) {
    pixels = convert(files[i].name, std::exchange(batches[i], {}), pixels, targets_);
  }
}

Sample Cifar10::get(std::int64_t index) const {
  std::string name = file_name(index);
  return {.image = images_.select(0, index),
          .target = targets_[static_cast<std::size_t>(index)],
          .file_name = std::move(name),
          .index = index};
}

std::string Cifar10::file_name(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size(), "Cifar10: index must be in [0, ", size(),
                    "), got ", index);
  return padded_name(options_.split == Split::kTrain ? "train/" : "test/", index);
}

const std::array<std::string_view, 10>& Cifar10::class_names() {
  static constexpr std::array<std::string_view, 10> kNames{
      "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
  return kNames;
}

}  // namespace lightly::data
