#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>

#include "lightly/core/atomic_file.hpp"
#include "lightly/media/video_index.hpp"
#include "media/file_state.hpp"
#include "media/video_packets.hpp"

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/murmur3.h>
#include <libavutil/sha.h>
}

// An index on disk: kMagic, kVersion, a checksum of the rest; the rest is the identity of what was
// indexed, the index's numbers, and the fields of frames and packets one after the other. Numbers
// lie as in memory: on a machine with another order of bytes the version is another.
namespace lightly::media {
namespace {

constexpr std::string_view kMagic = "LTLYVIDX";
constexpr std::uint64_t kVersion = 3;
constexpr std::size_t kChecksumBytes = 16;
constexpr std::size_t kHeadBytes = kMagic.size() + sizeof(kVersion) + kChecksumBytes;

constexpr std::int64_t kMaxCount = INT32_MAX;

using Checksum = std::array<std::uint8_t, kChecksumBytes>;

std::string bytes_of(std::int64_t value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

Checksum checksum(std::string_view bytes) {
  AVMurMur3* state = av_murmur3_alloc();
  TORCH_CHECK(state != nullptr, "VideoIndex: out of memory");
  av_murmur3_init(state);
  av_murmur3_update(state, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  Checksum result{};
  av_murmur3_final(state, result.data());
  av_free(state);
  return result;
}

// A name made of hexadecimal digits only, so that it stays in the cache's folder.
std::string cache_name(const std::filesystem::path& absolute) {
  AVSHA* state = av_sha_alloc();
  TORCH_CHECK(state != nullptr && av_sha_init(state, 256) == 0, "VideoIndex: out of memory");
  const std::string text = absolute.string();
  av_sha_update(state, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  std::array<std::uint8_t, 32> digest{};
  av_sha_final(state, digest.data());
  av_free(state);
  std::string name;
  for (std::size_t i = 0; i < 16; ++i) {
    name += "0123456789abcdef"[digest[i] >> 4];
    name += "0123456789abcdef"[digest[i] & 15];
  }
  return name + ".video-index";
}

// All that an index depends on.
std::string identity_of(const std::filesystem::path& absolute, const FileState& file,
                        const VideoIndexOptions& options) {
  return bytes_of(file.size_bytes) + bytes_of(file.modified_ns) +
         bytes_of(options.stream.value_or(-1)) + bytes_of(options.verify ? 1 : 0) +
         bytes_of(avformat_version()) + bytes_of(avcodec_version()) + absolute.string();
}

class CacheWriter {
 public:
  void number(std::int64_t value) { bytes_ += bytes_of(value); }

  void text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    bytes_ += value;
  }

  template <typename Item, typename Field>
  void column(const std::vector<Item>& items, Field Item::* field) {
    const std::size_t begin = bytes_.size();
    bytes_.resize(begin + items.size() * sizeof(Field));
    char* to = bytes_.data() + begin;
    for (const Item& item : items) {
      std::memcpy(to, &(item.*field), sizeof(Field));
      to += sizeof(Field);
    }
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Once something is not as it should be, everything read is 0 and is_sound() false.
class CacheReader {
 public:
  explicit CacheReader(std::string_view bytes) : bytes_(bytes) {}

  std::int64_t number(std::int64_t least, std::int64_t most) {
    std::int64_t value = 0;
    if (const char* from = take(sizeof(value), 1)) {
      std::memcpy(&value, from, sizeof(value));
    }
    is_sound_ = is_sound_ && value >= least && value <= most;
    return is_sound_ ? value : 0;
  }

  std::string_view text() {
    const auto size = static_cast<std::size_t>(number(0, kMaxCount));
    const char* from = take(size, 1);
    return from != nullptr ? std::string_view(from, size) : std::string_view();
  }

  template <typename Item, typename Field>
  void column(std::vector<Item>& items, Field Item::* field) {
    const char* from = take(items.size(), sizeof(Field));
    for (std::size_t i = 0; from != nullptr && i < items.size(); ++i, from += sizeof(Field)) {
      if constexpr (std::is_same_v<Field, bool>) {
        is_sound_ = is_sound_ && (*from == 0 || *from == 1);
        items[i].*field = *from == 1;
      } else {
        std::memcpy(&(items[i].*field), from, sizeof(Field));
      }
    }
  }

  // Nothing is reserved for more items than there are bytes.
  bool has_room(std::int64_t items, std::size_t item_bytes) const {
    return static_cast<std::size_t>(items) <= bytes_.size() / item_bytes;
  }

  bool is_sound() const { return is_sound_; }
  bool is_at_end() const { return bytes_.empty(); }

 private:
  const char* take(std::size_t count, std::size_t item_bytes) {
    is_sound_ = is_sound_ && count <= bytes_.size() / item_bytes;
    if (!is_sound_) {
      return nullptr;
    }
    const char* from = bytes_.data();
    bytes_.remove_prefix(count * item_bytes);
    return from;
  }

  std::string_view bytes_;
  bool is_sound_ = true;
};

template <typename Store, typename Index>
void frame_and_packet_columns(Store& store, Index& index) {
  store.column(index.frames, &VideoFrame::pts);
  store.column(index.frames, &VideoFrame::duration);
  store.column(index.frames, &VideoFrame::packet);
  store.column(index.frames, &VideoFrame::start_packet);
  store.column(index.frames, &VideoFrame::is_key);
  store.column(index.packets, &VideoPacket::pts);
  store.column(index.packets, &VideoPacket::dts);
  store.column(index.packets, &VideoPacket::pos);
  store.column(index.packets, &VideoPacket::size_bytes);
  store.column(index.packets, &VideoPacket::frame);
  store.column(index.packets, &VideoPacket::is_key);
  store.column(index.packets, &VideoPacket::is_droppable);
}

std::string to_bytes(const VideoIndex& index, std::string_view identity) {
  CacheWriter writer;
  writer.text(identity);
  for (const std::int64_t value :
       {index.stream, index.time_base.num, index.time_base.den, index.average_fps.num,
        index.average_fps.den, index.height, index.width, index.rotation,
        std::int64_t{index.is_suspicious}, std::int64_t{index.is_verified},
        std::int64_t{index.has_side_data}, index.size(),
        static_cast<std::int64_t>(index.packets.size())}) {
    writer.number(value);
  }
  frame_and_packet_columns(writer, index);
  const Checksum sum = checksum(writer.bytes());
  std::string head(kMagic);
  head += bytes_of(kVersion);
  head.append(reinterpret_cast<const char*>(sum.data()), sum.size());
  return head + writer.bytes();
}

// Whether a reader can follow it without leaving its vectors.
bool is_consistent(const VideoIndex& index) {
  const auto packets = static_cast<std::int64_t>(index.packets.size());
  std::int64_t before = -kMaxTime;
  for (std::size_t i = 0; i < index.frames.size(); ++i) {
    const VideoFrame& frame = index.frames[i];
    if (frame.pts < before || frame.pts > kMaxTime || frame.duration < 0 ||
        frame.duration > 2 * kMaxTime || frame.packet < 0 || frame.packet >= packets ||
        frame.start_packet < 0 || frame.start_packet > frame.packet ||
        index.packets[frame.packet].frame != static_cast<std::int64_t>(i)) {
      return false;
    }
    before = frame.pts;
  }
  return !index.frames.empty() &&
         std::all_of(index.packets.begin(), index.packets.end(), [&](const VideoPacket& packet) {
           return packet.size_bytes > 0 && packet.frame >= -1 && packet.frame < index.size();
         });
}

std::optional<VideoIndex> from_bytes(std::string_view bytes, std::string_view identity) {
  if (bytes.size() < kHeadBytes || !bytes.starts_with(kMagic) ||
      bytes.substr(kMagic.size(), sizeof(kVersion)) != bytes_of(kVersion)) {
    return std::nullopt;
  }
  const Checksum sum = checksum(bytes.substr(kHeadBytes));
  if (std::memcmp(sum.data(), bytes.data() + kHeadBytes - kChecksumBytes, sum.size()) != 0) {
    return std::nullopt;
  }
  CacheReader reader(bytes.substr(kHeadBytes));
  if (reader.text() != identity) {
    return std::nullopt;
  }
  VideoIndex index;
  index.stream = reader.number(0, kMaxCount);
  index.time_base = {reader.number(1, kMaxCount), reader.number(1, kMaxCount)};
  index.average_fps = {reader.number(0, kMaxCount), reader.number(1, kMaxCount)};
  index.height = reader.number(0, kMaxCount);
  index.width = reader.number(0, kMaxCount);
  index.rotation = 90 * (reader.number(0, 270) / 90);
  index.is_suspicious = reader.number(0, 1) == 1;
  index.is_verified = reader.number(0, 1) == 1;
  index.has_side_data = reader.number(0, 1) == 1;
  const std::int64_t frames = reader.number(0, kMaxCount);
  const std::int64_t packets = reader.number(0, kMaxCount);
  if (!reader.is_sound() || !reader.has_room(frames, 25) || !reader.has_room(packets, 34)) {
    return std::nullopt;
  }
  index.frames.resize(static_cast<std::size_t>(frames));
  index.packets.resize(static_cast<std::size_t>(packets));
  frame_and_packet_columns(reader, index);
  if (!reader.is_sound() || !reader.is_at_end() || !is_consistent(index)) {
    return std::nullopt;
  }
  return index;
}

std::optional<VideoIndex> load(const std::filesystem::path& file, std::string_view identity) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  if (size < static_cast<std::streamoff>(kHeadBytes)) {
    return std::nullopt;
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  stream.seekg(0);
  return stream.read(bytes.data(), size) ? from_bytes(bytes, identity) : std::nullopt;
}

void store(const std::filesystem::path& file, const std::string& bytes) {
  core::AtomicFile out(file);
  out.write(bytes);
  out.commit();
}

}  // namespace

VideoIndex read_video_index_cached(const std::filesystem::path& video,
                                   const std::filesystem::path& cache_folder,
                                   const VideoIndexOptions& options) {
  options.check();
  const std::filesystem::path absolute = std::filesystem::absolute(video).lexically_normal();
  const std::optional<FileState> state = file_state(absolute);
  if (!state.has_value()) {
    return read_video_index(video, options);  // which says why it cannot be read
  }
  const std::filesystem::path file = cache_folder / cache_name(absolute);
  if (std::optional<VideoIndex> index = load(file, identity_of(absolute, *state, options))) {
    index->file = *state;
    return *std::move(index);
  }
  VideoIndex index = read_video_index(video, options);
  const std::string identity = identity_of(absolute, index.file, options);
  std::error_code ignored;  // a folder that is not there is AtomicFile's error
  std::filesystem::create_directories(cache_folder, ignored);
  const std::string bytes = to_bytes(index, identity);
  constexpr int kTries = 50;
  int unexplained = 0;
  for (int i = 1;; ++i) {
    try {
      store(file, bytes);
      return index;
    } catch (const c10::Error&) {
      // Another thread or process may be writing the same, or just have done so.
      if (load(file, identity).has_value()) {
        return index;
      }
      const bool is_being_written = std::filesystem::exists(file.string() + ".tmp", ignored);
      unexplained += is_being_written ? 0 : 1;
      if (i == kTries || unexplained > 2) {
        throw;
      }
      if (is_being_written) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
  }
}

}  // namespace lightly::media
