// A JPEG, with a region of it in the last bytes: any bytes give an image or a c10::Error that opens
// as it should, a part of the image has the whole one's pixels or its error, and what the encoder
// makes of the image decodes to that size.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/equal.h>
#include <c10/util/Exception.h>
#include <fuzzer/FuzzedDataProvider.h>

#include "media/jpeg.hpp"
#include "require.hpp"

namespace {

using namespace lightly;
using fuzz::require;

constexpr std::int64_t kMostPixels = 1 << 18;
const std::string kWhere = "fuzz: cannot decode x.jpg";

template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const c10::Error& error) {
    std::string text = error.what_without_backtrace();
    require(text.starts_with(kWhere + ": "), "an error says: " + text);
    return text;
  }
  return "";
}

struct Draw {
  std::uint16_t begin;
  std::uint16_t count;
};

// [begin, begin + count) within `side` pixels.
void place(const Draw& draw, std::int64_t side, std::int64_t& begin, std::int64_t& count) {
  begin = draw.begin % side;
  count = 1 + draw.count % (side - begin);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  at::set_num_threads(1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  FuzzedDataProvider data(input, size);
  const auto quality = data.ConsumeIntegralInRange<std::int64_t>(1, 100);
  const auto reduction = data.PickValueInArray<std::int64_t>({1, 2, 4, 8});
  const Draw vertical{data.ConsumeIntegral<std::uint16_t>(), data.ConsumeIntegral<std::uint16_t>()};
  const Draw horizontal{data.ConsumeIntegral<std::uint16_t>(),
                        data.ConsumeIntegral<std::uint16_t>()};
  const auto bytes = data.ConsumeRemainingBytes<std::uint8_t>();
  media::JpegHeader header;
  const std::string unreadable = error_of([&] { header = media::read_jpeg_header(bytes, kWhere); });
  if (header.width * header.height > kMostPixels) {
    return 0;
  }
  at::Tensor image;
  const std::string error = error_of([&] { image = media::decode_jpeg(bytes, kWhere); });
  require(unreadable.empty() || unreadable == error, "the header is bad and the image is not");
  if (!unreadable.empty()) {
    return 0;
  }
  media::Region region;
  place(vertical, header.height, region.top, region.height);
  place(horizontal, header.width, region.left, region.width);
  media::ImagePart part;
  const std::string part_error =
      error_of([&] { part = media::decode_jpeg_part(bytes, kWhere, region, reduction); });
  require(part_error == error,
          "the image's error is '" + error + "', its part's '" + part_error + "'");
  if (!error.empty()) {
    return 0;
  }
  require(image.sizes() == at::IntArrayRef({3, header.height, header.width}),
          "the image has another size than its header says");
  if (reduction == 1) {
    require(
        at::equal(part.pixels,
                  image.narrow(1, region.top, region.height).narrow(2, region.left, region.width)),
        "the part has other pixels");
  }
  require(part.top <= region.top && part.left <= region.left &&
              part.top + part.pixels.size(1) * reduction >= region.top + region.height &&
              part.left + part.pixels.size(2) * reduction >= region.left + region.width,
          "the part is not all of the region");
  const std::vector<std::uint8_t> again = media::encode_jpeg(image, quality);
  require(media::decode_jpeg(again, kWhere).sizes() == image.sizes(),
          "what was encoded has another size");
  return 0;
}
