// Frames of a video that lie near each other as the views of a sample.

#include <map>
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/data/dataloader.h>
#include <torch/data/samplers/sequential.h>
#include <torch/types.h>

#include "data/video_folder.hpp"
#include "lightly/data/cached_dataset.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/data_loader.hpp"
#include "lightly/data/torch_data.hpp"
#include "lightly/data/transformed_dataset.hpp"
#include "lightly/data/video_dataset.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

// The image as it is, so that views tell which frame they are of.
at::Tensor unchanged(const at::Tensor& image, core::Random& /*random*/) {
  return image;
}

BaseCollateFunction two_plain_views() {
  return BaseCollateFunction({.transforms = {unchanged, unchanged}, .normalize = std::nullopt});
}

TEST(VideoPairs, TheFirstViewIsTheFrameAndOthersFollowItClosely) {
  const VideoFolder folder;
  folder.add_video("a.mp4", VideoFolder::kFewKeys);
  folder.add_video("b.mp4", VideoFolder::kFewKeys);
  const at::Tensor frames = frames_of(folder / "a.mp4");
  std::map<std::string, std::int64_t> number_of;
  const auto key_of = [](const at::Tensor& image) {
    const at::Tensor bytes = image.contiguous();
    return std::string(reinterpret_cast<const char*>(bytes.const_data_ptr<std::uint8_t>()),
                       static_cast<std::size_t>(bytes.numel()));
  };
  for (std::int64_t i = 0; i < frames.size(0); ++i) {
    ASSERT_TRUE(number_of.emplace(key_of(frames[i]), i).second) << "two frames are alike";
  }
  const VideoDataset dataset(folder.path(), {.pair_max_frames = 3});
  for (const std::int64_t frame : {0, 1, 12, 24}) {
    const Sample sample = dataset.get(frame);
    ASSERT_TRUE(sample.draw_image);
    std::set<std::int64_t> drawn;
    for (std::uint64_t k = 0; k < 100; ++k) {
      core::Random random(k);
      EXPECT_TRUE(tensors_equal(sample.draw_image(0, random), frames[frame]));
      drawn.insert(number_of.at(key_of(sample.draw_image(1, random))));
    }
    std::set<std::int64_t> following;
    for (std::int64_t i = frame; i <= std::min<std::int64_t>(frame + 3, 24); ++i) {
      following.insert(i);
    }
    EXPECT_EQ(drawn, following) << frame;
  }
}

TEST(VideoPairs, ASampleOutlivesItsDataSet) {
  const VideoFolder folder;
  folder.add_video("a.mp4", VideoFolder::kManyKeys);
  Sample sample;
  {
    const VideoDataset dataset(folder.path(), {.pair_max_frames = 1000});
    sample = dataset.get(4);
  }
  core::Random random(1);
  EXPECT_EQ(sample.draw_image(1, random).sizes(), sample.image.sizes());
}

TEST(VideoPairs, LoaderCollateAndTorchDataMakeTheSameViews) {
  const VideoFolder folder;
  folder.add_video("a.mp4", VideoFolder::kFewKeys);
  const auto dataset = std::make_shared<const VideoDataset>(
      folder.path(), VideoDatasetOptions{.pair_max_frames = 4});
  const BaseCollateFunction collate = transforms::SimCLRTransform({.input_size = 24});
  const core::RandomKey key{.seed = 3, .epoch = 2};
  std::vector<Batch> batches;
  DataLoader loader(dataset, collate, {.batch_size = 5, .num_workers = 2, .seed = 3});
  for (const Batch& batch : loader.epoch(2)) {
    batches.push_back(batch);
  }
  ASSERT_EQ(batches.size(), 5U);
  std::vector<Sample> samples;
  for (std::int64_t i = 5; i < 10; ++i) {
    samples.push_back(dataset->get(i));
  }
  const Batch collated = collate(samples, key);
  auto torch_loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      ToTorchDataset(dataset).map(ToTorchCollation(collate, key)),
      torch::data::DataLoaderOptions(5).workers(2));
  std::size_t i = 0;
  for (const Batch& batch : *torch_loader) {
    for (std::size_t v = 0; v < 2; ++v) {
      EXPECT_TRUE(tensors_equal(batch.views[v], batches[i].views[v]));
    }
    ++i;
  }
  EXPECT_EQ(i, 5U);
  for (std::size_t v = 0; v < 2; ++v) {
    EXPECT_TRUE(tensors_equal(collated.views[v], batches[1].views[v]));
    at::Tensor slot = torch::empty({3, 24, 24});
    collate.write_view(samples[2], static_cast<std::int64_t>(v), key, slot);
    EXPECT_TRUE(tensors_equal(slot, collated.views[v][2]));
  }
}

// What a view's transform draws is the same with and without pairs: of a video that stands still
// the views are equal.
TEST(VideoPairs, LeaveTheViewsOwnChoicesAlone) {
  const at::Tensor image = torch::arange(3 * 20 * 20)
                               .remainder(251)
                               .to(torch::kByte)
                               .view({20, 20, 3})
                               .permute({2, 0, 1});
  const Sample still{.image = image, .file_name = "still", .index = 7};
  Sample paired = still;
  std::vector<std::int64_t> views;
  std::vector<std::uint32_t> bits;
  paired.draw_image = [&](std::int64_t view, core::Random& random) {
    views.push_back(view);
    bits.push_back(random.bits());
    return image;
  };
  const BaseCollateFunction collate = transforms::SimCLRTransform({.input_size = 16});
  const Batch expected = collate({still}, {.seed = 5});
  const Batch batch = collate({paired}, {.seed = 5});
  for (std::size_t v = 0; v < 2; ++v) {
    EXPECT_TRUE(tensors_equal(batch.views[v], expected.views[v]));
  }
  EXPECT_EQ(views, (std::vector<std::int64_t>{0, 1}));
  EXPECT_NE(bits[0], bits[1]);
  EXPECT_NE(bits[0], core::Random({.seed = 5, .index = 7, .view = 0}).bits());
}

TEST(VideoPairs, AnErrorInTheNearbyFrameNamesTheSample) {
  Sample sample{.image = torch::zeros({3, 4, 4}, torch::kByte), .file_name = "x-1-mp4.png"};
  sample.draw_image = [](std::int64_t view, core::Random&) -> at::Tensor {
    TORCH_CHECK(view == 0, "cannot decode x.mp4");
    return torch::zeros({3, 4, 4}, torch::kByte);
  };
  EXPECT_EQ(error_text([&] { two_plain_views()({sample}); }),
            "BaseCollateFunction: x-1-mp4.png: cannot decode x.mp4");
}

TEST(VideoPairs, OtherDataSetsKeepThem) {
  const VideoFolder folder;
  folder.add_video("a.mp4", VideoFolder::kFewKeys);
  const auto dataset = std::make_shared<const VideoDataset>(
      folder.path(), VideoDatasetOptions{.pair_max_frames = 4});
  const auto halved =
      std::make_shared<TransformedDataset>(dataset, [](const at::Tensor& image, core::Random&) {
        return transforms::functional::resize(image, {32, 32});
      });
  const auto cached = std::make_shared<CachedDataset>(dataset);
  bool differs = false;
  for (std::int64_t i = 0; i < 25; ++i) {
    const Batch expected = two_plain_views()({dataset->get(i)}, {.seed = 1});
    for (int repeat = 0; repeat < 2; ++repeat) {
      const Batch batch = two_plain_views()({cached->get(i)}, {.seed = 1});
      EXPECT_TRUE(tensors_equal(batch.views[1], expected.views[1]));
    }
    const Batch small = two_plain_views()({halved->get(i)}, {.seed = 1});
    EXPECT_EQ(small.views[1].size(2), 32);
    differs = differs || !at::equal(small.views[0], small.views[1]);
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace lightly::data
