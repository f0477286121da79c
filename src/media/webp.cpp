#include "media/webp.hpp"

#include <cstring>

#include <webp/decode.h>
#include <webp/demux.h>

#include "core/handle.hpp"

namespace lightly::media {
namespace {

using WebpFile = core::Handle<WebPDemuxer, WebPDemuxDelete>;

WebpFile open_webp(Bytes bytes, const std::string& where) {
  const WebPData data{.bytes = bytes.data(), .size = bytes.size()};
  WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
  WebpFile file(WebPDemuxPartial(&data, &state));
  if (state == WEBP_DEMUX_PARSING_HEADER || state == WEBP_DEMUX_PARSED_HEADER) {
    throw_cut_short(where);
  }
  TORCH_CHECK(file != nullptr && state == WEBP_DEMUX_DONE, where, ": it is damaged");
  return file;
}

class WebpFrame {
 public:
  explicit WebpFrame(const WebpFile& file) : found_(WebPDemuxGetFrame(file.get(), 1, &frame_)) {}
  ~WebpFrame() { WebPDemuxReleaseIterator(&frame_); }
  WebpFrame(const WebpFrame&) = delete;
  WebpFrame& operator=(const WebpFrame&) = delete;

  bool found() const { return found_ != 0; }
  const WebPIterator& get() const { return frame_; }

 private:
  WebPIterator frame_ = {};
  int found_;
};

ImageSize canvas_of(const WebpFile& file) {
  return {.width = WebPDemuxGetI(file.get(), WEBP_FF_CANVAS_WIDTH),
          .height = WebPDemuxGetI(file.get(), WEBP_FF_CANVAS_HEIGHT)};
}

}  // namespace

ImageSize read_webp_size(Bytes bytes, const std::string& where) {
  return canvas_of(open_webp(bytes, where));
}

at::Tensor decode_webp(Bytes bytes, const std::string& where) {
  const WebpFile file = open_webp(bytes, where);
  const ImageSize canvas = canvas_of(file);
  const WebpFrame first(file);
  TORCH_CHECK(first.found(), where, ": it has no frame");
  const WebPIterator& frame = first.get();
  TORCH_CHECK(frame.x_offset >= 0 && frame.y_offset >= 0 &&
                  frame.width <= canvas.width - frame.x_offset &&
                  frame.height <= canvas.height - frame.y_offset,
              where, ": its frame reaches beyond the canvas");
  const at::Tensor pixels = empty_pixels(canvas);
  auto* into = pixels.mutable_data_ptr<std::uint8_t>();
  if (frame.width < canvas.width || frame.height < canvas.height) {
    std::memset(into, 0, pixels.nbytes());
  }
  WebPDecoderConfig config;
  TORCH_CHECK(WebPInitDecoderConfig(&config) != 0, where, ": another version of libwebp");
  const std::size_t before =
      static_cast<std::size_t>(3 * (frame.y_offset * canvas.width + frame.x_offset));
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {.rgba = into + before,
                          .stride = static_cast<int>(3 * canvas.width),
                          .size = pixels.nbytes() - before};
  TORCH_CHECK(WebPDecode(frame.fragment.bytes, frame.fragment.size, &config) == VP8_STATUS_OK &&
                  config.output.width == frame.width && config.output.height == frame.height,
              where, ": it is damaged");
  return as_image(pixels);
}

Bytes find_webp_chunk(Bytes bytes, const char* name) {
  // RIFF: after 12 bytes come chunks of a name, a length and data that are padded to even ones.
  std::size_t at = 12;
  while (bytes.size() >= at + 8) {
    const std::size_t length = little_endian(bytes, at + 4, 4);
    if (length > bytes.size() - at - 8) {
      break;
    }
    if (begins_with(bytes.subspan(at), name)) {
      return bytes.subspan(at + 8, length);
    }
    at += 8 + length + length % 2;
  }
  return {};
}

}  // namespace lightly::media
