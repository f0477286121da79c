#include "lightly/data/idx_dataset.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <zlib.h>

#include "core/handle.hpp"
#include "lightly/data/padded_name.hpp"

namespace lightly::data {
namespace {

struct IdxContent {
  /// Sizes of the axes, the count first.
  std::vector<std::uint64_t> sizes;
  std::vector<unsigned char> bytes;
};

// A plain or gzip file as a stream of bytes.
class IdxReader {
 public:
  explicit IdxReader(const std::filesystem::path& path)
      : path_(path.string()), stream_(gzopen(path.c_str(), "rb")) {
    TORCH_CHECK(stream_, "IdxDataset: cannot open ", path_, ": ", std::strerror(errno));
    TORCH_CHECK(std::filesystem::is_regular_file(path), "IdxDataset: not a file: ", path_);
    // DEFLATE packs at most 1032 bytes into one (zlib.net/zlib_tech.html).
    constexpr std::uint64_t kMostPerByte = 1032;
    const bool plain = gzdirect(stream_.get()) != 0;
    most_bytes_ = std::filesystem::file_size(path) * (plain ? 1 : kMostPerByte);
  }

  /// No file of this size can hold more bytes, unpacked.
  std::uint64_t most_bytes() const { return most_bytes_; }
  const std::string& path() const { return path_; }

  /// Reads until `count` bytes came or the file ends; returns how many came.
  std::uint64_t read(unsigned char* bytes, std::uint64_t count) {
    std::uint64_t filled = 0;
    while (filled < count) {
      constexpr std::uint64_t kPiece = 1 << 20;
      const int got = gzread(stream_.get(), bytes + filled,
                             static_cast<unsigned>(std::min(kPiece, count - filled)));
      if (got <= 0) {
        int code = Z_OK;
        const char* reason = gzerror(stream_.get(), &code);
        TORCH_CHECK(code == Z_OK || code == Z_BUF_ERROR, "IdxDataset: cannot read ", path_, ": ",
                    code == Z_ERRNO ? std::strerror(errno) : reason);
        break;
      }
      filled += static_cast<std::uint64_t>(got);
    }
    return filled;
  }

 private:
  std::string path_;
  core::Handle<gzFile_s, gzclose_r> stream_;
  std::uint64_t most_bytes_ = 0;
};

IdxContent read_idx(const std::filesystem::path& path, std::size_t axes) {
  IdxReader reader(path);
  const std::size_t header_bytes = 4 + 4 * axes;
  std::array<unsigned char, 16> header{};
  const std::uint64_t came = reader.read(header.data(), header_bytes);
  TORCH_CHECK(came == header_bytes, "IdxDataset: ", reader.path(), " must begin with a header of ",
              header_bytes, " bytes, found ", came);
  const auto number = [&](std::size_t i) {
    std::uint32_t value = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      value = value << 8 | header[4 * i + k];
    }
    return value;
  };
  // Two zeros, the type (8: unsigned byte) and the number of axes.
  const auto magic = static_cast<std::uint32_t>(0x800 + axes);
  TORCH_CHECK(number(0) == magic, "IdxDataset: ", reader.path(), " must have the magic number ",
              magic, ", found ", number(0));
  IdxContent content;
  std::uint64_t bytes = 1;
  for (std::size_t i = 1; i <= axes; ++i) {
    const std::uint64_t size = number(i);
    TORCH_CHECK(size > 0, "IdxDataset: ", reader.path(), " claims an axis of size 0");
    // Stays below 2^64: most_bytes() is a file's size by 1032, and a size has 32 bits.
    TORCH_CHECK(bytes <= reader.most_bytes() / size, "IdxDataset: ", reader.path(),
                " claims more data than a file of its size can hold: axis ", i - 1, " of ", axes,
                " has size ", size);
    bytes *= size;
    content.sizes.push_back(size);
  }
  // Memory grows with what really comes, so that a header that lies cannot claim it.
  std::uint64_t found = 0;
  while (found == content.bytes.size() && found < bytes) {
    constexpr std::uint64_t kFirst = 1 << 24;
    content.bytes.resize(std::min(bytes, std::max(kFirst, 2 * found)));
    found += reader.read(content.bytes.data() + found, content.bytes.size() - found);
  }
  TORCH_CHECK(found == bytes, "IdxDataset: ", reader.path(), " is cut off: its header claims ",
              bytes, " bytes of data, found ", found);
  unsigned char more = 0;
  TORCH_CHECK(reader.read(&more, 1) == 0, "IdxDataset: ", reader.path(), " goes on after the ",
              bytes, " bytes of data that its header claims");
  return content;
}

std::filesystem::path plain_or_gzip(const std::filesystem::path& folder, const std::string& name) {
  for (const char* ending : {"", ".gz"}) {
    std::filesystem::path path = folder / (name + ending);
    if (std::filesystem::exists(path)) {
      return path;
    }
  }
  TORCH_CHECK(false, "IdxDataset: no file ", name, " or ", name, ".gz in ", folder.string());
}

}  // namespace

void IdxDatasetOptions::check() const {
  TORCH_CHECK_VALUE(!images.empty(), "IdxDataset: images must name a file, got none");
  TORCH_CHECK_VALUE(!labels.empty(), "IdxDataset: labels must name a file, got none");
}

IdxDataset::IdxDataset(const IdxDatasetOptions& options) {
  options.check();
  IdxContent images = read_idx(options.images, 3);
  IdxContent labels = read_idx(options.labels, 1);
  TORCH_CHECK(images.sizes[0] == labels.sizes[0], "IdxDataset: ", options.images.string(), " has ",
              images.sizes[0], " images, ", options.labels.string(), " has ", labels.sizes[0],
              " labels");
  const std::filesystem::path& path = options.images;
  prefix_ = (path.extension() == ".gz" ? path.stem() : path.filename()).string() + "/";
  height_ = static_cast<std::int64_t>(images.sizes[1]);
  width_ = static_cast<std::int64_t>(images.sizes[2]);
  pixels_ = std::move(images.bytes);
  targets_ = std::move(labels.bytes);
}

IdxDatasetOptions IdxDataset::mnist(const std::filesystem::path& folder, Split split) {
  const std::string part = split == Split::kTrain ? "train" : "t10k";
  return {.images = plain_or_gzip(folder, part + "-images-idx3-ubyte"),
          .labels = plain_or_gzip(folder, part + "-labels-idx1-ubyte")};
}

Sample IdxDataset::get(std::int64_t index) const {
  std::string name = file_name(index);
  const auto count = static_cast<std::size_t>(height_ * width_);
  at::Tensor interleaved = at::empty({height_, width_, 3}, at::kByte);
  const unsigned char* grey = pixels_.data() + static_cast<std::size_t>(index) * count;
  auto* rgb = interleaved.mutable_data_ptr<unsigned char>();
  for (std::size_t i = 0; i < count; ++i) {
    rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = grey[i];
  }
  return {.image = interleaved.permute({2, 0, 1}),
          .target = targets_[static_cast<std::size_t>(index)],
          .file_name = std::move(name),
          .index = index};
}

std::string IdxDataset::file_name(std::int64_t index) const {
  TORCH_CHECK_INDEX(index >= 0 && index < size(), "IdxDataset: index must be in [0, ", size(),
                    "), got ", index);
  return padded_name(prefix_, index);
}

}  // namespace lightly::data
