#include "media/jpeg.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "media/libjpeg.hpp"

namespace lightly::media {
namespace {

// As much as a progressive image of 2^28 pixels takes.
constexpr long kMostMemoryBytes = 0x7FFFFFFF;
// A progressive encoder writes about ten. Each scan is a pass over the whole image, and one of a
// few bytes is legal.
constexpr int kMostScans = 100;
// What libjpeg has ready at a time: the rows of the tallest MCU are 32.
constexpr JDIMENSION kRowsPerCall = 32;

// Where the coded data end, as far as the rest of a file tells without decoding it.
enum class CodedDataEnd {
  kImageEnd,  // the end marker, and before it nothing but coded data and restart markers
  kOther,     // any other marker, or none
};

// Markers as in ITU-T T.81, Table B.1; `pending` is one that libjpeg has read and not used, or 0.
CodedDataEnd find_end(std::span<const std::uint8_t> bytes, int pending) {
  const auto goes_on = [](int code) { return code <= 0x01 || (code >= 0xD0 && code <= 0xD7); };
  constexpr int kEnd = 0xD9;
  constexpr int kFill = 0xFF;
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* end = at + bytes.size();
  int code = pending;
  while (goes_on(code) || code == kFill) {
    if (code != kFill) {
      at = at == end ? nullptr
                     : static_cast<const std::uint8_t*>(
                           std::memchr(at, kFill, static_cast<std::size_t>(end - at)));
    }
    if (at == nullptr || end - at < 2) {
      return CodedDataEnd::kOther;
    }
    // After fill bytes `at` is the last one of them.
    code = at[1];
    at += code == kFill ? 1 : 2;
  }
  return code == kEnd ? CodedDataEnd::kImageEnd : CodedDataEnd::kOther;
}

// Pillow's conversion of CMYK, with all four inverted first.
void mix_inks(const std::uint8_t* inverted, std::uint8_t* rgb, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const int light = inverted[4 * i + 3];
    for (std::size_t channel = 0; channel < 3; ++channel) {
      const int product = (255 - inverted[4 * i + channel]) * light + 128;
      const int taken = (product + (product >> 8)) >> 8;  // product / 255, rounded
      rgb[3 * i + channel] = static_cast<std::uint8_t>(std::max(light - taken, 0));
    }
  }
}

// One image: read_header, start, perhaps crop and skip, read.
class JpegDecoder {
 public:
  JpegDecoder(std::span<const std::uint8_t> bytes, const std::string& where) : where_(where) {
    TORCH_CHECK(bytes.size() < 3 || bytes[2] == 0xFF, where_, ": not a JPEG file");
    info_.err = prepare(errors_);
    info_.client_data = this;
    source_.next_input_byte = bytes.data();
    source_.bytes_in_buffer = bytes.size();
    source_.init_source = [](j_decompress_ptr) {};
    source_.fill_input_buffer = run_dry;
    source_.skip_input_data = [](j_decompress_ptr info, long count) {
      const std::size_t left = info->src->bytes_in_buffer;
      const auto skipped = std::min(static_cast<std::size_t>(std::max(count, 0L)), left);
      info->src->next_input_byte += skipped;
      info->src->bytes_in_buffer -= skipped;
    };
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = [](j_decompress_ptr) {};
    progress_.progress_monitor = [](j_common_ptr info) {
      if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMostScans) {
        give_up(info, "it has more than 100 scans");
      }
    };
    if (!succeeds(errors_, [&] { jpeg_create_decompress(&info_); })) {
      jpeg_destroy_decompress(&info_);
      fail();
    }
    info_.src = &source_;
    info_.progress = &progress_;
    info_.mem->max_memory_to_use = kMostMemoryBytes;
  }
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  JpegHeader read_header() {
    run([&] {
      while (jpeg_read_header(&info_, FALSE) == JPEG_HEADER_TABLES_ONLY) {
      }
    });
    return {.width = info_.image_width, .height = info_.image_height};
  }

  // Files of several scans are read to their end here.
  void start(std::int64_t reduction) {
    run([&] {
      info_.scale_num = 1;
      info_.scale_denom = static_cast<unsigned>(reduction);
      info_.out_color_space = info_.num_components == 4 ? JCS_CMYK : JCS_RGB;
      jpeg_start_decompress(&info_);
    });
  }

  // The size of what comes out, less than that of the file after reductions and crops.
  std::int64_t width() const { return info_.output_width; }
  std::int64_t rows_left() const { return info_.output_height - info_.output_scanline; }

  // Whether blocks are smoothed by what is around them, since the file lacks bits of their
  // coefficients.
  bool smooths() const {
    if (info_.progressive_mode == FALSE || info_.coef_bits == nullptr) {
      return false;
    }
    const int* bits = info_.coef_bits[0];
    for (int i = 0; i < info_.num_components * DCTSIZE2; ++i) {
      if (i % DCTSIZE2 != 0 && bits[i] != 0) {
        return true;
      }
    }
    return false;
  }

  // Whether crop() may be called. Where a smaller inverse DCT makes up for a part of a component's
  // subsampling, libjpeg would interpolate too few columns.
  bool can_crop() const {
    if (info_.scale_denom == 1) {
      return true;
    }
    for (int i = 0; i < info_.num_components; ++i) {
      const int h = info_.comp_info[i].h_samp_factor;
      const int v = info_.comp_info[i].v_samp_factor;
      if (h != info_.max_h_samp_factor && v != info_.max_v_samp_factor &&
          (2 * h != info_.max_h_samp_factor || 2 * v != info_.max_v_samp_factor)) {
        return false;
      }
    }
    return true;
  }

  // Reads no more than columns [begin, end) take and gives the column that rows begin with from now
  // on; some at the sides are not as in the whole image.
  std::int64_t crop(std::int64_t begin, std::int64_t end) {
    // The interpolation of chroma looks one pixel beyond. Below a few columns of chroma libjpeg
    // would take another one.
    constexpr std::int64_t kMargin = 1;
    constexpr std::int64_t kLeast = 16;
    const std::int64_t from =
        std::max<std::int64_t>(std::min(begin - kMargin, width() - kLeast), 0);
    const std::int64_t to = std::min(std::max(end + kMargin, from + kLeast), width());
    auto first = static_cast<JDIMENSION>(from);
    auto count = static_cast<JDIMENSION>(to - from);
    run([&] { jpeg_crop_scanline(&info_, &first, &count); });
    return first;
  }

  void skip(std::int64_t rows) {
    run([&] { jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(rows)); });
  }

  // The next rows: uint8 [rows, width(), 3].
  at::Tensor read(std::int64_t rows) {
    const at::Tensor pixels = at::empty({rows, width(), 3}, at::TensorOptions().dtype(at::kByte));
    auto* target = pixels.mutable_data_ptr<std::uint8_t>();
    const auto row_bytes = static_cast<std::size_t>(width()) * 3;
    if (info_.out_color_space == JCS_RGB) {
      read_rows(target, row_bytes, static_cast<JDIMENSION>(rows));
      return pixels;
    }
    const auto row_pixels = static_cast<std::size_t>(width());
    std::vector<std::uint8_t> inks(kRowsPerCall * row_pixels * 4);
    for (std::int64_t done = 0; done < rows;) {
      const auto count = static_cast<JDIMENSION>(std::min<std::int64_t>(rows - done, kRowsPerCall));
      read_rows(inks.data(), row_pixels * 4, count);
      mix_inks(inks.data(), target + static_cast<std::size_t>(done) * row_bytes,
               count * row_pixels);
      done += count;
    }
    return pixels;
  }

  // After the last row: what is left of the file may be cut short, but must not be nonsense.
  void finish() {
    complete_ = true;
    run([&] { jpeg_finish_decompress(&info_); });
  }

  // Fails if the rows that are left, or finish(), would.
  void check_rest() {
    if (jpeg_has_multiple_scans(&info_) ||
        find_end({source_.next_input_byte, source_.bytes_in_buffer}, info_.unread_marker) ==
            CodedDataEnd::kImageEnd) {
      return;
    }
    std::vector<std::uint8_t> row(static_cast<std::size_t>(width()) * 4);
    read_rows(row.data(), 0, static_cast<JDIMENSION>(rows_left()));
    finish();
  }

 private:
  static boolean run_dry(j_decompress_ptr info) {
    if (!static_cast<const JpegDecoder*>(info->client_data)->complete_) {
      give_up(reinterpret_cast<j_common_ptr>(info), "the file is cut short");
    }
    return FALSE;  // libjpeg stops where it is
  }

  void fail() const { TORCH_CHECK(false, where_, ": ", errors_.text.data()); }

  template <typename Call>
  void run(const Call& call) {
    if (!succeeds(errors_, call)) {
      fail();
    }
  }

  void read_rows(std::uint8_t* target, std::size_t step_bytes, JDIMENSION count) {
    run([&] {
      std::array<JSAMPROW, kRowsPerCall> rows;
      for (JDIMENSION done = 0; done < count;) {
        const JDIMENSION most = std::min(count - done, kRowsPerCall);
        for (JDIMENSION i = 0; i < most; ++i) {
          rows[i] = target + (done + i) * step_bytes;
        }
        done += jpeg_read_scanlines(&info_, rows.data(), most);
      }
    });
  }

  const std::string& where_;
  bool complete_ = false;
  JpegErrors errors_;
  jpeg_source_mgr source_ = {};
  jpeg_progress_mgr progress_ = {};
  jpeg_decompress_struct info_ = {};
};

}  // namespace

JpegHeader read_jpeg_header(std::span<const std::uint8_t> bytes, const std::string& where) {
  return JpegDecoder(bytes, where).read_header();
}

at::Tensor decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& where) {
  JpegDecoder decoder(bytes, where);
  decoder.read_header();
  decoder.start(1);
  const at::Tensor pixels = decoder.read(decoder.rows_left());
  decoder.finish();
  return pixels.permute({2, 0, 1});
}

ImagePart decode_jpeg_part(std::span<const std::uint8_t> bytes, const std::string& where,
                           const Region& region, std::int64_t reduction) {
  TORCH_CHECK_VALUE(reduction == 1 || reduction == 2 || reduction == 4 || reduction == 8,
                    "decode_jpeg_part: reduction must be 1, 2, 4 or 8, got ", reduction);
  JpegDecoder decoder(bytes, where);
  const JpegHeader size = decoder.read_header();
  const auto within = [](std::int64_t begin, std::int64_t count, std::int64_t all) {
    return begin >= 0 && begin < all && count >= 1 && count <= all - begin;
  };
  TORCH_CHECK_VALUE(within(region.top, region.height, size.height) &&
                        within(region.left, region.width, size.width),
                    "decode_jpeg_part: region must not be empty and lie within ", size.width, " x ",
                    size.height, " px, got ", region.width, " x ", region.height, " at column ",
                    region.left, ", row ", region.top);
  const std::int64_t top = region.top / reduction;
  const std::int64_t left = region.left / reduction;
  const std::int64_t bottom = (region.top + region.height + reduction - 1) / reduction;
  const std::int64_t right = (region.left + region.width + reduction - 1) / reduction;
  decoder.start(reduction);
  std::int64_t first_row = 0;
  std::int64_t first_column = 0;
  if (!decoder.smooths()) {
    first_row = top;
    first_column = decoder.can_crop() ? decoder.crop(left, right) : 0;
    decoder.skip(top);
  }
  const at::Tensor rows = decoder.read(bottom - first_row);
  decoder.check_rest();
  const std::int64_t row_bytes = rows.stride(0);
  return {.pixels = rows.as_strided({3, bottom - top, right - left}, {1, row_bytes, 3},
                                    (top - first_row) * row_bytes + (left - first_column) * 3),
          .top = top * reduction,
          .left = left * reduction,
          .reduction = reduction};
}

}  // namespace lightly::media
