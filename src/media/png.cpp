#include "media/png.hpp"

#include <csetjmp>
#include <cstring>
#include <limits>
#include <vector>

#include <png.h>

namespace lightly::media {
namespace {

// What libpng's callbacks see; it has no destructor, as longjmp asks of all that it passes.
struct PngSource {
  const std::uint8_t* bytes = nullptr;
  std::size_t left = 0;
  char reason[128] = "";
};

void read_png_bytes(png_structp png, png_bytep into, std::size_t count) {
  auto* source = static_cast<PngSource*>(png_get_io_ptr(png));
  if (count > source->left) {
    png_error(png, "the file is cut short");
  }
  std::memcpy(into, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

[[noreturn]] void fail_png(png_structp png, png_const_charp reason) {
  auto* source = static_cast<PngSource*>(png_get_error_ptr(png));
  std::strncpy(source->reason, reason, sizeof(source->reason) - 1);
  png_longjmp(png, 1);
}

void ignore_png_warning(png_structp /*png*/, png_const_charp /*text*/) {}

class PngDecoder {
 public:
  explicit PngDecoder(PngSource* source)
      : png_(png_create_read_struct(PNG_LIBPNG_VER_STRING, source, fail_png, ignore_png_warning)),
        info_(png_ == nullptr ? nullptr : png_create_info_struct(png_)) {
    TORCH_CHECK(info_ != nullptr, "decode_png: libpng has no memory");
    png_set_read_fn(png_, source, read_png_bytes);
  }
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;

  // False after an error, whose reason is in the PngSource; so are the other functions.
  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) {
      return false;
    }
    png_set_user_limits(png_, std::numeric_limits<std::int32_t>::max(),
                        std::numeric_limits<std::int32_t>::max());
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // Neither gamma, profiles nor text have a say in the pixels, and alpha is dropped.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_byte transparency[] = "tRNS";
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, transparency, 1);
    png_read_info(png_, info_);
    return true;
  }

  bool is_deep_grey() const {
    return png_get_bit_depth(png_, info_) == 16 &&
           (png_get_color_type(png_, info_) & PNG_COLOR_MASK_COLOR) == 0 &&
           (png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA) == 0;
  }

  // Rows of RGB, 8 bits each, or of big-endian 16-bit grey.
  bool read_rows(std::uint8_t** rows, bool as_rgb) {
    if (setjmp(png_jmpbuf(png_)) != 0) {
      return false;
    }
    if (as_rgb) {
      png_set_palette_to_rgb(png_);
      png_set_gray_to_rgb(png_);
      png_set_strip_16(png_);
      png_set_strip_alpha(png_);
    }
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    if (png_get_rowbytes(png_, info_) != row_bytes(as_rgb)) {
      png_error(png_, "its header contradicts itself");
    }
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  ImageSize size() const {
    return {.width = png_get_image_width(png_, info_), .height = png_get_image_height(png_, info_)};
  }

  std::size_t row_bytes(bool as_rgb) const {
    return std::size_t{as_rgb ? 3U : 2U} * png_get_image_width(png_, info_);
  }

 private:
  png_structp png_;
  png_infop info_;
};

std::vector<std::uint8_t*> rows_over(std::uint8_t* pixels, const ImageSize& size,
                                     std::size_t row_bytes) {
  std::vector<std::uint8_t*> rows(static_cast<std::size_t>(size.height));
  for (std::size_t y = 0; y < rows.size(); ++y) {
    rows[y] = pixels + y * row_bytes;
  }
  return rows;
}

}  // namespace

ImageSize read_png_size(Bytes bytes, const std::string& where) {
  // PNG specification, 11.2.2: IHDR comes first.
  if (bytes.size() < 33) {
    throw_cut_short(where);
  }
  TORCH_CHECK(begins_with(bytes.subspan(12), "IHDR"), where, ": its first chunk is not IHDR");
  return {.width = static_cast<std::int64_t>(big_endian(bytes, 16, 4)),
          .height = static_cast<std::int64_t>(big_endian(bytes, 20, 4))};
}

at::Tensor decode_png(Bytes bytes, const std::string& where, SixteenBits sixteen_bits) {
  PngSource source{.bytes = bytes.data(), .left = bytes.size()};
  PngDecoder decoder(&source);
  TORCH_CHECK(decoder.read_header(), where, ": ", source.reason);
  const ImageSize size = decoder.size();
  const at::Tensor pixels = empty_pixels(size);
  auto* into = pixels.mutable_data_ptr<std::uint8_t>();
  const bool as_rgb = !decoder.is_deep_grey();
  std::vector<std::uint8_t> grey;
  if (!as_rgb) {
    grey.resize(decoder.row_bytes(false) * static_cast<std::size_t>(size.height));
  }
  std::vector<std::uint8_t*> rows =
      rows_over(as_rgb ? into : grey.data(), size, decoder.row_bytes(as_rgb));
  TORCH_CHECK(decoder.read_rows(rows.data(), as_rgb), where, ": ", source.reason);
  for (std::size_t i = 0; i + 1 < grey.size(); i += 2, into += 3) {
    const bool saturates = sixteen_bits == SixteenBits::kSaturate;
    const std::uint8_t value = !saturates ? grey[i] : grey[i] == 0 ? grey[i + 1] : 255;
    std::fill_n(into, 3, value);
  }
  return as_image(pixels);
}

}  // namespace lightly::media
