// A video file of any format: its index holds together, and verified it has frames of the same
// packets; or a c10::Error that names the file; nothing else.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <c10/util/Exception.h>

#include "input_file.hpp"
#include "lightly/media/video_index.hpp"
#include "require.hpp"

namespace {

using namespace lightly;
using fuzz::require;

std::optional<media::VideoIndex> read(const fuzz::InputFile& file,
                                      const media::VideoIndexOptions& options) {
  try {
    return media::read_video_index(file.path(), options);
  } catch (const c10::Error& error) {
    const std::string text = error.what_without_backtrace();
    require(text.starts_with("VideoIndex: cannot ") &&
                text.find(file.path().string()) != std::string::npos,
            "an error does not name the video: " + text);
    return std::nullopt;
  }
}

void check(const media::VideoIndex& index) {
  require(index.size() > 0 && index.time_base.den > 0 && index.duration_seconds() >= 0.0,
          "an index without frames or times");
  for (std::size_t i = 0; i < index.frames.size(); ++i) {
    const media::VideoFrame& frame = index.frames[i];
    require(index.packets.at(frame.packet).frame == static_cast<std::int64_t>(i),
            "a frame is not its packet's");
    require(frame.start_packet >= 0 && frame.start_packet <= frame.packet &&
                (frame.start_packet == 0 || index.packets[frame.start_packet].is_key),
            "a frame does not start at a key");
    require(frame.duration >= 0 && (i == 0 || frame.pts >= index.frames[i - 1].pts),
            "frames are not in order");
  }
  if (index.duration_seconds() > 0.0) {
    require(index.frame_at_seconds(0.0) >= 0, "no frame at the start");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::InputFile file;
  file.write(std::string(reinterpret_cast<const char*>(data), size));
  const std::optional<media::VideoIndex> index = read(file, {});
  const std::optional<media::VideoIndex> verified = read(file, {.verify = true});
  if (index.has_value()) {
    check(*index);
  }
  if (verified.has_value()) {
    check(*verified);
    require(verified->is_verified, "an index is not verified");
    require(!index.has_value() || index->packets.size() == verified->packets.size(),
            "a file has other packets when it is read again");
  }
  return 0;
}
