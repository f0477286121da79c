#include <cstddef>
#include <new>
#include <utility>

#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "media/jpeg.hpp"
#include "media/libjpeg.hpp"

namespace lightly::media {
namespace {

// Where libjpeg puts its bytes.
struct JpegOutput {
  jpeg_destination_mgr manager = {};
  std::vector<std::uint8_t> bytes = {};
};

void use_rest(JpegOutput& output, std::size_t used) {
  output.manager.next_output_byte = output.bytes.data() + used;
  output.manager.free_in_buffer = output.bytes.size() - used;
}

boolean enlarge(j_compress_ptr info) {
  auto& output = *static_cast<JpegOutput*>(info->client_data);
  const std::size_t used = output.bytes.size();
  bool enlarged = true;
  try {
    output.bytes.resize(2 * used);
  } catch (const std::bad_alloc&) {
    enlarged = false;
  }
  if (!enlarged) {
    give_up(reinterpret_cast<j_common_ptr>(info), "out of memory");
  }
  use_rest(output, used);
  return TRUE;
}

class JpegEncoder {
 public:
  JpegEncoder() {
    info_.err = prepare(errors_);
    info_.client_data = &output_;
    output_.manager.init_destination = [](j_compress_ptr) {};
    output_.manager.empty_output_buffer = enlarge;
    output_.manager.term_destination = [](j_compress_ptr) {};
  }
  ~JpegEncoder() { jpeg_destroy_compress(&info_); }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;

  // `pixels`: uint8 [H, W, 3], contiguous.
  std::vector<std::uint8_t> encode(const at::Tensor& pixels, int quality) {
    auto* source = const_cast<std::uint8_t*>(pixels.const_data_ptr<std::uint8_t>());
    const auto height = static_cast<JDIMENSION>(pixels.size(0));
    const auto width = static_cast<JDIMENSION>(pixels.size(1));
    output_.bytes.resize(std::size_t{1} << 16);
    use_rest(output_, 0);
    const bool done = succeeds(errors_, [&] {
      jpeg_create_compress(&info_);
      info_.dest = &output_.manager;
      info_.image_width = width;
      info_.image_height = height;
      info_.input_components = 3;
      info_.in_color_space = JCS_RGB;
      jpeg_set_defaults(&info_);
      jpeg_set_quality(&info_, quality, TRUE);
      jpeg_start_compress(&info_, TRUE);
      while (info_.next_scanline < height) {
        JSAMPROW row = source + std::size_t{3} * width * info_.next_scanline;
        jpeg_write_scanlines(&info_, &row, 1);
      }
      jpeg_finish_compress(&info_);
    });
    TORCH_CHECK(done, "encode_jpeg: ", errors_.text.data());
    output_.bytes.resize(output_.bytes.size() - output_.manager.free_in_buffer);
    return std::move(output_.bytes);
  }

 private:
  JpegErrors errors_;
  JpegOutput output_;
  jpeg_compress_struct info_ = {};
};

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const at::Tensor& image, std::int64_t quality) {
  core::check_image("encode_jpeg", image);
  TORCH_CHECK_VALUE(quality >= 1 && quality <= 100,
                    "encode_jpeg: quality must be in [1, 100], got ", quality);
  TORCH_CHECK_VALUE(image.size(1) <= JPEG_MAX_DIMENSION && image.size(2) <= JPEG_MAX_DIMENSION,
                    "encode_jpeg: image must have sides of at most ", JPEG_MAX_DIMENSION,
                    " px, got ", image.sizes());
  return JpegEncoder().encode(image.permute({1, 2, 0}).contiguous(), static_cast<int>(quality));
}

}  // namespace lightly::media
