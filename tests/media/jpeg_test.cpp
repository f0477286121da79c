#include "media/jpeg.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/digest.hpp"
#include "jpeg_files.hpp"
#include "lightly/core/random.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::error_text;
using lightly::testing::every_jpeg_kind;
using lightly::testing::JpegKind;
using lightly::testing::large_test_data;
using lightly::testing::load_golden;
using lightly::testing::make_jpeg;
using lightly::testing::read_file;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using FileBytes = std::vector<std::uint8_t>;

const std::string kWhere = "load_image: cannot decode x.jpg";

const core::Safetensors& jpegs() {
  static const core::Safetensors loaded = load_golden("media/jpegs_pillow_13.0.0.safetensors");
  return loaded;
}

std::span<const std::uint8_t> file_bytes(const at::Tensor& file) {
  return {file.const_data_ptr<std::uint8_t>(), static_cast<std::size_t>(file.numel())};
}

FileBytes jpeg_file(const std::string& name) {
  const auto bytes = file_bytes(jpegs().at(name + ".file"));
  return {bytes.begin(), bytes.end()};
}

// The names of the golden tensors that end with `suffix`, without it.
std::vector<std::string> names_with(const core::Safetensors& tensors, const std::string& suffix) {
  std::vector<std::string> names;
  for (const auto& [key, tensor] : tensors.tensors) {
    if (key.ends_with(suffix)) {
      names.push_back(key.substr(0, key.size() - suffix.size()));
    }
  }
  return names;
}

void add_pixels(data::Digest& digest, const at::Tensor& image) {
  const at::Tensor pixels = image.permute({1, 2, 0}).contiguous();
  digest.update(pixels.const_data_ptr(), pixels.nbytes());
}

std::string pixels_sha256(const at::Tensor& image) {
  data::Digest digest("SHA256");
  add_pixels(digest, image);
  return digest.hex();
}

std::string hex_of(const at::Tensor& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : file_bytes(bytes.contiguous())) {
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
  }
  return text;
}

// What a decoder gives, as text to compare: the sum of its pixels or its error.
template <typename Decode>
std::string outcome(const Decode& decode) {
  std::string sum;
  const std::string error = error_text([&] { sum = pixels_sha256(decode()); });
  return error == "no error" ? sum : error;
}

Region draw_region(core::Random& random, std::int64_t height, std::int64_t width) {
  const auto draw = [&](std::int64_t side, std::int64_t& begin, std::int64_t& count) {
    begin = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(side)));
    count = 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(side - begin)));
  };
  Region region;
  draw(height, region.top, region.height);
  draw(width, region.left, region.width);
  return region;
}

at::Tensor crop_of(const at::Tensor& image, const Region& region) {
  return image.narrow(1, region.top, region.height).narrow(2, region.left, region.width);
}

struct Scene {
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t channels = 3;
  std::int64_t slope = 3;
  std::uint64_t noise = 50;
};

// uint8 [H, W, channels]: slopes, checks and noise.
at::Tensor random_pixels(core::Random& random, const Scene& scene) {
  at::Tensor pixels = torch::empty({scene.height, scene.width, scene.channels}, torch::kByte);
  auto* values = pixels.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < pixels.numel(); ++i) {
    const std::int64_t channel = i % scene.channels;
    const std::int64_t x = i / scene.channels % scene.width;
    const std::int64_t y = i / scene.channels / scene.width;
    const std::int64_t level = scene.slope * (x * (1 + channel) + y + (x / 9 + y / 11) % 2 * 20);
    const std::int64_t triangle = std::min(level % 400, 400 - level % 400);
    values[i] =
        static_cast<std::uint8_t>(triangle + static_cast<std::int64_t>(random.below(scene.noise)));
  }
  return pixels;
}

std::string region_text(const Region& region) {
  return std::to_string(region.height) + "x" + std::to_string(region.width) + " at " +
         std::to_string(region.top) + ", " + std::to_string(region.left);
}

TEST(DecodeJpeg, MatchesPillow) {
  const std::vector<std::string> names = names_with(jpegs(), ".rgb");
  for (const std::string& name : names) {
    const FileBytes file = jpeg_file(name);
    const at::Tensor expected = jpegs().at(name + ".rgb");
    const at::Tensor image = decode_jpeg(file, kWhere);
    EXPECT_TRUE(tensors_equal(image, expected)) << name;
    EXPECT_TRUE(image.permute({1, 2, 0}).is_contiguous()) << name;
    const JpegHeader header = read_jpeg_header(file, kWhere);
    EXPECT_EQ(header.height, expected.size(1)) << name;
    EXPECT_EQ(header.width, expected.size(2)) << name;
  }
  EXPECT_EQ(names.size(), 41);
}

TEST(DecodeJpeg, SmoothsAsPillowUpToAnotherVersionOfLibjpegTurbo) {
  const std::vector<std::string> names = names_with(jpegs(), ".smoothed");
  for (const std::string& name : names) {
    EXPECT_TRUE(tensors_close(decode_jpeg(jpeg_file(name), kWhere).to(at::kFloat),
                              jpegs().at(name + ".smoothed").to(at::kFloat), 8.0))
        << name;
  }
  EXPECT_EQ(names.size(), 3);
}

TEST(DecodeJpeg, MatchesPillowOnDamagedFilesAndParts) {
  ::testing::internal::CaptureStderr();
  core::Random random(1);
  int errors = 0;
  for (const std::string& name : names_with(jpegs(), ".damage")) {
    const at::Tensor damages = jpegs().at(name + ".damage");
    const auto damage = damages.accessor<std::int64_t, 3>();
    const at::Tensor sums = jpegs().at(name + ".damage_sha256");
    for (std::int64_t i = 0; i < damage.size(0); ++i) {
      FileBytes file = jpeg_file(name);
      for (std::int64_t j = 0; j < damage.size(1); ++j) {
        file[static_cast<std::size_t>(damage[i][j][0])] =
            static_cast<std::uint8_t>(damage[i][j][1]);
      }
      at::Tensor image;
      const std::string text = error_text([&] { image = decode_jpeg(file, kWhere); });
      const bool pillow_decodes = sums[i].any().item<bool>();
      ASSERT_EQ(image.defined(), pillow_decodes) << name << ", " << i << ": " << text;
      if (!pillow_decodes) {
        EXPECT_THAT(text, StartsWith(kWhere + ": ")) << name << ", " << i;
        ++errors;
      } else {
        EXPECT_EQ(pixels_sha256(image), hex_of(sums[i])) << name << ", " << i;
      }
      for (int k = 0; k < 4; ++k) {
        const Region region = draw_region(random, 19, 33);
        EXPECT_EQ(outcome([&] { return decode_jpeg_part(file, kWhere, region, 1).pixels; }),
                  image.defined() ? pixels_sha256(crop_of(image, region)) : text)
            << name << ", " << i << ", " << region_text(region);
      }
    }
  }
  EXPECT_GT(errors, 100);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeJpeg, MatchesPillowOnRealFiles) {
  if (large_test_data().empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const auto real = load_golden("media/real_jpegs_pillow_13.0.0.safetensors");
  const auto decode = [&](const std::string& name) {
    const std::string file = read_file(large_test_data() / name);
    return decode_jpeg({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, kWhere);
  };
  int files = 0;
  for (const std::string& name : names_with(real, ".size")) {
    const at::Tensor image = decode(name);
    EXPECT_EQ(image.size(1), real.at(name + ".size")[0].item<std::int64_t>()) << name;
    EXPECT_EQ(image.size(2), real.at(name + ".size")[1].item<std::int64_t>()) << name;
    EXPECT_EQ(pixels_sha256(image), hex_of(real.at(name + ".sha256"))) << name;
    ++files;
  }
  EXPECT_EQ(files, 87);
  EXPECT_EQ(error_text([&] { decode("image_edge/pillow/truncated_jpeg.jpg"); }),
            kWhere + ": the file is cut short");
  EXPECT_EQ(error_text([&] { decode("image_edge/torchcodec/corrupt.jpg"); }),
            kWhere + ": Unsupported marker type 0xae");
  EXPECT_EQ(names_with(real, ".error").size(), 2);

  std::vector<std::string> photos;
  const auto folder = large_test_data() / "imagenette";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".JPEG") {
      photos.push_back(entry.path());
    }
  }
  std::sort(photos.begin(), photos.end());
  data::Digest digest("SHA256");
  for (const std::string& photo : photos) {
    add_pixels(digest, decode(photo));
  }
  EXPECT_EQ(digest.hex(), hex_of(real.at("imagenette.sha256")));
}

TEST(DecodeJpeg, EveryFileCutShortIsAnErrorInPartsToo) {
  for (const std::string name : {"baseline", "of_scans", "restarts"}) {
    const FileBytes file = jpeg_file(name);
    for (std::size_t size = 0; size < file.size(); size += size + 12 < file.size() ? 11 : 1) {
      const std::span<const std::uint8_t> part(file.data(), size);
      EXPECT_EQ(error_text([&] { decode_jpeg(part, kWhere); }), kWhere + ": the file is cut short")
          << name << ", " << size;
      EXPECT_EQ(error_text([&] { decode_jpeg_part(part, kWhere, {0, 0, 1, 33}, 1); }),
                kWhere + ": the file is cut short")
          << name << ", " << size;
    }
  }
}

TEST(DecodeJpeg, NamesTheReason) {
  const auto text = [](const std::string& bytes) {
    const FileBytes file(bytes.begin(), bytes.end());
    return error_text([&] { decode_jpeg(file, kWhere); });
  };
  EXPECT_EQ(text("\x89PNG\r\n"), kWhere + ": not a JPEG file");
  EXPECT_EQ(text("\xff\xd8junk"), kWhere + ": not a JPEG file");
  EXPECT_EQ(text("GI\xff"), kWhere + ": Not a JPEG file: starts with 0x47 0x49");
  FileBytes file = jpeg_file("baseline");
  const auto frame = std::find(file.begin(), file.end(), 0xC0);
  ASSERT_EQ(frame[-1], 0xFF);
  frame[3] = 12;
  EXPECT_EQ(error_text([&] { read_jpeg_header(file, kWhere); }),
            kWhere + ": Unsupported JPEG data precision 12");
  EXPECT_EQ(error_text([] { read_jpeg_header({}, "here"); }), "here: the file is cut short");
}

// The file with its last scan `count` times.
FileBytes with_last_scan(const FileBytes& file, int count) {
  constexpr std::array<std::uint8_t, 2> kScan{0xFF, 0xDA};
  const auto last = std::find_end(file.begin(), file.end(), kScan.begin(), kScan.end());
  FileBytes more(file.begin(), last);
  for (int i = 0; i < count; ++i) {
    more.insert(more.end(), last, file.end() - 2);
  }
  more.insert(more.end(), file.end() - 2, file.end());
  return more;
}

TEST(DecodeJpeg, RefusesWhatWouldTakeTooMuchTimeOrMemory) {
  const FileBytes file = jpeg_file("of_scans");
  EXPECT_EQ(error_text([&] { decode_jpeg(with_last_scan(file, 90), kWhere); }), "no error");
  EXPECT_EQ(error_text([&] { decode_jpeg(with_last_scan(file, 101), kWhere); }),
            kWhere + ": it has more than 100 scans");
  FileBytes huge = file;
  const auto frame = std::find(huge.begin(), huge.end(), 0xC2);
  ASSERT_EQ(frame[-1], 0xFF);
  frame[4] = frame[6] = 0xF0;
  EXPECT_EQ(read_jpeg_header(huge, kWhere).height / 256, 0xF0);
  EXPECT_EQ(error_text([&] { decode_jpeg(huge, kWhere); }),
            kWhere + ": it takes more than 2 GiB of memory");
}

TEST(DecodeJpegPart, EqualsTheWholeImageThereInEveryKindOfFile) {
  core::Random random(2);
  int regions = 0;
  for (const JpegKind& kind : every_jpeg_kind()) {
    for (int i = 0; i < 6; ++i) {
      const std::uint64_t longest = i < 5 ? 100 : 300;
      const std::int64_t height = 1 + static_cast<std::int64_t>(random.below(longest));
      const std::int64_t width = 1 + static_cast<std::int64_t>(random.below(longest));
      const FileBytes file = make_jpeg(
          random_pixels(random, {.height = height, .width = width, .channels = kind.components}),
          kind);
      const at::Tensor image = decode_jpeg(file, kWhere);
      ASSERT_EQ(image.sizes(), at::IntArrayRef({3, height, width}));
      for (int j = 0; j < 16; ++j, ++regions) {
        const Region region =
            j == 0 ? Region{0, 0, height, width} : draw_region(random, height, width);
        const ImagePart part = decode_jpeg_part(file, kWhere, region, 1);
        ASSERT_TRUE(tensors_equal(part.pixels, crop_of(image, region)))
            << kind.name << ", " << height << " x " << width << ": " << region_text(region);
        EXPECT_EQ(part.top, region.top);
        EXPECT_EQ(part.left, region.left);
        EXPECT_EQ(part.reduction, 1);
        EXPECT_EQ(part.pixels.stride(0), 1);
        EXPECT_TRUE(part.pixels.stride(2) == 3 || region.width == 1);
      }
    }
  }
  EXPECT_EQ(regions, 39 * 6 * 16);
}

TEST(DecodeJpegPart, EqualsTheWholeImageThereInGoldenFiles) {
  core::Random random(3);
  for (const std::string& name : names_with(jpegs(), ".file")) {
    const FileBytes file = jpeg_file(name);
    const at::Tensor image = decode_jpeg(file, kWhere);
    for (int i = 0; i < 10; ++i) {
      const Region region = draw_region(random, image.size(1), image.size(2));
      ASSERT_TRUE(
          tensors_equal(decode_jpeg_part(file, kWhere, region, 1).pixels, crop_of(image, region)))
          << name << ": " << region_text(region);
    }
  }
}

TEST(DecodeJpegPart, ReducedImagesHaveTheSizeAndNearlyThePixelsOfMeans) {
  core::Random random(4);
  for (const JpegKind& kind : every_jpeg_kind()) {
    const std::int64_t height = 8 * (1 + static_cast<std::int64_t>(random.below(12)));
    const std::int64_t width = 8 * (1 + static_cast<std::int64_t>(random.below(12)));
    const FileBytes file = make_jpeg(random_pixels(random, {.height = height,
                                                            .width = width,
                                                            .channels = kind.components,
                                                            .slope = 1,
                                                            .noise = 1}),
                                     kind);
    const at::Tensor image = decode_jpeg(file, kWhere);
    for (const std::int64_t by : {2, 4, 8}) {
      const at::Tensor whole = decode_jpeg_part(file, kWhere, {0, 0, height, width}, by).pixels;
      const at::Tensor means = image.to(at::kFloat)
                                   .reshape({3, height / by, by, width / by, by})
                                   .mean(at::IntArrayRef({2, 4}));
      ASSERT_EQ(whole.sizes(), means.sizes()) << kind.name << ", " << by;
      EXPECT_LT((whole.to(at::kFloat) - means).abs().mean().item<float>(), 10.0F)
          << kind.name << ", " << by;
      for (int i = 0; i < 10; ++i) {
        const Region region = draw_region(random, height, width);
        const ImagePart part = decode_jpeg_part(file, kWhere, region, by);
        const Region reduced{region.top / by, region.left / by,
                             (region.top + region.height + by - 1) / by - region.top / by,
                             (region.left + region.width + by - 1) / by - region.left / by};
        EXPECT_TRUE(tensors_equal(part.pixels, crop_of(whole, reduced)))
            << kind.name << ", " << by << ": " << region_text(region);
        EXPECT_EQ(part.top, reduced.top * by);
        EXPECT_EQ(part.left, reduced.left * by);
        EXPECT_EQ(part.reduction, by);
      }
    }
  }
  const FileBytes odd = jpeg_file("17x16");
  EXPECT_EQ(decode_jpeg_part(odd, kWhere, {0, 0, 17, 16}, 8).pixels.sizes(),
            at::IntArrayRef({3, 3, 2}));
}

TEST(DecodeJpegPart, NamesRuleAndValueOnBadInput) {
  const FileBytes file = jpeg_file("17x16");
  const auto text = [&](const Region& region, std::int64_t reduction) {
    return error_text([&] { decode_jpeg_part(file, kWhere, region, reduction); });
  };
  EXPECT_EQ(text({0, 0, 1, 1}, 3), "decode_jpeg_part: reduction must be 1, 2, 4 or 8, got 3");
  EXPECT_EQ(text({16, 2, 2, 3}, 1),
            "decode_jpeg_part: region must not be empty and lie within 16 x 17 px, got 3 x 2 at "
            "column 2, row 16");
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const Region& region : std::vector<Region>{{0, 0, 0, 1},
                                                  {0, 0, 1, 0},
                                                  {-1, 0, 1, 1},
                                                  {0, -1, 1, 1},
                                                  {0, 0, 18, 1},
                                                  {0, 0, 1, 17},
                                                  {17, 0, 1, 1},
                                                  {0, 16, 1, 1},
                                                  {1, 1, kMost, kMost}}) {
    EXPECT_THAT(text(region, 1), HasSubstr("region must not be empty and lie within"))
        << region_text(region);
  }
}

TEST(EncodeJpeg, GivesThePixelsOfPillowsFiles) {
  const at::Tensor source = jpegs().at("source");
  std::size_t size = 0;
  for (const auto& [quality, name] :
       {std::pair(1, "quality_1"), std::pair(75, "420"), std::pair(100, "quality_100")}) {
    const FileBytes file = encode_jpeg(source, quality);
    EXPECT_TRUE(tensors_close(decode_jpeg(file, kWhere).to(at::kFloat),
                              jpegs().at(std::string(name) + ".rgb").to(at::kFloat), 3.0))
        << name;
    EXPECT_GT(file.size(), size);
    size = file.size();
  }
}

TEST(EncodeJpeg, TakesAnyStridesAndAnySize) {
  core::Random random(5);
  const at::Tensor large = random_pixels(random, {.height = 400, .width = 700}).permute({2, 0, 1});
  const FileBytes file = encode_jpeg(large, 95);  // larger than the encoder's first buffer
  EXPECT_GT(file.size(), 100'000);
  EXPECT_EQ(encode_jpeg(large.contiguous(), 95), file);
  const at::Tensor part = large.slice(1, 3, 90, 2).slice(2, 5, 201, 3);
  EXPECT_EQ(encode_jpeg(part, 80), encode_jpeg(part.contiguous(), 80));
  EXPECT_EQ(decode_jpeg(encode_jpeg(part, 80), kWhere).sizes(), part.sizes());
}

TEST(EncodeJpeg, NamesRuleAndValueOnBadInput) {
  const at::Tensor image = torch::zeros({3, 4, 5}, torch::kByte);
  EXPECT_EQ(error_text([&] { encode_jpeg(image, 0); }),
            "encode_jpeg: quality must be in [1, 100], got 0");
  EXPECT_EQ(error_text([&] { encode_jpeg(image, 101); }),
            "encode_jpeg: quality must be in [1, 100], got 101");
  EXPECT_THAT(
      error_text([] { encode_jpeg(torch::zeros({3, 4, 5}), 75); }),
      HasSubstr("encode_jpeg: image must be a uint8 tensor [3, H, W] on the CPU, got Float"));
  EXPECT_EQ(error_text([] { encode_jpeg(torch::zeros({3, 1, 65501}, torch::kByte), 75); }),
            "encode_jpeg: image must have sides of at most 65500 px, got [3, 1, 65501]");
  EXPECT_EQ(encode_jpeg(torch::zeros({3, 1, 65500}, torch::kByte), 75).empty(), false);
}

}  // namespace
}  // namespace lightly::media
