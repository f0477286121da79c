#include "lightly/media/encoded_image.hpp"

#include <algorithm>
#include <cstring>
#include <iostream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/sha.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "lightly/media/image_io.hpp"
#include "media/image_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::bytes_of;
using lightly::testing::encoded;
using lightly::testing::error_text;
using lightly::testing::golden_image;
using lightly::testing::large_test_data;
using lightly::testing::load_golden;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::test_data;
using lightly::testing::write_file;
using ::testing::HasSubstr;

constexpr const char* kFormats = "media/formats_pillow_13.0.0.safetensors";

// The names of the golden files, what comes before ".file".
std::vector<std::string> golden_names() {
  std::vector<std::string> names;
  for (const auto& [key, tensor] : load_golden(kFormats).tensors) {
    if (key.ends_with(".file")) {
      names.push_back(key.substr(0, key.rfind('.')));
    }
  }
  return names;
}

TEST(EncodedImage, MatchesPillowInEveryKindOfFile) {
  const core::Safetensors golden = load_golden(kFormats);
  const std::vector<std::string> names = golden_names();
  for (const std::string& name : names) {
    const EncodedImage image = encoded(bytes_of(golden.at(name + ".file")));
    const torch::Tensor& expected = golden.at(name + ".rgb");
    EXPECT_EQ(image.height(), expected.size(1)) << name;
    EXPECT_EQ(image.width(), expected.size(2)) << name;
    const torch::Tensor pixels = image.decode();
    EXPECT_TRUE(tensors_equal(pixels, expected)) << name;
    EXPECT_TRUE(pixels.permute({1, 2, 0}).is_contiguous()) << name;
  }
  EXPECT_EQ(names.size(), 164);
}

TEST(EncodedImage, TurnsByTheOrientationAsPillow) {
  const core::Safetensors golden = load_golden(kFormats);
  int turned = 0;
  for (const std::string& name : golden_names()) {
    const EncodedImage image =
        encoded(bytes_of(golden.at(name + ".file")), {.exif_orientation = true});
    const bool turns = golden.tensors.count(name + ".upright") != 0;
    const torch::Tensor& expected = golden.at(name + (turns ? ".upright" : ".rgb"));
    EXPECT_EQ(image.height(), expected.size(1)) << name;
    EXPECT_EQ(image.width(), expected.size(2)) << name;
    const torch::Tensor pixels = image.decode();
    EXPECT_TRUE(tensors_equal(pixels, expected)) << name;
    EXPECT_TRUE(pixels.permute({1, 2, 0}).is_contiguous()) << name;
    turned += turns ? 1 : 0;
  }
  EXPECT_EQ(turned, 34);
}

TEST(EncodedImage, TurnsByTheLastOfSeveralTexts) {
  // The orientation is the 19th byte of 26, in hexadecimal digits.
  const std::string file = golden_image("png_profile");
  const std::size_t begin = file.find("tEXt") - 4;
  const std::string chunk = file.substr(begin, file.find("IDAT") - 4 - begin);
  const std::size_t digit = chunk.find("\n4949") + 1 + 2 * 18 + 1 + 1;
  ASSERT_EQ(chunk[digit], '5');
  std::string straight = chunk;
  straight[digit] = '1';
  const auto height = [&](const std::string& chunks) {
    std::string with = file;
    return encoded(with.replace(begin, chunk.size(), chunks), {.exif_orientation = true}).height();
  };
  EXPECT_EQ(height(straight + chunk), 13);
  EXPECT_EQ(height(chunk + straight), 9);
}

// Compares with what make_image_edge.py wrote under `name`: size, SHA-256 and 64 of the pixels.
::testing::AssertionResult matches_entry(const EncodedImage& image, const core::Safetensors& golden,
                                         const std::string& name) {
  const torch::Tensor pixels = image.decode().permute({1, 2, 0});
  const torch::Tensor& size = golden.at(name + "size");
  const std::vector<std::int64_t> expected_size{size[0].item<std::int64_t>(),
                                                size[1].item<std::int64_t>(), 3};
  if (pixels.sizes() != expected_size || image.height() != expected_size[0] ||
      image.width() != expected_size[1]) {
    return ::testing::AssertionFailure()
           << "it has the size " << pixels.sizes() << ", by the header " << image.height() << " x "
           << image.width() << ", not " << at::IntArrayRef(expected_size);
  }
  torch::Tensor sum = torch::empty({SHA256_DIGEST_LENGTH}, torch::kByte);
  ::SHA256(pixels.const_data_ptr<std::uint8_t>(), pixels.nbytes(),
           sum.mutable_data_ptr<std::uint8_t>());
  if (torch::equal(sum, golden.at(name + "sha256"))) {
    return ::testing::AssertionSuccess();
  }
  const auto steps = [](std::int64_t side) { return torch::arange(8).mul(side).div(8, "floor"); };
  const torch::Tensor probes =
      pixels.index_select(0, steps(pixels.size(0))).index_select(1, steps(pixels.size(1)));
  const torch::Tensor difference =
      (probes.to(torch::kInt) - golden.at(name + "probes").to(torch::kInt)).abs();
  return ::testing::AssertionFailure()
         << "of 192 probed values " << difference.count_nonzero().item<std::int64_t>()
         << " differ, by at most " << difference.max().item<int>();
}

TEST(EncodedImage, MatchesPillowOnHardFiles) {
  const core::Safetensors golden = load_golden("media/image_edge_pillow_13.0.0.safetensors");
  std::set<std::string> names;
  for (const auto& [key, tensor] : golden.tensors) {
    const std::string name = key.substr(0, key.rfind('.'));
    names.insert(name);
  }
  const std::filesystem::path all =
      large_test_data().empty() ? std::filesystem::path() : large_test_data() / "image_edge";
  std::vector<std::string> absent;
  for (const std::string& name : names) {
    const std::filesystem::path path =
        exists(all / name) ? all / name : test_data("image_edge/" + name);
    if (!exists(path)) {
      absent.push_back(name);
    } else if (golden.tensors.count(name + ".error") != 0) {
      EXPECT_THAT(error_text([&] { read_encoded_image(path).decode(); }),
                  HasSubstr("EncodedImage: cannot decode " + path.string() + ": "));
    } else {
      EXPECT_TRUE(matches_entry(read_encoded_image(path), golden, name + ".")) << name;
      EXPECT_TRUE(matches_entry(read_encoded_image(path, {.exif_orientation = true}), golden,
                                name + ".upright_"))
          << name;
    }
  }
  EXPECT_EQ(names.size(), 48);
  EXPECT_LE(absent.size(), all.empty() ? 7 : 0);
  if (!absent.empty()) {
    std::cout << absent.size() << " files are left out: LIGHTLY_TEST_DATA names no folder with "
              << "image_edge/" << absent.front() << ", ...\n";
  }
}

TEST(EncodedImage, DeepGreyKeepsItsUpperByteWhenAsked) {
  for (const std::string name : {"png_grey_16", "png_grey_16_interlaced", "pnm_pgm_16",
                                 "tiff_grey_16_raw", "tiff_grey_16_lzw", "tiff_grey_16_deflate"}) {
    const torch::Tensor pixels =
        encoded(golden_image(name), {.sixteen_bits = SixteenBits::kUpperByte}).decode();
    const torch::Tensor columns = torch::arange(pixels.size(2)).view({1, -1}) * 5000;
    const torch::Tensor rows = torch::arange(1, pixels.size(1)).view({-1, 1}) * 37;
    const torch::Tensor expected = (rows + columns).div(256, "floor").to(torch::kByte);
    EXPECT_TRUE(tensors_equal(pixels.slice(1, 1), expected.expand({3, -1, -1}))) << name;
  }
  // Other images do not change.
  const torch::Tensor color = encoded(golden_image("png_rgb_16")).decode();
  EXPECT_TRUE(tensors_equal(
      encoded(golden_image("png_rgb_16"), {.sixteen_bits = SixteenBits::kUpperByte}).decode(),
      color));
}

// The rows and columns of `image` that `part`, not reduced, claims to be.
torch::Tensor same_part(const torch::Tensor& image, const ImagePart& part) {
  return image.slice(1, part.top, part.top + part.pixels.size(1))
      .slice(2, part.left, part.left + part.pixels.size(2));
}

bool covers(const ImagePart& part, const Region& region) {
  return part.top <= region.top && part.left <= region.left &&
         part.top + part.pixels.size(1) * part.reduction >= region.top + region.height &&
         part.left + part.pixels.size(2) * part.reduction >= region.left + region.width;
}

Region random_region(const EncodedImage& image, core::Random& random) {
  const auto below = [&](std::int64_t limit) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(limit)));
  };
  Region region{.top = below(image.height()), .left = below(image.width())};
  region.height = 1 + below(image.height() - region.top);
  region.width = 1 + below(image.width() - region.left);
  return region;
}

TEST(EncodedImage, PartsAreThoseOfTheWholeInEveryOrientation) {
  core::Random random(3);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    // An image of 128 x 128 and one of 13 x 9 pixels.
    const std::string number = std::to_string(orientation);
    std::vector<EncodedImage> images{
        encoded(golden_image("jpeg_exif_" + number), {.exif_orientation = true}),
        encoded(golden_image("png_exif_" + number), {.exif_orientation = true})};
    if (orientation > 1) {
      images.push_back(
          read_encoded_image(test_data("image_edge/pillow/hopper_orientation_" + number + ".jpg"),
                             {.exif_orientation = true}));
    }
    for (const EncodedImage& image : images) {
      const torch::Tensor whole = image.decode();
      for (int i = 0; i < 10; ++i) {
        const Region region = random_region(image, random);
        const ImagePart part = image.decode_part(region);
        EXPECT_EQ(part.reduction, 1);
        EXPECT_TRUE(covers(part, region)) << image.name() << ", " << orientation;
        EXPECT_TRUE(tensors_equal(part.pixels, same_part(whole, part)))
            << image.name() << ", " << orientation;
        EXPECT_EQ(part.pixels.stride(0), 1);
        EXPECT_EQ(part.pixels.stride(2), 3);
      }
    }
  }
}

// Pixel (i, j) of a reduced part is the mean of a block, up to what the DCT rounds and cuts off.
double mean_error(const ImagePart& part, const torch::Tensor& whole) {
  const torch::Tensor image = whole.to(torch::kFloat);
  double sum = 0.0;
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < part.pixels.size(1); ++i) {
    for (std::int64_t j = 0; j < part.pixels.size(2); ++j) {
      const std::int64_t top = part.top + i * part.reduction;
      const std::int64_t left = part.left + j * part.reduction;
      const torch::Tensor block =
          image.slice(1, std::max<std::int64_t>(top, 0), top + part.reduction)
              .slice(2, std::max<std::int64_t>(left, 0), left + part.reduction);
      sum +=
          (block.mean({1, 2}) - part.pixels.select(1, i).select(1, j)).abs().mean().item<double>();
      ++count;
    }
  }
  return sum / static_cast<double>(count);
}

TEST(EncodedImage, ReducedPartsLieWhereTheySayInEveryOrientation) {
  core::Random random(4);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    // 75 x 53: no multiple of 8.
    const torch::Tensor y = torch::arange(53).view({-1, 1}).mul(4);
    const torch::Tensor x = torch::arange(75).view({1, -1}).mul(3);
    const torch::Tensor smooth =
        torch::stack({x + y.mul(0), y + x.mul(0), (x + y).div(2, "floor")});
    const std::vector<std::uint8_t> file = encode_jpeg(smooth.to(torch::kByte), {.quality = 95});
    std::string bytes(file.begin(), file.end());
    const std::string exif = std::string("\xFF\xE1\0\x22", 4) + std::string("Exif\0\0", 6) +
                             std::string("II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0", 18) +
                             static_cast<char>(orientation) + std::string(7, '\0');
    bytes.insert(2, exif);
    const EncodedImage image = encoded(bytes, {.exif_orientation = true});
    EXPECT_EQ(image.height(), orientation >= 5 ? 75 : 53);
    const torch::Tensor whole = image.decode();
    for (const std::int64_t reduction : {2, 4, 8}) {
      for (int i = 0; i < 4; ++i) {
        const Region region = random_region(image, random);
        const ImagePart part = image.decode_part(region, reduction);
        EXPECT_EQ(part.reduction, reduction);
        EXPECT_TRUE(covers(part, region)) << orientation << ", " << reduction;
        EXPECT_LT(mean_error(part, whole), 6.0) << orientation << ", " << reduction;
        EXPECT_GT(part.top, -reduction);
        EXPECT_GT(part.left, -reduction);
      }
    }
  }
}

TEST(EncodedImage, OtherFormatsIgnoreReduction) {
  const EncodedImage image = encoded(golden_image("png_rgb_8"));
  const ImagePart part = image.decode_part({.top = 3, .left = 4, .height = 2, .width = 2}, 4);
  EXPECT_EQ(part.reduction, 1);
  EXPECT_EQ(part.top, 0);
  EXPECT_EQ(part.left, 0);
  EXPECT_TRUE(tensors_equal(part.pixels, image.decode()));
}

TEST(EncodedImage, KeepsItsBytesAndName) {
  const std::string file = golden_image("gif_palette");
  const EncodedImage image = encoded(file);
  const EncodedImage copy = image;
  EXPECT_EQ(copy.name(), "x.img");
  EXPECT_EQ(std::string(copy.bytes().begin(), copy.bytes().end()), file);
  EXPECT_EQ(&copy.bytes(), &image.bytes());
}

TEST(EncodedImage, NamesRuleAndValueOnBadInput) {
  const EncodedImage image = encoded(golden_image("png_rgb_8"));
  EXPECT_EQ(error_text([&] { image.decode_part({.height = 9, .width = 13}, 3); }),
            "EncodedImage: reduction must be 1, 2, 4 or 8, got 3");
  EXPECT_EQ(error_text([&] { image.decode_part({.top = 8, .height = 2, .width = 13}); }),
            "EncodedImage: region must lie within 9 x 13, got 2 x 13 at (8, 0)");
  EXPECT_THAT(error_text([&] { image.decode_part({.left = -1, .height = 1, .width = 1}); }),
              HasSubstr("got 1 x 1 at (0, -1)"));
  EXPECT_THAT(error_text([&] { image.decode_part({.top = 0, .height = 0, .width = 1}); }),
              HasSubstr("got 0 x 1 at (0, 0)"));
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_THAT(error_text([&] { image.decode_part({.top = 1, .height = kMost, .width = 1}); }),
              HasSubstr("region must lie within"));
  EXPECT_EQ(error_text([] { EncodedImage(nullptr, "a.png"); }),
            "EncodedImage: bytes must be those of a.png, got none");
  EXPECT_EQ(error_text([] { encoded(golden_image("png_rgb_8"), {.max_pixels = 0}); }),
            "EncodedImage: max_pixels must be >= 1, got 0");
}

TEST(ReadEncodedImage, NamesFileAndReasonOfBadFiles) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_text([] { read_encoded_image("/nonexistent/x.png"); }),
            "read_encoded_image: cannot open /nonexistent/x.png: No such file or directory");
  EXPECT_EQ(error_text([&] { read_encoded_image(folder.path()); }),
            "read_encoded_image: cannot open " + folder.path().string() + ": not a regular file");
  const std::filesystem::path file = folder / "x.png";
  write_file(file, "");
  EXPECT_EQ(error_text([&] { read_encoded_image(file); }),
            "read_encoded_image: " + file.string() + ": the file is empty");
  write_file(file, "not an image");
  EXPECT_EQ(error_text([&] { read_encoded_image(file); }),
            "EncodedImage: cannot decode " + file.string() + ": of no known format");
  std::filesystem::resize_file(file, std::uintmax_t{1} << 31);  // a hole, which takes no room
  EXPECT_EQ(error_text([&] { read_encoded_image(file); }),
            "read_encoded_image: " + file.string() +
                ": a file must have less than 2 GiB, got 2147483648 bytes");
}

}  // namespace
}  // namespace lightly::media
