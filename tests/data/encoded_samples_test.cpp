// Views of samples that come encoded: those of the decoded image, though only a part is decoded.

#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/data/dataloader.h>
#include <torch/data/samplers/sequential.h>
#include <torch/types.h>

#include "lightly/data/data_loader.hpp"
#include "lightly/data/torch_data.hpp"
#include "lightly/media/image_io.hpp"
#include "lightly/transforms/dino_transform.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

using Bytes = std::vector<std::uint8_t>;

// Smooth colours with edges, other ones for each index.
at::Tensor picture(std::int64_t height, std::int64_t width, std::int64_t index) {
  at::Tensor pixels = at::empty({height, width, 3}, at::kByte);
  auto* bytes = pixels.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (std::int64_t c = 0; c < 3; ++c) {
        const double wave = std::sin(static_cast<double>(x * (c + 1) + index * 40) / 19.0) +
                            std::cos(static_cast<double>(y * (3 - c)) / 23.0);
        const bool is_inside = (x / 37 + y / 29 + index) % 5 == 0;
        bytes[(y * width + x) * 3 + c] =
            static_cast<std::uint8_t>(127.0 + 60.0 * wave + (is_inside ? 7.0 : 0.0));
      }
    }
  }
  return pixels.permute({2, 0, 1});
}

enum class Kind { kJpeg, kPng, kDecoded, kCutShort };

// Pictures of different sizes, as JPEG or PNG files, or the pixels of the JPEGs.
class Pictures : public Dataset {
 public:
  Pictures(std::int64_t size, Kind kind) : size_(size), kind_(kind) {}

  std::int64_t size() const override { return size_; }

  Sample get(std::int64_t index) const override {
    const at::Tensor image = picture(150 + 17 * index, 260 - 9 * index, index);
    Bytes bytes = kind_ == Kind::kPng ? media::encode_png(image) : media::encode_jpeg(image);
    if (kind_ == Kind::kCutShort && index == 2) {
      bytes.resize(bytes.size() * 3 / 4);
    }
    Sample sample{.file_name = file_name(index), .index = index};
    sample.encoded.emplace(std::make_shared<const Bytes>(std::move(bytes)), file_name(index));
    if (kind_ == Kind::kDecoded) {
      sample.image = sample.pixels();
      sample.encoded.reset();
    }
    return sample;
  }

  std::string file_name(std::int64_t index) const override {
    return "picture/" + std::to_string(index);
  }

 private:
  std::int64_t size_;
  Kind kind_;
};

std::vector<Batch> batches_of(const DatasetPtr& dataset, const BaseCollateFunction& collate,
                              const DataLoaderOptions& options) {
  DataLoader loader(dataset, collate, options);
  std::vector<Batch> batches;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const Batch& batch : loader.epoch(epoch)) {
      batches.push_back(batch);
    }
  }
  return batches;
}

// A crop of the middle, which says nothing of what it needs beforehand.
at::Tensor middle(const at::Tensor& image, core::Random& random) {
  const auto top = static_cast<std::int64_t>(random.below(40));
  return image.slice(1, top, top + 32).slice(2, 20, 52);
}

TEST(EncodedSamples, HaveTheViewsOfTheirPixelsBitForBit) {
  const auto decoded = std::make_shared<Pictures>(6, Kind::kDecoded);
  const auto encoded = std::make_shared<Pictures>(6, Kind::kJpeg);
  const transforms::ImageView view({.input_size = 32});
  const std::vector<BaseCollateFunction> recipes{
      SimCLRCollateFunction({.input_size = 32}),
      transforms::DINOTransform({.global_crop_size = 48, .local_crop_size = 24}),
      BaseCollateFunction({.transforms = {view, middle}}),
      BaseCollateFunction({.transforms = {middle}})};
  for (const BaseCollateFunction& collate : recipes) {
    const std::vector<Batch> expected =
        batches_of(decoded, collate, {.batch_size = 4, .shuffle = true, .seed = 3});
    for (const std::int64_t workers : {0, 1, 2, 5}) {
      const std::vector<Batch> batches = batches_of(
          encoded, collate, {.batch_size = 4, .shuffle = true, .num_workers = workers, .seed = 3});
      ASSERT_EQ(batches.size(), expected.size());
      for (std::size_t b = 0; b < batches.size(); ++b) {
        for (std::size_t v = 0; v < batches[b].views.size(); ++v) {
          ASSERT_TRUE(tensors_equal(batches[b].views[v], expected[b].views[v])) << b << " " << v;
        }
      }
    }
  }
}

TEST(EncodedSamples, OfFormatsThatDecodeAsAWholeDoToo) {
  const SimCLRCollateFunction collate({.input_size = 32});
  const auto dataset = std::make_shared<Pictures>(3, Kind::kPng);
  const Batch batch = batches_of(dataset, collate, {.batch_size = 3}).at(0);
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < 3; ++i) {
    Sample sample = dataset->get(i);
    sample.image = sample.pixels();
    sample.encoded.reset();
    samples.push_back(sample);
  }
  EXPECT_TRUE(tensors_equal(batch.views[0], collate(samples).views[0]));
  EXPECT_TRUE(tensors_equal(batch.views[1], collate(samples).views[1]));
}

TEST(EncodedSamples, TorchsLoaderMakesTheSameBatchesOfThem) {
  const SimCLRCollateFunction collate({.input_size = 32});
  const auto dataset = std::make_shared<Pictures>(6, Kind::kJpeg);
  DataLoader own(dataset, collate, {.batch_size = 4, .seed = 2});
  for (const std::int64_t epoch : {0, 1}) {
    auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
        ToTorchDataset(dataset).map(
            ToTorchCollation(collate, {.seed = 2, .epoch = static_cast<std::uint64_t>(epoch)})),
        torch::data::DataLoaderOptions().batch_size(4).workers(2));
    std::vector<Batch> batches;
    for (const Batch& batch : *loader) {
      batches.push_back(batch);
    }
    ASSERT_EQ(batches.size(), 2U);
    std::size_t b = 0;
    for (const Batch& expected : own.epoch(epoch)) {
      EXPECT_EQ(batches.at(b).file_names, expected.file_names);
      EXPECT_TRUE(tensors_equal(batches[b].views[0], expected.views[0])) << epoch << " " << b;
      EXPECT_TRUE(tensors_equal(batches[b].views[1], expected.views[1])) << epoch << " " << b;
      ++b;
    }
  }
}

TEST(EncodedSamples, TorchsLoaderNamesTheFileThatIsDamaged) {
  const auto dataset = std::make_shared<Pictures>(4, Kind::kCutShort);
  const std::string error = error_text([&] {
    auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
        ToTorchDataset(dataset).map(ToTorchCollation(SimCLRCollateFunction({.input_size = 32}))),
        torch::data::DataLoaderOptions().batch_size(4).workers(1));
    for ([[maybe_unused]] const Batch& batch : *loader) {
    }
  });
  EXPECT_THAT(error, HasSubstr("BaseCollateFunction: picture/2: "));
  EXPECT_THAT(error, HasSubstr("the file is cut short"));
}

TEST(EncodedSamples, OneViewAloneIsTheSame) {
  const SimCLRCollateFunction collate({.input_size = 32});
  const Pictures encoded(3, Kind::kJpeg);
  const Pictures decoded(3, Kind::kDecoded);
  const at::Tensor slot = at::empty({3, 32, 32});
  const at::Tensor expected = at::empty({3, 32, 32});
  collate.write_view(encoded.get(1), 1, {.seed = 5}, slot);
  collate.write_view(decoded.get(1), 1, {.seed = 5}, expected);
  EXPECT_TRUE(tensors_equal(slot, expected));
}

// Written down: mean absolute difference of normalised floats below 0.06, seen 0.02 to 0.04.
TEST(EncodedSamples, DecodedFastAreCloseToTheExactOnes) {
  const auto dataset = std::make_shared<Pictures>(6, Kind::kJpeg);
  const BaseCollateFunction collate(
      {.transforms = {transforms::ImageView({.input_size = 16, .cj_prob = 0.0, .min_scale = 0.5})},
       .normalize = std::nullopt});
  const auto batches = [&](Decode decode) {
    return batches_of(dataset, collate, {.batch_size = 6, .seed = 1, .decode = decode});
  };
  const std::vector<Batch> exact = batches(Decode::kExact);
  const std::vector<Batch> fast = batches(Decode::kFast);
  bool differs = false;
  for (std::size_t b = 0; b < exact.size(); ++b) {
    const at::Tensor difference = (exact[b].views[0] - fast[b].views[0]).abs();
    EXPECT_LT(difference.mean().item<float>(), 0.06F);
    differs = differs || difference.max().item<float>() > 0.0F;
  }
  EXPECT_TRUE(differs) << "nothing was decoded smaller";
}

TEST(EncodedSamples, DamageIsAnErrorThatNamesTheFile) {
  for (const std::int64_t workers : {0, 2}) {
    const auto dataset = std::make_shared<Pictures>(4, Kind::kCutShort);
    EXPECT_THAT(error_text([&] {
                  batches_of(dataset, SimCLRCollateFunction({.input_size = 32}),
                             {.batch_size = 4, .num_workers = workers});
                }),
                HasSubstr("DataLoader: picture/2: "));
    DataLoader loader(dataset, SimCLRCollateFunction({.input_size = 32}),
                      {.batch_size = 4, .num_workers = workers, .on_error = OnError::kSkip});
    for (const Batch& batch : loader.epoch(0)) {
      EXPECT_EQ(batch.indices, (std::vector<std::int64_t>{0, 1, 3}));
    }
    EXPECT_GT(loader.statistics().decode_seconds, 0.0);
  }
}

}  // namespace
}  // namespace lightly::data
