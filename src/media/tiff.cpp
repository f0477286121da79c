#include "media/tiff.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <tiffio.h>

#include "core/handle.hpp"
#include "media/orientation.hpp"
#include "media/tiff_directory.hpp"

namespace lightly::media {
namespace {

// A file in memory as libtiff reads it, and its first complaint.
struct TiffSource {
  Bytes bytes;
  std::uint64_t at = 0;
  std::array<char, 256> reason = {};
};

tmsize_t read_tiff_bytes(thandle_t handle, void* into, tmsize_t count) {
  auto* source = static_cast<TiffSource*>(handle);
  const std::uint64_t begin = std::min<std::uint64_t>(source->at, source->bytes.size());
  const std::uint64_t taken = std::min<std::uint64_t>(
      static_cast<std::uint64_t>(std::max<tmsize_t>(count, 0)), source->bytes.size() - begin);
  std::memcpy(into, source->bytes.data() + begin, taken);
  source->at = begin + taken;
  return static_cast<tmsize_t>(taken);
}

tmsize_t write_no_bytes(thandle_t /*handle*/, void* /*from*/, tmsize_t /*count*/) {
  return 0;
}

toff_t seek_tiff(thandle_t handle, toff_t offset, int whence) {
  auto* source = static_cast<TiffSource*>(handle);
  const std::uint64_t from = whence == SEEK_SET   ? 0
                             : whence == SEEK_CUR ? source->at
                                                  : source->bytes.size();
  return source->at = from + offset;
}

int close_nothing(thandle_t /*handle*/) {
  return 0;
}

toff_t tiff_size(thandle_t handle) {
  return static_cast<TiffSource*>(handle)->bytes.size();
}

// 1: libtiff writes nothing itself.
int note_tiff_error(TIFF* /*file*/, void* user, const char* /*module*/, const char* format,
                    std::va_list parts) {
  auto& reason = static_cast<TiffSource*>(user)->reason;
  if (reason[0] == '\0') {
    std::vsnprintf(reason.data(), reason.size(), format, parts);
  }
  return 1;
}

int ignore_tiff_warning(TIFF* /*file*/, void* /*user*/, const char* /*module*/,
                        const char* /*format*/, std::va_list /*parts*/) {
  return 1;
}

using TiffFile = core::Handle<TIFF, TIFFClose>;

// The most that libtiff may take at a time: an image of the file's size with all that it may have
// beside its colours, and room for tiles, which may be larger than the image.
tmsize_t most_tiff_bytes(const ImageSize& size) {
  return static_cast<tmsize_t>(16 * size.width * size.height + (std::int64_t{1} << 26));
}

TiffFile open_tiff(TiffSource* source, const ImageSize& size) {
  const core::Handle<TIFFOpenOptions, TIFFOpenOptionsFree> options(TIFFOpenOptionsAlloc());
  TORCH_CHECK(options != nullptr, "decode_tiff: libtiff has no memory");
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), most_tiff_bytes(size));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), note_tiff_error, source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_tiff_warning, source);
  // m: no mapping, which is for files.
  return TiffFile(TIFFClientOpenExt("image", "rm", source, read_tiff_bytes, write_no_bytes,
                                    seek_tiff, close_nothing, tiff_size, nullptr, nullptr,
                                    options.get()));
}

template <typename Number>
Number tiff_tag(TIFF* file, std::uint32_t tag) {
  Number number = 0;
  TIFFGetFieldDefaulted(file, tag, &number);
  return number;
}

std::vector<std::uint16_t> extra_samples(TIFF* file) {
  std::uint16_t count = 0;
  const std::uint16_t* kinds = nullptr;
  TIFFGetFieldDefaulted(file, TIFFTAG_EXTRASAMPLES, &count, &kinds);
  return {kinds, kinds + count};
}

// A colour that was multiplied by its alpha, without it, as Pillow has it.
std::uint8_t without_alpha(unsigned color, unsigned alpha) {
  return static_cast<std::uint8_t>(alpha == 0 ? 0 : std::min(color * 255 / alpha, 255U));
}

// What all kinds of TIFF have that libtiff makes 8 bits of.
bool read_tiff_colors(TIFF* file, bool is_multiplied, const ImageSize& size, std::uint8_t* into) {
  // It would multiply colours by an alpha that is not in them yet.
  std::vector<std::uint16_t> extra = extra_samples(file);
  std::fill(extra.begin(), extra.end(), EXTRASAMPLE_UNSPECIFIED);
  TIFFSetField(file, TIFFTAG_EXTRASAMPLES, static_cast<int>(extra.size()), extra.data());
  const at::Tensor raster =
      at::empty({size.height, size.width}, at::TensorOptions().dtype(at::kInt));
  auto* pixel = static_cast<std::uint32_t*>(raster.mutable_data_ptr());
  constexpr int kStopOnError = 1;
  if (TIFFReadRGBAImageOriented(file, static_cast<std::uint32_t>(size.width),
                                static_cast<std::uint32_t>(size.height), pixel, ORIENTATION_TOPLEFT,
                                kStopOnError) == 0) {
    return false;
  }
  for (std::int64_t i = 0; i < raster.numel(); ++i, ++pixel, into += 3) {
    const std::array<std::uint32_t, 3> colors{TIFFGetR(*pixel), TIFFGetG(*pixel), TIFFGetB(*pixel)};
    for (std::size_t channel = 0; channel < 3; ++channel) {
      into[channel] = is_multiplied ? without_alpha(colors[channel], TIFFGetA(*pixel))
                                    : static_cast<std::uint8_t>(colors[channel]);
    }
  }
  return true;
}

// Grey or RGB of 16 bits a sample, of which libtiff makes other 8 bits than Pillow.
class DeepTiff {
 public:
  DeepTiff(TIFF* file, const ImageSize& size, bool is_multiplied, SixteenBits sixteen_bits)
      : file_(file),
        size_(size),
        is_grey_(tiff_tag<std::uint16_t>(file, TIFFTAG_PHOTOMETRIC) != PHOTOMETRIC_RGB),
        is_multiplied_(is_multiplied),
        saturates_(is_grey_ && sixteen_bits == SixteenBits::kSaturate),
        is_tiled_(TIFFIsTiled(file) != 0),
        is_separate_(tiff_tag<std::uint16_t>(file, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE),
        samples_(tiff_tag<std::uint16_t>(file, TIFFTAG_SAMPLESPERPIXEL)) {
    if (is_tiled_) {
      block_.width = tiff_tag<std::uint32_t>(file, TIFFTAG_TILEWIDTH);
      block_.height = tiff_tag<std::uint32_t>(file, TIFFTAG_TILELENGTH);
    } else {
      block_.width = size.width;
      block_.height =
          std::min<std::int64_t>(tiff_tag<std::uint32_t>(file, TIFFTAG_ROWSPERSTRIP), size.height);
    }
  }

  static bool is(TIFF* file) {
    return tiff_tag<std::uint16_t>(file, TIFFTAG_BITSPERSAMPLE) == 16 &&
           tiff_tag<std::uint16_t>(file, TIFFTAG_SAMPLEFORMAT) == SAMPLEFORMAT_UINT &&
           tiff_tag<std::uint16_t>(file, TIFFTAG_PHOTOMETRIC) <= PHOTOMETRIC_RGB;
  }

  bool read(std::uint8_t* into) const {
    const std::int64_t channels = is_grey_ ? 1 : 3;
    const std::int64_t row_bytes = is_tiled_ ? TIFFTileRowSize(file_) : TIFFScanlineSize(file_);
    const std::int64_t bytes = is_tiled_ ? TIFFTileSize(file_) : TIFFStripSize(file_);
    const std::int64_t pixel_bytes = 2 * (is_separate_ ? 1 : samples_);
    if (samples_ < channels || block_.width < 1 || block_.height < 1 || bytes < 1 ||
        bytes > most_tiff_bytes(size_) || row_bytes / pixel_bytes < block_.width ||
        bytes / row_bytes < block_.height) {
      return false;
    }
    const at::Tensor block = at::empty({bytes}, at::TensorOptions().dtype(at::kByte));
    for (std::int64_t plane = 0; plane < (is_separate_ ? channels : 1); ++plane) {
      for (std::int64_t top = 0; top < size_.height; top += block_.height) {
        for (std::int64_t left = 0; left < size_.width; left += block_.width) {
          const std::int64_t rows = std::min(block_.height, size_.height - top);
          auto* data = block.mutable_data_ptr<std::uint8_t>();
          if (read_block(top, left, plane, data, bytes) < rows * row_bytes) {
            return false;
          }
          for (std::int64_t y = 0; y < rows; ++y) {
            write(reinterpret_cast<const std::uint16_t*>(data + y * row_bytes),
                  std::min(block_.width, size_.width - left), plane,
                  into + 3 * ((top + y) * size_.width + left));
          }
        }
      }
    }
    return true;
  }

 private:
  // Negative after an error.
  tmsize_t read_block(std::int64_t top, std::int64_t left, std::int64_t plane, std::uint8_t* into,
                      tmsize_t bytes) const {
    const auto row = static_cast<std::uint32_t>(top);
    const auto sample = static_cast<std::uint16_t>(plane);
    return is_tiled_
               ? TIFFReadEncodedTile(
                     file_,
                     TIFFComputeTile(file_, static_cast<std::uint32_t>(left), row, 0, sample), into,
                     bytes)
               : TIFFReadEncodedStrip(file_, TIFFComputeStrip(file_, row, sample), into, bytes);
  }

  // Samples of `count` pixels: all of them, or of a plane.
  void write(const std::uint16_t* from, std::int64_t count, std::int64_t plane,
             std::uint8_t* into) const {
    const std::int64_t step = is_separate_ ? 1 : samples_;
    for (std::int64_t x = 0; x < count; ++x, from += step, into += 3) {
      if (is_grey_) {
        std::fill_n(into, 3, byte(from[0]));
      } else if (is_separate_) {
        into[plane] = byte(from[0]);
      } else {
        for (std::int64_t channel = 0; channel < 3; ++channel) {
          into[channel] = is_multiplied_ ? without_alpha(byte(from[channel]), byte(from[3]))
                                         : byte(from[channel]);
        }
      }
    }
  }

  std::uint8_t byte(std::uint16_t value) const {
    return static_cast<std::uint8_t>(saturates_ ? std::min<std::uint16_t>(value, 255) : value >> 8);
  }

  TIFF* file_;
  ImageSize size_;
  bool is_grey_;
  bool is_multiplied_;
  bool saturates_;
  bool is_tiled_;
  bool is_separate_;
  std::int64_t samples_;
  // Pixels of a tile or a strip.
  ImageSize block_;
};

// Where the first page has its size, and how it is turned.
struct TiffPage {
  ImageSize stored;
  int orientation = 1;
};

TiffPage tiff_page(Bytes bytes, const std::string& where) {
  const std::optional<TiffDirectory> directory = TiffDirectory::open(bytes);
  TORCH_CHECK(directory.has_value(), where, ": its header is damaged");
  const std::int64_t orientation = directory->number(TIFFTAG_ORIENTATION).value_or(1);
  return {.stored = {.width = directory->number(TIFFTAG_IMAGEWIDTH).value_or(0),
                     .height = directory->number(TIFFTAG_IMAGELENGTH).value_or(0)},
          .orientation = known_orientation(orientation)};
}

}  // namespace

ImageSize read_tiff_size(Bytes bytes, const std::string& where) {
  const TiffPage page = tiff_page(bytes, where);
  return Orientation(page.orientation, page.stored).upright();
}

at::Tensor decode_tiff(Bytes bytes, const std::string& where, SixteenBits sixteen_bits) {
  const TiffPage page = tiff_page(bytes, where);
  const ImageSize& size = page.stored;
  const at::Tensor pixels = empty_pixels(size);
  auto* into = pixels.mutable_data_ptr<std::uint8_t>();
  TiffSource source{.bytes = bytes};
  const TiffFile file = open_tiff(&source, size);
  bool done = file != nullptr;
  if (done) {
    // The limit of pixels holds for the size that was found here: libtiff must not read another.
    TORCH_CHECK(tiff_tag<std::uint32_t>(file.get(), TIFFTAG_IMAGEWIDTH) == size.width &&
                    tiff_tag<std::uint32_t>(file.get(), TIFFTAG_IMAGELENGTH) == size.height,
                where, ": its header contradicts itself");
    // Rows and columns as they are stored; Orientation turns them.
    TIFFSetField(file.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    const std::vector<std::uint16_t> extra = extra_samples(file.get());
    const bool is_multiplied =
        !extra.empty() && extra[0] == EXTRASAMPLE_ASSOCALPHA &&
        tiff_tag<std::uint16_t>(file.get(), TIFFTAG_PHOTOMETRIC) == PHOTOMETRIC_RGB &&
        tiff_tag<std::uint16_t>(file.get(), TIFFTAG_SAMPLESPERPIXEL) >= 4;
    done = DeepTiff::is(file.get())
               ? DeepTiff(file.get(), size, is_multiplied, sixteen_bits).read(into)
               : read_tiff_colors(file.get(), is_multiplied, size, into);
  }
  TORCH_CHECK(done, where, ": ",
              source.reason[0] != '\0' ? source.reason.data()
                                       : "it is damaged, or of a kind of TIFF that is not read");
  const ImagePart part{.pixels = as_image(pixels)};
  return page.orientation == 1 ? part.pixels
                               : Orientation(page.orientation, size).upright(part).pixels;
}

}  // namespace lightly::media
