#include "lightly/media/image_io.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "media/image_files.hpp"
#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::bytes_of;
using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::NothingPrinted;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using lightly::testing::write_file;
using ::testing::HasSubstr;

torch::Tensor random_image(std::int64_t height, std::int64_t width) {
  core::Random random(1);
  torch::Tensor pixels = torch::empty({height, width, 3}, torch::kByte);
  for (std::int64_t i = 0; i < pixels.numel(); ++i) {
    pixels.mutable_data_ptr<std::uint8_t>()[i] = static_cast<std::uint8_t>(random.below(256));
  }
  return pixels.permute({2, 0, 1});
}

std::string golden_file(const std::string& name) {
  return bytes_of(load_golden("media/images_pillow_13.0.0.safetensors").at(name + ".file"));
}

std::string load_error(const std::string& bytes, const EncodedImageOptions& options = {}) {
  const NothingPrinted nothing_printed;
  const TemporaryFolder folder;
  write_file(folder / "x.img", bytes);
  const std::string text = error_text([&] { load_image(folder / "x.img", options); });
  EXPECT_THAT(text, HasSubstr((folder / "x.img").string()));
  return text;
}

TEST(LoadImage, MatchesPillow) {
  const TemporaryFolder folder;
  int images = 0;
  for (const auto& [key, tensor] : load_golden("media/images_pillow_13.0.0.safetensors").tensors) {
    const std::string name = key.substr(0, key.find('.'));
    if (key != name + ".file") {
      continue;
    }
    write_file(folder / name, bytes_of(tensor));
    const torch::Tensor image = load_image(folder / name);
    const torch::Tensor expected =
        load_golden("media/images_pillow_13.0.0.safetensors").at(name + ".rgb");
    EXPECT_TRUE(tensors_equal(image, expected)) << name;
    EXPECT_TRUE(image.permute({1, 2, 0}).is_contiguous()) << name;
    ++images;
  }
  EXPECT_EQ(images, 17);
}

TEST(LoadImage, PngRoundTripIsExactForAnyStrides) {
  const TemporaryFolder folder;
  const torch::Tensor image = random_image(5, 7);
  for (const torch::Tensor& same : {image, image.contiguous(), image.flip(1).flip(1)}) {
    save_png(folder / "a.png", same);
    EXPECT_TRUE(tensors_equal(load_image(folder / "a.png"), image));
  }
  const torch::Tensor part = random_image(20, 20).slice(1, 3, 15, 2).slice(2, 1, 20, 3);
  save_png(folder / "a.png", part);
  EXPECT_TRUE(tensors_equal(load_image(folder / "a.png"), part));
}

TEST(LoadImage, NamesFileAndReasonOfBadFiles) {
  EXPECT_THAT(error_text([] { load_image("/nonexistent/x.png"); }),
              HasSubstr("cannot open /nonexistent/x.png: No such file"));
  EXPECT_THAT(error_text([] { load_image("/tmp"); }), HasSubstr("/tmp"));
  EXPECT_THAT(load_error(""), HasSubstr("the file is empty"));
  EXPECT_THAT(load_error("not an image"), HasSubstr("x.img: of no known format"));
}

TEST(LoadImage, CutShortIsAnErrorNotInventedRows) {
  for (const std::string name :
       {"png_rgb", "png_palette", "bmp_rgb", "jpeg_444", "jpeg_420", "jpeg_progressive"}) {
    const std::string whole = golden_file(name);
    for (const double part : {0.02, 0.3, 0.6, 0.9}) {
      const auto size = static_cast<std::size_t>(static_cast<double>(whole.size()) * part);
      EXPECT_THAT(load_error(whole.substr(0, size)), HasSubstr("cannot decode"))
          << name << ", " << part;
    }
  }
}

TEST(LoadImage, RefusesTooManyPixelsByTheHeader) {
  for (const std::string name :
       {"png_rgb", "bmp_rgb", "jpeg_420", "jpeg_progressive", "tiff_rgb"}) {
    EXPECT_THAT(load_error(golden_file(name), {.max_pixels = 50 * 37 - 1}),
                HasSubstr("must have at most 1849 pixels, got 50 x 37"))
        << name;
  }
  // The header claims 2^31 - 1 pixels a side; no memory is taken for them.
  std::string png = golden_file("png_rgb");
  png.replace(16, 8, std::string("\x7f\xff\xff\xff\x7f\xff\xff\xff", 8));
  EXPECT_THAT(load_error(png), HasSubstr("got 2147483647 x 2147483647"));
  png.replace(16, 4, std::string(4, '\0'));
  EXPECT_THAT(load_error(png), HasSubstr("its header claims a size of 0 x 2147483647"));
  EXPECT_EQ(error_text([] { load_image("x", {.max_pixels = 0}); }),
            "EncodedImage: max_pixels must be >= 1, got 0");
}

TEST(LoadImage, IsReadEncodedImageDecoded) {
  const TemporaryFolder folder;
  write_file(folder / "a.jpg", golden_file("jpeg_orientation_6"));
  for (const bool turns : {false, true}) {
    const EncodedImageOptions options{.exif_orientation = turns};
    EXPECT_TRUE(tensors_equal(load_image(folder / "a.jpg", options),
                              read_encoded_image(folder / "a.jpg", options).decode()));
  }
}

TEST(SavePng, ReplacesTheFileAndLeavesNothingElse) {
  const TemporaryFolder folder;
  write_file(folder / "a.png", "old");
  save_png(folder / "a.png", random_image(4, 4));
  EXPECT_EQ(read_file(folder / "a.png").substr(1, 3), "PNG");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(SavePng, NamesRuleAndValueOnBadInput) {
  EXPECT_THAT(error_text([] { save_png("/nonexistent-folder/a.png", random_image(2, 2)); }),
              HasSubstr("cannot create /nonexistent-folder/a.png"));
  EXPECT_THAT(error_text([] { save_png("a.png", torch::zeros({3, 2, 2})); }),
              HasSubstr("save_png: image must be a uint8 tensor [3, H, W] on the CPU, got Float"));
}

std::string text_of(const std::vector<std::uint8_t>& bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(EncodePng, IsTheFileOfSavePng) {
  const TemporaryFolder folder;
  const torch::Tensor image = random_image(6, 5);
  save_png(folder / "a.png", image);
  EXPECT_EQ(read_file(folder / "a.png"), text_of(encode_png(image)));
  EXPECT_THAT(
      error_text([] { encode_png(torch::zeros({3, 2, 2})); }),
      HasSubstr("encode_png: image must be a uint8 tensor [3, H, W] on the CPU, got Float"));
}

TEST(SaveJpeg, WritesEncodeJpegsFileOfThatQuality) {
  const TemporaryFolder folder;
  const torch::Tensor image = random_image(40, 30);
  save_jpeg(folder / "a.jpg", image);
  EXPECT_EQ(read_file(folder / "a.jpg"), text_of(encode_jpeg(image, {.quality = 75})));
  EXPECT_EQ(load_image(folder / "a.jpg").sizes(), image.sizes());
  save_jpeg(folder / "a.jpg", image, {.quality = 95});
  EXPECT_EQ(read_file(folder / "a.jpg"), text_of(encode_jpeg(image, {.quality = 95})));
  EXPECT_LT(encode_jpeg(image, {.quality = 30}).size(), encode_jpeg(image).size());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(SaveJpeg, NamesRuleAndValueOnBadInput) {
  EXPECT_EQ(error_text([] { encode_jpeg(random_image(2, 2), {.quality = 0}); }),
            "encode_jpeg: quality must be in [1, 100], got 0");
  EXPECT_EQ(error_text([] { save_jpeg("a.jpg", random_image(2, 2), {.quality = 101}); }),
            "encode_jpeg: quality must be in [1, 100], got 101");
  EXPECT_THAT(
      error_text([] { encode_jpeg(torch::zeros({3, 2, 2})); }),
      HasSubstr("encode_jpeg: image must be a uint8 tensor [3, H, W] on the CPU, got Float"));
  EXPECT_THAT(error_text([] { save_jpeg("/nonexistent-folder/a.jpg", random_image(2, 2)); }),
              HasSubstr("cannot create /nonexistent-folder/a.jpg"));
}

TEST(ToImage, UndoesNormalisation) {
  const torch::Tensor image = random_image(6, 5);
  const torch::Tensor mean = torch::tensor({0.485F, 0.456F, 0.406F}).view({3, 1, 1});
  const torch::Tensor std = torch::tensor({0.229F, 0.224F, 0.225F}).view({3, 1, 1});
  EXPECT_TRUE(tensors_equal(to_image((image.to(torch::kFloat) / 255 - mean) / std), image));
  EXPECT_TRUE(to_image(torch::zeros({3, 2, 2})).permute({1, 2, 0}).is_contiguous());
}

TEST(ToImage, RoundsAndClips) {
  const torch::Tensor view =
      torch::tensor({-0.5F, 0.498F / 255, 0.502F / 255, 2.0F}).view({1, 2, 2}).expand({3, 2, 2});
  EXPECT_TRUE(tensors_equal(to_image(view, {.mean = {0, 0, 0}, .std = {1, 1, 1}})[0],
                            torch::tensor({0, 0, 1, 255}, torch::kByte).view({2, 2})));
  EXPECT_EQ(error_text([] { to_image(torch::zeros({3, 2, 2}), {.std = {1, 0, 1}}); }),
            "to_image: std must be > 0 and finite, got 0");
  EXPECT_THAT(error_text([] { to_image(torch::zeros({1, 3, 2, 2})); }),
              HasSubstr("to_image: view must be floating point [3, h, w], got Float [1, 3, 2, 2]"));
  EXPECT_THAT(error_text([] { to_image(torch::zeros({3, 2, 2}, torch::kByte)); }),
              HasSubstr("got Byte [3, 2, 2]"));
}

}  // namespace
}  // namespace lightly::media
