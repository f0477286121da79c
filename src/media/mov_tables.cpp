#include "media/mov_tables.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "core/handle.hpp"
#include "media/file_state.hpp"
#include "media/image_bytes.hpp"

// ISO 14496-12, 8: boxes of a size, a type of four letters, and what is in them.
namespace lightly::media {
namespace {

constexpr std::array<std::string_view, 10> kFirstBoxes = {"ftyp", "moov", "mdat", "wide", "free",
                                                          "skip", "pnot", "styp", "moof", "sidx"};
constexpr std::array<std::string_view, 7> kFolders = {"moov", "trak", "mdia", "minf",
                                                      "stbl", "moof", "traf"};
constexpr std::int64_t kHeaderBytes = 8;

class MovTables {
 public:
  MovTables(int file, std::int64_t file_bytes, std::int64_t enough)
      : file_(file), file_bytes_(file_bytes), enough_(enough) {}

  std::int64_t promised() {
    if (is_one_of(kFirstBoxes, read(0).type())) {
      walk(0, file_bytes_, 0);
    }
    return promised_;
  }

 private:
  // The first bytes of a box; zeros behind the end of the file.
  struct Head {
    std::array<std::uint8_t, 24> bytes = {};

    std::uint64_t number(std::size_t at, std::size_t size) const {
      return big_endian(bytes, at, size);
    }
    std::string_view type() const { return {reinterpret_cast<const char*>(bytes.data()) + 4, 4}; }
  };

  // What says how FFmpeg takes the samples of a track.
  struct Track {
    bool is_sound = false;
    bool has_unit_times = false;
    std::int64_t samples = 0;
  };

  template <std::size_t kCount>
  static bool is_one_of(const std::array<std::string_view, kCount>& types, std::string_view type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  }

  Head read(std::int64_t at) const {
    Head head;
    static_cast<void>(::pread(file_, head.bytes.data(), head.bytes.size(), at));
    return head;
  }

  // The boxes in [at, end).
  void walk(std::int64_t at, std::int64_t end, int depth) {
    constexpr int kMaxDepth = 10;  // as FFmpeg's
    while (at <= end - kHeaderBytes && promised_ <= enough_) {
      const Head head = read(at);
      std::uint64_t size = head.number(0, 4);
      const bool is_long = size == 1;
      size = is_long ? head.number(8, 8) : size;
      const std::int64_t content = at + kHeaderBytes + (is_long ? 8 : 0);
      const std::int64_t next = size == 0 || size > static_cast<std::uint64_t>(end - at)
                                    ? end
                                    : at + static_cast<std::int64_t>(size);
      if (next < content) {
        return;
      }
      if (is_one_of(kFolders, head.type())) {
        if (depth < kMaxDepth) {
          enter(head.type(), content, next, depth + 1);
        }
      } else if (!is_long) {
        take(head);
      }
      at = next;
    }
  }

  void enter(std::string_view type, std::int64_t at, std::int64_t end, int depth) {
    if (type == "trak") {
      track_ = {};
    }
    walk(at, end, depth);
    if (type == "trak" && !(track_.is_sound && track_.has_unit_times)) {
      promised_ += track_.samples;
    }
  }

  void take(const Head& head) {
    const std::string_view type = head.type();
    if (type == "hdlr") {
      track_.is_sound = head.number(16, 4) == 0x736F756E;  // "soun"
    } else if (type == "stts") {
      track_.has_unit_times = head.number(12, 4) == 1 && head.number(20, 4) == 1;
    } else if (type == "stsz" && head.number(12, 4) != 0) {
      track_.samples = static_cast<std::int64_t>(head.number(16, 4));
    } else if (type == "trun") {
      promised_ += static_cast<std::int64_t>(head.number(12, 4));
    }
  }

  int file_;
  std::int64_t file_bytes_;
  std::int64_t enough_;
  std::int64_t promised_ = 0;
  Track track_ = {};
};

}  // namespace

std::int64_t promised_samples(const std::filesystem::path& video, std::int64_t enough) {
  const core::Descriptor file(::open(video.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const std::optional<FileState> state = file_state(file.get());
  return state.has_value() ? MovTables(file.get(), state->size_bytes, enough).promised() : 0;
}

}  // namespace lightly::media
