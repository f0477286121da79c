#include "lightly/media/contact_sheet.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>
#include <opencv2/imgproc.hpp>

#include "lightly/core/check.hpp"
#include "media/opencv.hpp"

namespace lightly::media {
namespace {

constexpr const char* kCallee = "contact_sheet";
constexpr int kFont = cv::FONT_HERSHEY_DUPLEX;
constexpr double kFontScale = 0.5;
constexpr int kTextHeight = 12;
constexpr int kTextGap = 10;
constexpr int kCaptionGap = 4;
constexpr std::int64_t kMaxPixels = std::int64_t{1} << 28;

cv::Scalar scalar(Color color) {
  return {static_cast<double>(color.red), static_cast<double>(color.green),
          static_cast<double>(color.blue)};
}

int text_width(const std::string& text) {
  int baseline = 0;
  return cv::getTextSize(text, kFont, kFontScale, /*thickness=*/1, &baseline).width;
}

std::int64_t cell_height(const ContactSheetOptions& options) {
  return options.cell_height_px.value_or(options.cell_px);
}

bool has_captions(const std::vector<std::vector<SheetCell>>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return std::any_of(row.begin(), row.end(),
                       [](const SheetCell& cell) { return !cell.caption.empty(); });
  });
}

// Where everything goes, in pixels.
struct Layout {
  std::vector<std::int64_t> column_x;
  std::int64_t first_row_y = 0;
  // From a row to the next one.
  std::int64_t row_step = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
};

std::int64_t count_columns(const std::vector<std::vector<SheetCell>>& rows) {
  std::size_t columns = 0;
  for (const auto& row : rows) {
    columns = std::max(columns, row.size());
  }
  return static_cast<std::int64_t>(columns);
}

Layout lay_out(const std::vector<std::vector<SheetCell>>& rows,
               const std::vector<SheetGroup>& groups, const ContactSheetOptions& options) {
  Layout layout;
  std::int64_t x = options.margin_px;
  std::int64_t widest_title = 0;
  for (const std::string& title : options.row_titles) {
    widest_title = std::max<std::int64_t>(widest_title, text_width(title));
  }
  x += widest_title > 0 ? widest_title + kTextGap : 0;
  bool has_titles = false;
  std::int64_t right = x;
  for (const SheetGroup& group : groups) {
    has_titles = has_titles || !group.title.empty();
    const std::int64_t begin = x;
    for (std::int64_t column = 0; column < group.columns; ++column) {
      layout.column_x.push_back(x);
      x += options.cell_px + options.gap_px;
    }
    // A title wider than its columns pushes the next group away.
    right = std::max(x - options.gap_px, begin + text_width(group.title));
    x = right + options.group_gap_px;
  }
  layout.width = right + options.margin_px;
  layout.first_row_y = options.margin_px + (has_titles ? kTextHeight + kTextGap : 0);
  layout.row_step = cell_height(options) + options.gap_px +
                    (has_captions(rows) ? options.frame_px + kCaptionGap + kTextHeight : 0);
  layout.height = layout.first_row_y + static_cast<std::int64_t>(rows.size()) * layout.row_step -
                  options.gap_px + options.margin_px;
  return layout;
}

void draw_text(cv::Mat& sheet, const std::string& text, std::int64_t x, std::int64_t baseline_y,
               Color color, double scale = kFontScale) {
  cv::putText(sheet, text, {static_cast<int>(x), static_cast<int>(baseline_y)}, kFont, scale,
              scalar(color), /*thickness=*/1, cv::LINE_AA);
}

cv::Mat fitted(const at::Tensor& image, cv::Size cell) {
  const at::Tensor pixels = image.permute({1, 2, 0}).contiguous();
  const cv::Mat source = mat_over(pixels);
  cv::Mat result;
  if (source.cols <= cell.width && source.rows <= cell.height) {
    const int factor = std::min(cell.width / source.cols, cell.height / source.rows);
    cv::resize(source, result, {}, factor, factor, cv::INTER_NEAREST);
  } else {
    const double factor = std::min(static_cast<double>(cell.width) / source.cols,
                                   static_cast<double>(cell.height) / source.rows);
    const cv::Size size(std::max(1, cvRound(source.cols * factor)),
                        std::max(1, cvRound(source.rows * factor)));
    cv::resize(source, result, size, 0, 0, cv::INTER_AREA);
  }
  return result;
}

void draw_cell(cv::Mat& sheet, const SheetCell& cell, cv::Point corner,
               const ContactSheetOptions& options) {
  const cv::Size size(static_cast<int>(options.cell_px), static_cast<int>(cell_height(options)));
  const cv::Mat picture = fitted(cell.image, size);
  const cv::Rect place(corner.x + (size.width - picture.cols) / 2,
                       corner.y + (size.height - picture.rows) / 2, picture.cols, picture.rows);
  if (cell.frame.has_value()) {
    const int border = static_cast<int>(options.frame_px);
    const cv::Rect outer(place.x - border, place.y - border, place.width + 2 * border,
                         place.height + 2 * border);
    // The margin may be narrower than a frame.
    sheet(outer & cv::Rect({0, 0}, sheet.size())).setTo(scalar(*cell.frame));
  }
  picture.copyTo(sheet(place));
}

void draw_caption(cv::Mat& sheet, const std::string& caption, cv::Point corner,
                  const ContactSheetOptions& options) {
  const int width = text_width(caption);
  const int cell_px = static_cast<int>(options.cell_px);
  const double scale = kFontScale * std::min(1.0, static_cast<double>(cell_px) / width);
  const std::int64_t x = corner.x + std::max(0, cell_px - width) / 2;
  const std::int64_t y =
      corner.y + cell_height(options) + options.frame_px + kCaptionGap + kTextHeight;
  draw_text(sheet, caption, x, y, options.text, scale);
}

}  // namespace

void ContactSheetOptions::check() const {
  core::check_at_least(kCallee, "cell_px", cell_px, 1);
  core::check_at_least(kCallee, "cell_height_px", cell_height(*this), 1);
  core::check_at_least(kCallee, "frame_px", frame_px, 0);
  core::check_at_least(kCallee, "margin_px", margin_px, 0);
  core::check_at_least(kCallee, "group_gap_px", group_gap_px, 0);
  core::check_at_least(kCallee, "gap_px", gap_px, 2 * frame_px);
  for (const auto size : {cell_px, cell_height(*this), gap_px, group_gap_px, margin_px}) {
    TORCH_CHECK_VALUE(size <= 16384, kCallee, ": sizes must be <= 16384, got ", size);
  }
  for (const SheetGroup& group : groups) {
    core::check_at_least(kCallee, "columns", group.columns, 1);
  }
}

at::Tensor contact_sheet(const std::vector<std::vector<SheetCell>>& rows,
                         const ContactSheetOptions& options) {
  options.check();
  const std::int64_t columns = count_columns(rows);
  TORCH_CHECK_VALUE(columns >= 1, kCallee, ": rows must hold at least one cell, got none");
  for (const auto& row : rows) {
    for (const SheetCell& cell : row) {
      if (cell.image.defined()) {
        core::check_image(kCallee, cell.image);
      }
    }
  }
  const std::vector<SheetGroup> groups =
      options.groups.empty() ? std::vector<SheetGroup>{{.title = "", .columns = columns}}
                             : options.groups;
  std::int64_t grouped = 0;
  for (const SheetGroup& group : groups) {
    TORCH_CHECK_VALUE(group.columns <= columns, kCallee, ": groups must have ", columns,
                      " columns in all, got ", group.columns, " in one");
    grouped += group.columns;
  }
  TORCH_CHECK_VALUE(grouped == columns, kCallee, ": groups must have ", columns,
                    " columns in all, got ", grouped);
  TORCH_CHECK_VALUE(options.row_titles.empty() || options.row_titles.size() == rows.size(), kCallee,
                    ": row_titles must be one a row, ", rows.size(), ", got ",
                    options.row_titles.size());
  const Layout layout = lay_out(rows, groups, options);
  TORCH_CHECK_VALUE(layout.width <= kMaxPixels / layout.height, kCallee,
                    ": the sheet must have at most 2^28 pixels, got ", layout.width, " x ",
                    layout.height);

  const at::Tensor pixels =
      at::empty({layout.height, layout.width, 3}, at::TensorOptions().dtype(at::kByte));
  cv::Mat sheet = mat_over(pixels);
  sheet.setTo(scalar(options.background));
  std::size_t column = 0;
  for (const SheetGroup& group : groups) {
    draw_text(sheet, group.title, layout.column_x[column], options.margin_px + kTextHeight,
              options.text);
    column += static_cast<std::size_t>(group.columns);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t y = layout.first_row_y + static_cast<std::int64_t>(i) * layout.row_step;
    if (!options.row_titles.empty()) {
      draw_text(sheet, options.row_titles[i], options.margin_px,
                y + (cell_height(options) + kTextHeight) / 2, options.text);
    }
    for (std::size_t j = 0; j < rows[i].size(); ++j) {
      const SheetCell& cell = rows[i][j];
      const cv::Point corner(static_cast<int>(layout.column_x[j]), static_cast<int>(y));
      if (cell.image.defined()) {
        draw_cell(sheet, cell, corner, options);
      }
      if (!cell.caption.empty()) {
        draw_caption(sheet, cell.caption, corner, options);
      }
    }
  }
  return pixels.permute({2, 0, 1});
}

}  // namespace lightly::media
