#include "lightly/media/video_reader.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <sys/mman.h>

#include <ATen/ops/empty_strided.h>
#include <c10/util/Exception.h>

#include "lightly/core/check.hpp"
#include "media/decoder_pool.hpp"
#include "media/file_state.hpp"
#include "media/frame_converter.hpp"
#include "media/frame_size.hpp"
#include "media/packet_source.hpp"

namespace lightly::media {
namespace {

constexpr std::int64_t kMaxThreads = 64;
// What the allocator takes from the system anew each time, and is faster in pages of 2 MiB.
constexpr std::int64_t kLargeBytes = std::int64_t{32} << 20;

// Advice; where the system does not take it nothing else changes.
void ask_for_large_pages([[maybe_unused]] const at::Tensor& pixels) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kPage = std::uintptr_t{2} << 20;
  if (static_cast<std::int64_t>(pixels.nbytes()) >= kLargeBytes) {
    auto* memory = static_cast<char*>(pixels.mutable_data_ptr());
    const std::size_t skipped = (kPage - reinterpret_cast<std::uintptr_t>(memory) % kPage) % kPage;
    madvise(memory + skipped, pixels.nbytes() - skipped, MADV_HUGEPAGE);
  }
#endif
}

std::shared_ptr<const VideoIndex> read_index(const std::filesystem::path& video,
                                             const VideoReaderOptions& options) {
  options.check();
  return std::make_shared<const VideoIndex>(
      !options.index_folder.empty()
          ? read_video_index_cached(video, options.index_folder, options.index)
          : read_video_index(video, options.index));
}

}  // namespace

void VideoReaderOptions::check() const {
  index.check();
  TORCH_CHECK_VALUE(height.has_value() == width.has_value(),
                    "VideoReader: height and width must be given both or not at all");
  TORCH_CHECK_VALUE(!height.has_value() || !shorter_side.has_value(),
                    "VideoReader: shorter_side must not be given together with height and width");
  for (const auto& [name, side] : {std::pair("height", height), std::pair("width", width),
                                   std::pair("shorter_side", shorter_side)}) {
    TORCH_CHECK_VALUE(!side.has_value() || (*side >= 1 && *side <= kMaxFrameSidePx),
                      "VideoReader: ", name, " must be in [1, ", kMaxFrameSidePx, "], got ",
                      side.value_or(0));
  }
  TORCH_CHECK_VALUE(num_threads >= 1 && num_threads <= kMaxThreads,
                    "VideoReader: num_threads must be in [1, ", kMaxThreads, "], got ",
                    num_threads);
  core::check_at_least("VideoReader", "max_decoders", max_decoders, 1);
  core::check_at_least("VideoReader", "max_decoder_bytes", max_decoder_bytes, 0);
}

class VideoReader::Impl {
 public:
  Impl(std::filesystem::path video, std::shared_ptr<const VideoIndex> video_index,
       VideoReaderOptions options)
      : path(std::move(video)),
        index(std::move(video_index)),
        options_(std::move(options)),
        converter_({.width = index->width, .height = index->height},
                   resized_frames(options_, *index), options_.rotate ? index->rotation : 0) {}

  at::Tensor frame(std::int64_t i) {
    const ImageSize& size = converter_.size();
    return read(std::span(&i, 1), {3, size.height, size.width}, {1, 3 * size.width, 3});
  }

  at::Tensor frames(std::span<const std::int64_t> indices) {
    const ImageSize& size = converter_.size();
    return read(indices, {static_cast<std::int64_t>(indices.size()), 3, size.height, size.width},
                {3 * size.height * size.width, 1, 3 * size.width, 3});
  }

  VideoReaderStatistics statistics() const {
    return {.frames_decoded = pool_ != nullptr ? pool_->pictures_decoded() : 0,
            .frames_given = frames_given_,
            .seeks = pool_ != nullptr ? pool_->seeks() : 0};
  }

  const ImageSize& size() const { return converter_.size(); }

  const std::filesystem::path path;
  const std::shared_ptr<const VideoIndex> index;

 private:
  at::Tensor read(std::span<const std::int64_t> indices, at::IntArrayRef sizes,
                  at::IntArrayRef strides) {
    for (const std::int64_t i : indices) {
      TORCH_CHECK_INDEX(i >= 0 && i < index->size(), "VideoReader: the frame must be in [0, ",
                        index->size(), "), got ", i);
    }
    at::Tensor pixels = at::empty_strided(sizes, strides, at::TensorOptions().dtype(at::kByte));
    if (!indices.empty()) {
      open();
      ask_for_large_pages(pixels);
      write(indices, pixels.mutable_data_ptr<std::uint8_t>());
    }
    return pixels;
  }

  // At the first frame: a data set makes many readers whose files it may never read.
  void open() {
    if (source_ != nullptr) {
      source_->check_unchanged();
      return;
    }
    auto source = std::make_unique<PacketSource>(path, *index);
    pool_ = std::make_unique<DecoderPool>(
        *source, *index,
        DecoderPoolOptions{.decoder = {.num_threads = static_cast<int>(options_.num_threads),
                                       .thread_type = options_.threads == DecoderThreads::kFrame
                                                          ? FF_THREAD_FRAME
                                                          : FF_THREAD_SLICE},
                           .max_decoders = options_.max_decoders,
                           .max_bytes = options_.max_decoder_bytes});
    source_ = std::move(source);
  }

  // In order of presentation, each frame once.
  void write(std::span<const std::int64_t> indices, std::uint8_t* pixels) {
    const std::int64_t bytes = 3 * converter_.size().height * converter_.size().width;
    std::vector<std::size_t> order(indices.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return indices[a] < indices[b]; });
    const std::uint8_t* last = nullptr;
    for (std::size_t k = 0; k < order.size(); ++k) {
      std::uint8_t* into = pixels + static_cast<std::int64_t>(order[k]) * bytes;
      if (k > 0 && indices[order[k]] == indices[order[k - 1]]) {
        std::copy_n(last, bytes, into);
      } else {
        const std::int64_t i = indices[order[k]];
        const AVFrame& picture = pool_->decode(static_cast<std::int32_t>(i), k > 0);
        converter_.convert(
            picture, source_->stream().cannot("decode") + ": frame " + std::to_string(i), into);
      }
      last = into;
      ++frames_given_;
    }
  }

  VideoReaderOptions options_;
  std::unique_ptr<PacketSource> source_;
  std::unique_ptr<DecoderPool> pool_;  // refers to source_
  FrameConverter converter_;
  std::int64_t frames_given_ = 0;
};

VideoReader::VideoReader(std::filesystem::path video, VideoReaderOptions options) {
  auto index = read_index(video, options);
  impl_ = std::make_unique<Impl>(std::move(video), std::move(index), std::move(options));
}

VideoReader::VideoReader(std::filesystem::path video, std::shared_ptr<const VideoIndex> index,
                         VideoReaderOptions options) {
  options.check();
  TORCH_CHECK_VALUE(index != nullptr && index->size() > 0, "VideoReader: index must not be empty");
  const std::optional<FileState> state = file_state(video);
  TORCH_CHECK(state.has_value(), "VideoReader: cannot open ", video.string(),
              ": it is not there or may not be read");
  TORCH_CHECK(state == index->file, "VideoReader: cannot read ", video.string(),
              ": the file has changed since it was indexed");
  impl_ = std::make_unique<Impl>(std::move(video), std::move(index), std::move(options));
}

VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;

std::int64_t VideoReader::size() const {
  return impl_->index->size();
}

std::int64_t VideoReader::height() const {
  return impl_->size().height;
}

std::int64_t VideoReader::width() const {
  return impl_->size().width;
}

double VideoReader::fps() const {
  return impl_->index->fps();
}

double VideoReader::duration_seconds() const {
  return impl_->index->duration_seconds();
}

const VideoIndex& VideoReader::index() const {
  return *impl_->index;
}

const std::filesystem::path& VideoReader::path() const {
  return impl_->path;
}

VideoReaderStatistics VideoReader::statistics() const {
  return impl_->statistics();
}

at::Tensor VideoReader::frame(std::int64_t i) {
  return impl_->frame(i);
}

at::Tensor VideoReader::frames(std::span<const std::int64_t> indices) {
  return impl_->frames(indices);
}

at::Tensor VideoReader::frames(std::int64_t begin, std::int64_t end) {
  TORCH_CHECK_INDEX(begin >= 0 && begin <= end && end <= size(),
                    "VideoReader: frames must be a range [begin, end) in [0, ", size(), "), got [",
                    begin, ", ", end, ")");
  std::vector<std::int64_t> indices(static_cast<std::size_t>(end - begin));
  std::iota(indices.begin(), indices.end(), begin);
  return impl_->frames(indices);
}

at::Tensor VideoReader::frame_at_seconds(double seconds) {
  return frame(impl_->index->frame_at_seconds(seconds));
}

}  // namespace lightly::media
