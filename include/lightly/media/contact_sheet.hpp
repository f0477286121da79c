#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace lightly::media {

struct Color {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

/// One picture of a contact sheet.
struct SheetCell {
  /// uint8 [3, H, W]; undefined leaves the cell empty.
  at::Tensor image = {};
  /// Colour of a frame around the picture.
  std::optional<Color> frame = {};
  /// ASCII text under the cell, smaller where the cell is too narrow for it.
  std::string caption = {};
};

/// Neighbouring columns under one title, set apart from the next group.
struct SheetGroup {
  /// ASCII text above the columns; may be empty.
  std::string title;
  /// Number of columns, >= 1.
  std::int64_t columns = 1;
};

struct ContactSheetOptions {
  /// Width of a cell, and without `cell_height_px` its height. A picture is enlarged by the largest
  /// whole factor that fits (each pixel a square), or reduced to fit, and centred.
  std::int64_t cell_px = 96;
  std::optional<std::int64_t> cell_height_px = {};
  /// Distance between cells, at least 2 * frame_px.
  std::int64_t gap_px = 10;
  /// Distance between groups of columns.
  std::int64_t group_gap_px = 32;
  /// Empty border around everything.
  std::int64_t margin_px = 16;
  /// Thickness of a frame, which lies outside the picture.
  std::int64_t frame_px = 3;
  Color background = {255, 255, 255};
  Color text = {50, 50, 50};
  /// The columns in groups, left to right; none makes one group without title.
  std::vector<SheetGroup> groups = {};
  /// ASCII text left of each row; empty, or one a row.
  std::vector<std::string> row_titles = {};

  /// Throws c10::ValueError for a value out of its range.
  void check() const;
};

/// Lays pictures out in a grid: uint8 [3, H, W], channels-last; rows may differ in length. Throws
/// c10::ValueError when there is no cell, a picture is no uint8 [3, H, W], groups or titles do not
/// fit the rows, or the sheet would exceed 2^28 pixels.
at::Tensor contact_sheet(const std::vector<std::vector<SheetCell>>& rows,
                         const ContactSheetOptions& options = {});

}  // namespace lightly::media
