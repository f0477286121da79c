#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "lightly/media/video_reader.hpp"

namespace lightly::testing {

/// Decodes a video from its start by plain calls of libavformat, libavcodec and swscale, as in
/// FFmpeg's own examples, and hands each frame over: uint8 [3, H, W], channels-last, neither turned
/// nor resized. Throws std::runtime_error for a file that FFmpeg does not open. Returns the number
/// of frames.
std::int64_t decode_plainly(const std::filesystem::path& video,
                            const std::function<void(std::int64_t, const at::Tensor&)>& take);

/// All of its frames: [n, 3, H, W].
at::Tensor decode_plainly(const std::filesystem::path& video);

/// Of a frame's bytes.
std::size_t hash_of(const at::Tensor& frame);

/// hash_of every frame that decode_plainly gives.
std::vector<std::size_t> plain_hashes(const std::filesystem::path& video);

/// The file `name` of tests/data/video, and the names of all.
std::filesystem::path clip(const std::string& name);
const std::vector<std::string>& clips();

/// 0, 1, ..., size - 1.
std::vector<std::int64_t> all_frames(const media::VideoReader& reader);

/// `count` of [0, size), in an order that is always the same.
std::vector<std::int64_t> draw(std::int64_t size, std::int64_t count);

/// Passes when each of these, read one by one, is the frame of the plain decode.
::testing::AssertionResult reads(media::VideoReader& reader,
                                 const std::vector<std::int64_t>& indices,
                                 const std::vector<std::size_t>& expected);

}  // namespace lightly::testing
