#include "lightly/evaluation/sheets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// Image i is a plain grey of 10 * i.
torch::Tensor plain(std::int64_t index) {
  return torch::full({3, 4, 4}, 10 * index, torch::kByte);
}

class PlainDataset : public data::Dataset {
 public:
  std::int64_t size() const override { return 6; }
  data::Sample get(std::int64_t index) const override {
    return {.image = plain(index), .target = index % 2, .file_name = "", .index = index};
  }
  std::string file_name(std::int64_t) const override { return ""; }
};

// On a half circle in the order of the data set; classes 0 and 1 in turn.
Embeddings half_circle() {
  const torch::Tensor angle = torch::arange(6, torch::kFloat) * 0.5F;
  return {.features = torch::stack({angle.cos(), angle.sin()}, 1) * 7.0F,
          .labels = torch::arange(6).remainder(2)};
}

TEST(NeighboursSheet, ShowsNeighboursInOrderWithFramesByClass) {
  const NeighboursSheetOptions options{
      .queries = {0, 5}, .k = 3, .sheet = {.cell_px = 4, .gap_px = 4, .frame_px = 2}};
  Embeddings backwards = half_circle();
  // Turned by the scalar product with (-1, 0): the far images become the near ones of a query at 0.
  backwards.features = torch::tensor(
      {{1.0F, 0.0F}, {-1.0F, 0.1F}, {-1.0F, 0.0F}, {0.0F, 1.0F}, {1.0F, 1.0F}, {1.0F, 0.1F}});
  const torch::Tensor sheet =
      neighbours_sheet(PlainDataset(), {{"before", half_circle()}, {"after", backwards}}, options);

  const media::Color same{40, 165, 75};
  const media::Color other{215, 55, 50};
  const std::vector<std::vector<media::SheetCell>> rows{{{plain(0)},
                                                         {plain(1), other},
                                                         {plain(2), same},
                                                         {plain(3), other},
                                                         {plain(5), other},
                                                         {plain(4), same},
                                                         {plain(3), other}},
                                                        {{plain(5)},
                                                         {plain(4), other},
                                                         {plain(3), same},
                                                         {plain(2), other},
                                                         {plain(0), other},
                                                         {plain(4), other},
                                                         {plain(3), same}}};
  media::ContactSheetOptions expected = options.sheet;
  expected.groups = {{"query", 1}, {"before", 3}, {"after", 3}};
  EXPECT_TRUE(tensors_equal(sheet, media::contact_sheet(rows, expected)));
}

// As PlainDataset, brighter and in another order of classes.
class PlainBank : public data::Dataset {
 public:
  std::int64_t size() const override { return 3; }
  data::Sample get(std::int64_t index) const override {
    return {.image = plain(20 + index), .target = index / 2, .file_name = "", .index = index};
  }
  std::string file_name(std::int64_t) const override { return ""; }
};

TEST(NeighboursSheet, LooksForNeighboursInTheBank) {
  const NeighboursSheetOptions options{.queries = {1, 4},
                                       .k = 2,
                                       .bank = std::make_shared<PlainBank>(),
                                       .sheet = {.cell_px = 4, .gap_px = 4, .frame_px = 2}};
  // The directions of the data set's images 4, 1 and 0.
  const Embeddings of_bank{
      .features = half_circle().features.index_select(0, torch::tensor({4, 1, 0})),
      .labels = torch::tensor({0, 0, 1})};
  const torch::Tensor sheet =
      neighbours_sheet(PlainDataset(), {{"stage", half_circle(), of_bank}}, options);

  const media::Color same{40, 165, 75};
  const media::Color other{215, 55, 50};
  media::ContactSheetOptions expected = options.sheet;
  expected.groups = {{"query", 1}, {"stage", 2}};
  EXPECT_TRUE(tensors_equal(
      sheet, media::contact_sheet({{{plain(1)}, {plain(21), other}, {plain(22), same}},
                                   {{plain(4)}, {plain(20), same}, {plain(21), same}}},
                                  expected)));
  EXPECT_EQ(error_text([&] {
              neighbours_sheet(PlainDataset(), {{"stage", half_circle(), half_circle()}}, options);
            }),
            "neighbours_sheet: features must have a row for each of 3 images, got 6");
}

TEST(NeighboursSheet, WithoutQueriesTakesTheFirstImageOfEachClass) {
  const std::vector<NeighboursStage> stages{{"features", half_circle()}};
  EXPECT_TRUE(tensors_equal(neighbours_sheet(PlainDataset(), stages, {.k = 2}),
                            neighbours_sheet(PlainDataset(), stages, {.queries = {0, 1}, .k = 2})));
  EXPECT_TRUE(tensors_equal(neighbours_sheet(PlainDataset(), stages, {.max_queries = 1, .k = 2}),
                            neighbours_sheet(PlainDataset(), stages, {.queries = {0}, .k = 2})));
}

TEST(NeighboursSheet, NamesRuleAndValueOnBadInput) {
  const auto text = [](const std::vector<NeighboursStage>& stages,
                       const NeighboursSheetOptions& options) {
    return error_text([&] { neighbours_sheet(PlainDataset(), stages, options); });
  };
  const std::vector<NeighboursStage> stages{{"features", half_circle()}};
  EXPECT_EQ(text({}, {}), "neighbours_sheet: stages must hold at least one, got none");
  EXPECT_EQ(text(stages, {.k = 0}), "neighbours_sheet: k must be >= 1, got 0");
  EXPECT_EQ(text(stages, {.max_queries = 0}), "neighbours_sheet: max_queries must be >= 1, got 0");
  EXPECT_THAT(text(stages, {.k = 6}), HasSubstr("k must be at most the number of bank rows"));
  EXPECT_EQ(text(stages, {.queries = {0, 6}}),
            "neighbours_sheet: queries must be in [0, 6), got 6");
  Embeddings few_labels = half_circle();
  few_labels.labels = few_labels.labels.narrow(0, 0, 5);
  EXPECT_THAT(text({{"features", few_labels}}, {}), HasSubstr("labels must be int64 [6]"));
  Embeddings few_features = half_circle();
  few_features.features = few_features.features.narrow(0, 0, 5);
  EXPECT_EQ(text({{"features", few_features}}, {}),
            "neighbours_sheet: features must have a row for each of 6 images, got 5");
}

// A batch of three plain images from `first` on, normalised as by default.
torch::Tensor normalised_batch(std::int64_t first) {
  const torch::Tensor mean = torch::tensor({0.485F, 0.456F, 0.406F}).view({3, 1, 1});
  const torch::Tensor std = torch::tensor({0.229F, 0.224F, 0.225F}).view({3, 1, 1});
  std::vector<torch::Tensor> views;
  for (std::int64_t i = first; i < first + 3; ++i) {
    views.push_back((plain(i).to(torch::kFloat) / 255 - mean) / std);
  }
  return torch::stack(views);
}

TEST(ViewsSheet, ShowsImagesAboveTheirDenormalisedViews) {
  const std::vector<torch::Tensor> images{plain(1), plain(2)};
  media::ContactSheetOptions expected;
  expected.row_titles = {"image", "view 1", "view 2"};
  EXPECT_TRUE(tensors_equal(
      views_sheet(images, {normalised_batch(3), normalised_batch(7)}),
      media::contact_sheet(
          {{{plain(1)}, {plain(2)}}, {{plain(3)}, {plain(4)}}, {{plain(7)}, {plain(8)}}},
          expected)));
  EXPECT_EQ(error_text([&] { views_sheet(images, {normalised_batch(0).narrow(0, 0, 1)}); }),
            "views_sheet: views must be [B, 3, h, w] with B >= 2, got [1, 3, 4, 4]");
}

TEST(ViewsSheet, ShowsImagesLeftOfTheirViews) {
  const std::vector<torch::Tensor> images{plain(1), plain(2)};
  const ViewsSheetOptions options{.layout = ViewsSheetLayout::kImagesInRows,
                                  .sheet = {.cell_px = 20}};
  media::ContactSheetOptions expected = options.sheet;
  expected.groups = {{"image", 1}, {"views", 2}};
  EXPECT_TRUE(tensors_equal(
      views_sheet(images, {normalised_batch(3), normalised_batch(7)}, options),
      media::contact_sheet(
          {{{plain(1)}, {plain(3)}, {plain(7)}}, {{plain(2)}, {plain(4)}, {plain(8)}}}, expected)));
  expected.groups = {{"image", 1}};
  EXPECT_TRUE(tensors_equal(views_sheet(images, {}, options),
                            media::contact_sheet({{{plain(1)}}, {{plain(2)}}}, expected)));
}

}  // namespace
}  // namespace lightly::evaluation
