#include "lightly/media/contact_sheet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::media {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

torch::Tensor plain(std::int64_t height, std::int64_t width, Color color) {
  return torch::tensor({color.red, color.green, color.blue}, torch::kByte)
      .view({3, 1, 1})
      .expand({3, height, width});
}

std::vector<std::int64_t> pixel(const torch::Tensor& sheet, std::int64_t y, std::int64_t x) {
  const torch::Tensor value = sheet.select(2, x).select(1, y).to(torch::kLong);
  return {value[0].item<std::int64_t>(), value[1].item<std::int64_t>(),
          value[2].item<std::int64_t>()};
}

using Pixel = std::vector<std::int64_t>;

TEST(ContactSheet, EnlargesPixelsToSquaresOnAGrid) {
  const torch::Tensor image = torch::arange(12, torch::kByte).view({3, 2, 2});
  const torch::Tensor sheet = contact_sheet(
      {{{image}, {image}}, {{image}}}, {.cell_px = 5, .gap_px = 3, .margin_px = 2, .frame_px = 0});
  EXPECT_EQ(sheet.sizes(), (std::vector<std::int64_t>{3, 17, 17}));
  EXPECT_TRUE(sheet.permute({1, 2, 0}).is_contiguous());
  const torch::Tensor enlarged = image.repeat_interleave(2, 1).repeat_interleave(2, 2);
  torch::Tensor expected = torch::full({3, 17, 17}, 255, torch::kByte);
  for (const auto& [y, x] : {std::pair{2, 2}, std::pair{2, 10}, std::pair{10, 2}}) {
    expected.slice(1, y, y + 4).slice(2, x, x + 4).copy_(enlarged);
  }
  EXPECT_TRUE(tensors_equal(sheet, expected));
}

TEST(ContactSheet, ReducesLargePicturesAndCentresAll) {
  const torch::Tensor sheet =
      contact_sheet({{{plain(40, 20, {10, 20, 30})}}},
                    {.cell_px = 8, .gap_px = 0, .margin_px = 0, .frame_px = 0});
  EXPECT_EQ(sheet.sizes(), (std::vector<std::int64_t>{3, 8, 8}));
  EXPECT_EQ(pixel(sheet, 0, 2), (Pixel{10, 20, 30}));
  EXPECT_EQ(pixel(sheet, 7, 5), (Pixel{10, 20, 30}));
  EXPECT_EQ(pixel(sheet, 0, 1), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(sheet, 7, 6), (Pixel{255, 255, 255}));
}

TEST(ContactSheet, CellsMayBeOfAnotherHeightThanWidth) {
  const torch::Tensor image = torch::arange(18, torch::kByte).view({3, 2, 3});
  const torch::Tensor sheet = contact_sheet(
      {{{image}}, {{plain(40, 20, {1, 2, 3})}}},
      {.cell_px = 6, .cell_height_px = 4, .gap_px = 1, .margin_px = 0, .frame_px = 0});
  EXPECT_EQ(sheet.sizes(), (std::vector<std::int64_t>{3, 9, 6}));
  EXPECT_TRUE(tensors_equal(sheet.slice(1, 0, 4).contiguous(),
                            image.repeat_interleave(2, 1).repeat_interleave(2, 2)));
  EXPECT_EQ(pixel(sheet, 5, 2), (Pixel{1, 2, 3}));
  EXPECT_EQ(pixel(sheet, 8, 3), (Pixel{1, 2, 3}));
  EXPECT_EQ(pixel(sheet, 5, 1), (Pixel{255, 255, 255}));
}

// The smallest box, {left, right} in pixels, of what is dark.
std::pair<std::int64_t, std::int64_t> dark_columns(const torch::Tensor& part) {
  const torch::Tensor columns = part.lt(160).all(0).any(0).nonzero();
  return {columns.min().item<std::int64_t>(), columns.max().item<std::int64_t>()};
}

TEST(ContactSheet, CaptionsStandUnderTheirCells) {
  const torch::Tensor bright = plain(60, 60, {255, 255, 255});
  const ContactSheetOptions options{.cell_px = 60, .gap_px = 6, .margin_px = 5, .frame_px = 2};
  const torch::Tensor plain_sheet = contact_sheet({{{bright}, {bright}}, {{bright}}}, options);
  const torch::Tensor sheet =
      contact_sheet({{{bright}, {.image = bright, .caption = "#7"}},
                     {{.image = bright, .caption = "far too wide for its cell"}}},
                    options);
  const std::int64_t added = (sheet.size(1) - plain_sheet.size(1)) / 2;
  EXPECT_EQ(sheet.size(1), plain_sheet.size(1) + 2 * added);
  EXPECT_EQ(sheet.size(2), plain_sheet.size(2));
  ASSERT_GE(added, 12);
  const torch::Tensor first = sheet.slice(1, 5 + 60, 5 + 60 + added + 4);
  EXPECT_EQ(first.slice(2, 0, 71).min().item<std::int64_t>(), 255);
  // In the middle, within two pixels.
  const auto [left, right] = dark_columns(first);
  EXPECT_NEAR(static_cast<double>(left + right) / 2, 5 + 66 + 30, 2.0);
  const auto [wide_left, wide_right] = dark_columns(sheet.slice(1, sheet.size(1) - 5 - added));
  EXPECT_GE(wide_left, 4);
  EXPECT_LE(wide_right, 5 + 60 + 1);
  EXPECT_GE(wide_right - wide_left, 50);
  // Nothing else changes.
  EXPECT_EQ(sheet.slice(1, 0, 5 + 60).min().item<std::int64_t>(), 255);
}

TEST(ContactSheet, FrameLiesOutsideThePicture) {
  const torch::Tensor sheet =
      contact_sheet({{{plain(4, 4, {1, 2, 3}), Color{200, 100, 50}}, {}}},
                    {.cell_px = 4, .gap_px = 4, .margin_px = 3, .frame_px = 2});
  EXPECT_EQ(pixel(sheet, 3, 3), (Pixel{1, 2, 3}));
  EXPECT_EQ(pixel(sheet, 6, 6), (Pixel{1, 2, 3}));
  for (const std::int64_t at : {1, 2, 7, 8}) {
    EXPECT_EQ(pixel(sheet, at, 4), (Pixel{200, 100, 50})) << at;
    EXPECT_EQ(pixel(sheet, 4, at), (Pixel{200, 100, 50})) << at;
  }
  EXPECT_EQ(pixel(sheet, 0, 4), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(sheet, 4, 9), (Pixel{255, 255, 255}));
  // A frame wider than the margin is cut, not an error.
  EXPECT_NO_THROW(contact_sheet({{{plain(4, 4, {}), Color{}}}}, {.margin_px = 0}));
}

TEST(ContactSheet, GroupsAreSetApartUnderTheirTitles) {
  const std::vector<std::vector<SheetCell>> rows{
      {{plain(4, 4, {1, 1, 1})}, {plain(4, 4, {2, 2, 2})}, {plain(4, 4, {3, 3, 3})}}};
  const ContactSheetOptions untitled{.cell_px = 40,
                                     .gap_px = 10,
                                     .group_gap_px = 30,
                                     .margin_px = 5,
                                     .groups = {{"", 1}, {"", 2}}};
  const torch::Tensor sheet = contact_sheet(rows, untitled);
  EXPECT_EQ(sheet.sizes(), (std::vector<std::int64_t>{3, 50, 5 + 40 + 30 + 40 + 10 + 40 + 5}));
  EXPECT_EQ(pixel(sheet, 25, 44), (Pixel{1, 1, 1}));
  EXPECT_EQ(pixel(sheet, 25, 45), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(sheet, 25, 75), (Pixel{2, 2, 2}));
  EXPECT_EQ(pixel(sheet, 25, 125), (Pixel{3, 3, 3}));

  ContactSheetOptions titled = untitled;
  titled.groups = {{"left", 1}, {"right", 2}};
  titled.row_titles = {"row"};
  const torch::Tensor with_text = contact_sheet(rows, titled);
  ASSERT_GT(with_text.size(1), sheet.size(1));
  ASSERT_GT(with_text.size(2), sheet.size(2));
  const std::int64_t added = with_text.size(1) - sheet.size(1);
  const torch::Tensor dark = with_text.lt(128).all(0);
  EXPECT_GT(dark.slice(0, 0, 5 + added).sum().item<std::int64_t>(), 20);
  const std::int64_t title_width = with_text.size(2) - sheet.size(2);
  EXPECT_GT(dark.slice(0, 5 + added).slice(1, 0, 5 + title_width).sum().item<std::int64_t>(), 10);
  // The pictures themselves stay the same.
  EXPECT_TRUE(tensors_equal(with_text.slice(1, 5 + added).slice(2, 5 + title_width),
                            sheet.slice(1, 5).slice(2, 5)));
}

TEST(ContactSheet, NamesRuleAndValueOnBadInput) {
  const SheetCell cell{plain(4, 4, {})};
  const auto text = [](const std::vector<std::vector<SheetCell>>& rows,
                       const ContactSheetOptions& options) {
    return error_text([&] { contact_sheet(rows, options); });
  };
  EXPECT_EQ(text({}, {}), "contact_sheet: rows must hold at least one cell, got none");
  EXPECT_EQ(text({{}, {}}, {}), "contact_sheet: rows must hold at least one cell, got none");
  EXPECT_EQ(text({{cell}}, {.cell_px = 0}), "contact_sheet: cell_px must be >= 1, got 0");
  EXPECT_EQ(text({{cell}}, {.cell_height_px = 0}),
            "contact_sheet: cell_height_px must be >= 1, got 0");
  EXPECT_EQ(text({{cell}}, {.gap_px = 5, .frame_px = 3}),
            "contact_sheet: gap_px must be >= 6, got 5");
  EXPECT_EQ(text({{cell}}, {.margin_px = -1}), "contact_sheet: margin_px must be >= 0, got -1");
  EXPECT_EQ(text({{cell}}, {.cell_px = 20000}), "contact_sheet: sizes must be <= 16384, got 20000");
  EXPECT_EQ(text({std::vector<SheetCell>(20, cell)}, {.cell_px = 16384}),
            "contact_sheet: the sheet must have at most 2^28 pixels, got 327902 x 16416");
  EXPECT_EQ(text({{cell, cell}}, {.groups = {{"a", 1}}}),
            "contact_sheet: groups must have 2 columns in all, got 1");
  EXPECT_EQ(text({{cell, cell}}, {.groups = {{"a", 3}}}),
            "contact_sheet: groups must have 2 columns in all, got 3 in one");
  EXPECT_EQ(text({{cell}}, {.groups = {{"a", 0}}}), "contact_sheet: columns must be >= 1, got 0");
  EXPECT_EQ(text({{cell}}, {.row_titles = {"a", "b"}}),
            "contact_sheet: row_titles must be one a row, 1, got 2");
  EXPECT_THAT(text({{SheetCell{torch::zeros({3, 4, 4})}}}, {}),
              HasSubstr("contact_sheet: image must be a uint8 tensor [3, H, W] on the CPU"));
}

}  // namespace
}  // namespace lightly::media
