#include "media/tiff.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "media/opencv.hpp"
#include "media/tiff_directory.hpp"

namespace lightly::media {
namespace {

// Tags of the TIFF 6.0 specification, section 8.
constexpr std::uint16_t kTiffWidth = 256;
constexpr std::uint16_t kTiffHeight = 257;
constexpr std::uint16_t kTiffPhotometric = 262;
constexpr std::uint16_t kTiffOrientation = 274;
constexpr std::uint16_t kTiffExtraSamples = 338;

TiffDirectory tiff_directory(Bytes bytes, const std::string& where) {
  const std::optional<TiffDirectory> directory = TiffDirectory::open(bytes);
  TORCH_CHECK(directory.has_value(), where, ": its header is damaged");
  return *directory;
}

std::uint8_t tiff_byte(std::uint16_t value, bool saturates) {
  return static_cast<std::uint8_t>(saturates ? std::min<std::uint16_t>(value, 255) : value >> 8);
}

// Of 16 bits a sample; `decoded` is BGR.
void write_deep_pixels(const cv::Mat& decoded, bool saturates, std::uint8_t* into) {
  for (int y = 0; y < decoded.rows; ++y) {
    const auto* row = decoded.ptr<std::uint16_t>(y);
    for (int x = 0; x < decoded.cols; ++x, row += 3, into += 3) {
      for (int channel = 0; channel < 3; ++channel) {
        into[channel] = tiff_byte(row[2 - channel], saturates);
      }
    }
  }
}

// libtiff multiplies colours by an alpha that is not yet in them. Here it is told that it is, so
// that they stay as they are.
std::vector<std::uint8_t> without_alpha(Bytes bytes, const TiffDirectory& directory) {
  constexpr std::uint8_t kAssociated = 1;
  constexpr std::int64_t kUnassociated = 2;
  std::vector<std::uint8_t> file(bytes.begin(), bytes.end());
  if (directory.number(kTiffExtraSamples) == kUnassociated) {
    file[*directory.number_at(kTiffExtraSamples)] = kAssociated;
  }
  return file;
}

}  // namespace

ImageSize read_tiff_size(Bytes bytes, const std::string& where) {
  const TiffDirectory directory = tiff_directory(bytes, where);
  ImageSize size{.width = directory.number(kTiffWidth).value_or(0),
                 .height = directory.number(kTiffHeight).value_or(0)};
  const std::int64_t orientation = directory.number(kTiffOrientation).value_or(1);
  if (orientation >= 5 && orientation <= 8) {
    std::swap(size.width, size.height);
  }
  return size;
}

at::Tensor decode_tiff(Bytes bytes, const std::string& where, SixteenBits sixteen_bits) {
  const TiffDirectory directory = tiff_directory(bytes, where);
  const ImageSize size = read_tiff_size(bytes, where);
  TORCH_CHECK(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()), where,
              ": it has 2 GiB or more");
  cv::Mat decoded;
  try {
    // OpenCV turns a TIFF file by its orientation whatever the flags.
    decoded = cv::imdecode(without_alpha(bytes, directory), cv::IMREAD_COLOR | cv::IMREAD_ANYDEPTH);
  } catch (const cv::Exception& error) {
    TORCH_CHECK(false, where, ": ", error.err);
  }
  TORCH_CHECK((decoded.type() == CV_8UC3 || decoded.type() == CV_16UC3) &&
                  decoded.cols == size.width && decoded.rows == size.height,
              where, ": it is damaged, or of a kind of TIFF that is not read");
  const at::Tensor pixels = empty_pixels(size);
  if (decoded.depth() == CV_8U) {
    cv::Mat target = mat_over(pixels);
    cv::cvtColor(decoded, target, cv::COLOR_BGR2RGB);
  } else {
    const bool is_grey = directory.number(kTiffPhotometric).value_or(1) <= 1;
    write_deep_pixels(decoded, is_grey && sixteen_bits == SixteenBits::kSaturate,
                      pixels.mutable_data_ptr<std::uint8_t>());
  }
  return as_image(pixels);
}

}  // namespace lightly::media
