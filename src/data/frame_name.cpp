#include "data/frame_name.hpp"

#include <charconv>

namespace lightly::data {
namespace {

constexpr std::string_view kEnding = ".png";

}  // namespace

std::string frame_name(std::string_view video, std::int64_t frame, std::int64_t num_frames) {
  const std::size_t dot = video.rfind('.');
  const std::string number = std::to_string(frame);
  std::string name(video.substr(0, dot));
  name += '-';
  name.append(std::to_string(num_frames).size() - number.size(), '0');
  name += number;
  name += '-';
  name += video.substr(dot + 1);
  return name += kEnding;
}

std::optional<NamedFrame> parse_frame_name(std::string_view name) {
  if (!name.ends_with(kEnding)) {
    return std::nullopt;
  }
  name.remove_suffix(kEnding.size());
  const std::size_t before_extension = name.rfind('-');
  if (before_extension == std::string_view::npos || before_extension == 0) {
    return std::nullopt;
  }
  const std::size_t before_number = name.rfind('-', before_extension - 1);
  if (before_number == std::string_view::npos) {
    return std::nullopt;
  }
  const char* number = name.data() + before_number + 1;
  const char* number_end = name.data() + before_extension;
  NamedFrame named;
  const auto parsed = std::from_chars(number, number_end, named.frame);
  if (parsed.ec != std::errc() || parsed.ptr != number_end) {
    return std::nullopt;
  }
  named.video = name.substr(0, before_number);
  named.video += '.';
  named.video += name.substr(before_extension + 1);
  return named;
}

}  // namespace lightly::data
