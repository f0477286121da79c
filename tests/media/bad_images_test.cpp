#include <cstring>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "lightly/media/encoded_image.hpp"
#include "media/image_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::encoded;
using lightly::testing::error_text;
using lightly::testing::golden_image;
using lightly::testing::NothingPrinted;
using lightly::testing::tensors_equal;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr EncodedImageOptions kSmall{.max_pixels = 1 << 16};

// One of every way to store pixels.
const std::vector<std::string>& kinds() {
  static const std::vector<std::string> names{"png_rgb_8",
                                              "png_grey_16",
                                              "png_palette_4_interlaced",
                                              "gif_palette",
                                              "gif_straight",
                                              "gif_inside_screen",
                                              "webp_lossless",
                                              "webp_lossy_alpha",
                                              "webp_animated",
                                              "bmp_24",
                                              "bmp_palette_4",
                                              "bmp_rle8",
                                              "bmp_rle4",
                                              "bmp_16_565",
                                              "pnm_ppm",
                                              "pnm_pgm_16",
                                              "pnm_pbm",
                                              "tiff_rgb_raw",
                                              "tiff_rgb_lzw",
                                              "tiff_grey_16_deflate",
                                              "tiff_rgb_16_planes",
                                              "tiff_one_bit_lzw",
                                              "tiff_big",
                                              "jpeg_exif_6",
                                              "png_profile_packed",
                                              "webp_xmp"};
  return names;
}

TEST(BadImages, NoByteAndEveryByteAreErrors) {
  EXPECT_EQ(error_text([] { encoded(""); }),
            "EncodedImage: cannot decode x.img: the file is empty");
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(error_text([&] { encoded(std::string(1, static_cast<char>(byte))); }),
              "EncodedImage: cannot decode x.img: of no known format");
  }
}

TEST(BadImages, EveryPrefixIsAnErrorOrTheSameImage) {
  const NothingPrinted nothing_printed;
  for (const std::string& name : kinds()) {
    const std::string whole = golden_image(name);
    const torch::Tensor expected = encoded(whole).decode();
    for (std::size_t size = 1; size < whole.size(); ++size) {
      torch::Tensor pixels;
      const std::string text =
          error_text([&] { pixels = encoded(whole.substr(0, size), kSmall).decode(); });
      if (text == "no error") {
        EXPECT_TRUE(tensors_equal(pixels, expected)) << name << ", " << size << " bytes";
      } else {
        EXPECT_THAT(text, StartsWith("EncodedImage: cannot decode x.img: "))
            << name << ", " << size;
      }
    }
  }
}

TEST(BadImages, CutShortSaysSo) {
  for (const std::string name : {"png_rgb_8", "gif_straight", "webp_lossless", "bmp_24", "pnm_ppm",
                                 "pnm_ppm_plain", "bmp_rle8"}) {
    const std::string whole = golden_image(name);
    EXPECT_EQ(error_text([&] { encoded(whole.substr(0, whole.size() / 2)).decode(); }),
              "EncodedImage: cannot decode x.img: the file is cut short")
        << name;
  }
}

TEST(BadImages, DamagedBytesAreAnErrorOrAnImageNeverACrash) {
  const NothingPrinted nothing_printed;
  core::Random random(1);
  for (const std::string& name : kinds()) {
    const std::string good = golden_image(name);
    int errors = 0;
    for (int i = 0; i < 150; ++i) {
      std::string bad = good;
      for (int j = 0; j < 3; ++j) {
        bad[random.below(bad.size())] ^= static_cast<char>(1U << random.below(8));
      }
      const std::string text = error_text([&] {
        const EncodedImage image = encoded(bad, {.max_pixels = 1 << 16, .exif_orientation = true});
        EXPECT_EQ(image.decode().sizes(), at::IntArrayRef({3, image.height(), image.width()}));
      });
      EXPECT_THAT(text, AnyOf(StartsWith("EncodedImage: "), Eq("no error"))) << name;
      errors += text != "no error" ? 1 : 0;
    }
    EXPECT_GT(errors, 0) << name;
  }
}

TEST(BadImages, ADamagedTiffIsAnErrorWithLibtiffsReason) {
  const NothingPrinted nothing_printed;
  std::string file = golden_image("tiff_rgb_lzw");
  file.replace(20, 40, 40, '\xFF');
  EXPECT_EQ(error_text([&] { encoded(file).decode(); }),
            "EncodedImage: cannot decode x.img: Using code not yet in table");
  for (const std::string name : {"tiff_rgb_raw", "tiff_grey_16_raw", "tiff_rgb_16_tiles"}) {
    file = golden_image(name);
    file.resize(file.size() - 10);
    EXPECT_THAT(error_text([&] { encoded(file).decode(); }),
                StartsWith("EncodedImage: cannot decode x.img: Read error "))
        << name;
  }
}

// An entry of a BigTIFF file with one number; type 16 is LONG8, 17 SLONG8.
std::string big_tiff_entry(std::uint16_t tag, std::uint16_t type, std::uint64_t number) {
  const std::uint64_t count = 1;
  std::string entry(20, '\0');
  std::memcpy(entry.data(), &tag, 2);
  std::memcpy(entry.data() + 2, &type, 2);
  std::memcpy(entry.data() + 4, &count, 8);
  std::memcpy(entry.data() + 12, &number, 8);
  return entry;
}

TEST(BadImages, ATiffOfTwoSizesIsAnError) {
  using namespace std::string_literals;
  // The first width counts for libtiff alone.
  const EncodedImage image = encoded("II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0"s +
                                     big_tiff_entry(256, 17, 30'000) + big_tiff_entry(256, 16, 3) +
                                     big_tiff_entry(257, 16, 2) + big_tiff_entry(273, 16, 8) +
                                     big_tiff_entry(279, 16, 60'000) + std::string(8, '\0'));
  EXPECT_EQ(image.width(), 3);
  EXPECT_EQ(error_text([&] { image.decode(); }),
            "EncodedImage: cannot decode x.img: its header contradicts itself");
}

TEST(BadImages, ChecksumsOfPngAreChecked) {
  std::string file = golden_image("png_gamma");
  file[file.find("gAMA") + 9] ^= 1;
  EXPECT_EQ(error_text([&] { encoded(file).decode(); }),
            "EncodedImage: cannot decode x.img: gAMA: CRC error");
  file = golden_image("png_rgb_8");
  file[file.find("IEND") - 5] ^= 1;
  EXPECT_EQ(error_text([&] { encoded(file).decode(); }),
            "EncodedImage: cannot decode x.img: IDAT: CRC error");
}

struct Claim {
  std::string name;
  std::size_t at;       // where the width begins, the height after it
  std::string numbers;  // what is written there
  std::string size;
};

TEST(BadImages, TooManyPixelsAreRefusedByTheHeader) {
  using namespace std::string_literals;
  const std::vector<Claim> claims{
      {"png_rgb_8", 16, "\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF"s, "2147483647 x 2147483647"},
      {"png_rgb_8", 16, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s, "4294967295 x 4294967295"},
      {"bmp_24", 18, "\xFF\xFF\xFF\x7F\0\0\0\x80"s, "2147483647 x 2147483648"},
      {"bmp_rle8", 18, "\0\0\1\0\0\x80\0\0"s, "65536 x 32768"},
      {"gif_palette", 6, "\xFF\xFF\xFF\xFF"s, "65535 x 65535"},
      {"webp_lossless", 21, "\xFF\xFF\xFF\x0F"s, "16384 x 16384"},
      {"pnm_ppm", 3, "99999 99999"s, "99999 x 99999"},
  };
  for (const Claim& claim : claims) {
    std::string file = golden_image(claim.name);
    const std::size_t replaced = claim.name == "pnm_ppm" ? 4 : claim.numbers.size();
    file.replace(claim.at, replaced, claim.numbers);
    EXPECT_EQ(error_text([&] { encoded(file, {.max_pixels = (1 << 28) - 1}); }),
              "EncodedImage: x.img must have at most 268435455 pixels, got " + claim.size)
        << claim.name;
  }
  for (const std::string& name : kinds()) {
    EXPECT_THAT(error_text([&] { encoded(golden_image(name), {.max_pixels = 13 * 9 - 1}); }),
                AnyOf(HasSubstr("must have at most 116 pixels, got 13 x 9"),
                      HasSubstr("must have at most 116 pixels, got 20 x 15")))
        << name;
  }
}

TEST(BadImages, SizesBeyondMemoryAreAnErrorWhereverTheLimitIs) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::string png = golden_image("png_rgb_8");
  png.replace(16, 8, "\x7F\xFF\xFF\xFF\x7F\xFF\xFF\xFF");
  EXPECT_NE(error_text([&] { encoded(png, {.max_pixels = kMost}).decode(); }), "no error");
  std::string bmp = golden_image("bmp_24");
  bmp.replace(18, 8, "\xFF\xFF\xFF\x7F\xFF\xFF\xFF\x7F");
  EXPECT_EQ(error_text([&] { encoded(bmp, {.max_pixels = kMost}).decode(); }),
            "EncodedImage: cannot decode x.img: the file is cut short");
  for (const std::string kind : {"P1", "P2", "P3", "P4", "P5", "P6"}) {
    EXPECT_EQ(error_text([&] {
                encoded(kind + " 9000000000 900000000 255\n1 1 1", {.max_pixels = kMost}).decode();
              }),
              "EncodedImage: cannot decode x.img: the file is cut short")
        << kind;
  }
}

TEST(BadImages, ABmpMayLackWhatPadsItsLastRow) {
  const std::string whole = golden_image("bmp_24");  // of 39 bytes a row and one more
  EXPECT_TRUE(
      tensors_equal(encoded(whole.substr(0, whole.size() - 1)).decode(), encoded(whole).decode()));
  EXPECT_EQ(error_text([&] { encoded(whole.substr(0, whole.size() - 2)).decode(); }),
            "EncodedImage: cannot decode x.img: the file is cut short");
}

TEST(BadImages, NoPixelsAreAnError) {
  std::string png = golden_image("png_rgb_8");
  png.replace(16, 4, std::string(4, '\0'));
  EXPECT_EQ(error_text([&] { encoded(png); }),
            "EncodedImage: cannot decode x.img: its header claims a size of 0 x 9");
  std::string bmp = golden_image("bmp_24");
  bmp.replace(18, 4, "\xFE\xFF\xFF\xFF");
  EXPECT_THAT(error_text([&] { encoded(bmp); }), HasSubstr("claims a size of -2 x 9"));
  std::string gif = golden_image("gif_straight");
  gif.replace(gif.rfind(std::string(",\0\0\0\0", 5)) + 5, 2, std::string(2, '\0'));
  EXPECT_THAT(error_text([&] { encoded(gif); }), HasSubstr("its first frame is empty"));
  EXPECT_THAT(error_text([] { encoded("P5 0 3 255\n"); }), HasSubstr("claims a size of 0 x 3"));
}

TEST(BadImages, HeadersOfUnknownKindsNameWhatTheySay) {
  EXPECT_THAT(error_text([] { encoded("P5 2 2 70000\n"); }), HasSubstr("its maxval is 70000"));
  EXPECT_THAT(error_text([] { encoded("P5 2x 2 255\n"); }),
              HasSubstr("a number is expected at byte 4"));
  EXPECT_THAT(error_text([] { encoded("P5 99999999999999999999 2 255\n"); }),
              HasSubstr("a number is expected"));
  EXPECT_THAT(error_text([] { encoded("P2 1 1 5\n6 ").decode(); }),
              HasSubstr("a sample is 6, maxval 5"));
  EXPECT_THAT(error_text([] { encoded("P1 1 1\n2 ").decode(); }),
              HasSubstr("a bitmap has digits 0 and 1"));
  std::string bmp = golden_image("bmp_24");
  bmp[14] = 41;
  EXPECT_THAT(error_text([&] { encoded(bmp); }), HasSubstr("its header has 41 bytes"));
  bmp = golden_image("bmp_24");
  bmp[28] = 23;
  EXPECT_THAT(error_text([&] { encoded(bmp); }), HasSubstr("it has 23 bits a pixel"));
  bmp = golden_image("bmp_24");
  bmp[30] = 4;
  EXPECT_THAT(error_text([&] { encoded(bmp); }),
              HasSubstr("its compression 4 is not known for 24 bits a pixel"));
  bmp = golden_image("bmp_16_565");
  bmp[55] = static_cast<char>(0xE8);
  EXPECT_THAT(error_text([&] { encoded(bmp); }), HasSubstr("its masks have gaps"));
  EXPECT_THAT(error_text([] { encoded(std::string("GIF89a\1\0\1\0\0\0\0;", 14)); }),
              HasSubstr("it has no frame"));
}

}  // namespace
}  // namespace lightly::media
