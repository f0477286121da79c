#pragma once

#include <cstdint>
#include <filesystem>

namespace lightly::media {

/// How many samples the tables of an mp4 or mov file promise without a word of their own for each,
/// which FFmpeg makes room for one by one before it reads any: by a size that all share (stsz), and
/// by fragments (trun). 0 for a file of another kind and one that cannot be read.
///
/// Without those of sound that FFmpeg takes by chunks, as it does PCM. Stops at the first that are
/// more than `enough`.
std::int64_t promised_samples(const std::filesystem::path& video, std::int64_t enough);

}  // namespace lightly::media
