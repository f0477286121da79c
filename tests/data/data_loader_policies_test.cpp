// What a loader does beyond handing out a data set in order: samplers, failures, statistics.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/data/data_loader.hpp"
#include "lightly/transforms/functional.hpp"
#include "lightly/transforms/image_view.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Images that are all one value, their index; those in `damaged` cannot be loaded.
class Numbers : public Dataset {
 public:
  explicit Numbers(std::int64_t size, std::set<std::int64_t> damaged = {})
      : size_(size), damaged_(std::move(damaged)) {}

  std::int64_t size() const override { return size_; }

  Sample get(std::int64_t index) const override {
    const auto begin = std::chrono::steady_clock::now();
    TORCH_CHECK(!damaged_.contains(index), "damaged");
    const at::Tensor pixels = at::full({6, 6, 3}, index, at::kByte);
    Sample sample{.image = pixels.permute({2, 0, 1}),
                  .target = index % 3,
                  .file_name = file_name(index),
                  .index = index};
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    seconds += taken.count();
    return sample;
  }

  std::string file_name(std::int64_t index) const override {
    return "number/" + std::to_string(index);
  }

  // What get() has taken.
  mutable std::atomic<double> seconds = 0.0;

 private:
  std::int64_t size_;
  std::set<std::int64_t> damaged_;
};

std::shared_ptr<Numbers> numbers(std::int64_t size, std::set<std::int64_t> damaged = {}) {
  return std::make_shared<Numbers>(size, std::move(damaged));
}

std::vector<Batch> batches_of(BatchRange&& range) {
  std::vector<Batch> batches;
  for (const Batch& batch : range) {
    batches.push_back(batch);
  }
  return batches;
}

std::vector<std::int64_t> indices_of(BatchRange&& range) {
  std::vector<std::int64_t> indices;
  for (const Batch& batch : range) {
    indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  }
  return indices;
}

// Whether every image, target and name of a batch is the one that its index says.
void expect_consistent(const Batch& batch) {
  const auto count = static_cast<std::int64_t>(batch.indices.size());
  ASSERT_EQ(batch.views[0].size(0), count);
  ASSERT_EQ(batch.targets.size(0), count);
  ASSERT_THAT(batch.file_names, SizeIs(batch.indices.size()));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t index = batch.indices[static_cast<std::size_t>(i)];
    const at::Tensor expected = at::full({3, 6, 6}, static_cast<double>(index) / 255.0);
    EXPECT_TRUE(tensors_equal(batch.views[0][i], expected.to(at::kFloat))) << index;
    EXPECT_EQ(batch.targets[i].item<std::int64_t>(), index % 3);
    EXPECT_EQ(batch.file_names[static_cast<std::size_t>(i)], "number/" + std::to_string(index));
  }
}

const PlainCollateFunction& bytes_only() {
  static const PlainCollateFunction collate({.normalize = std::nullopt});
  return collate;
}

TEST(DataLoaderSampler, DecidesWhichSamplesComeAndWhen) {
  const auto sampler =
      std::make_shared<const SubsetRandomSampler>(std::vector<std::int64_t>{7, 3, 9, 1, 4});
  for (const std::int64_t workers : {0, 2}) {
    DataLoader loader(numbers(10), bytes_only(),
                      {.batch_size = 2, .num_workers = workers, .seed = 8, .sampler = sampler});
    EXPECT_EQ(loader.size(), 3);
    EXPECT_EQ(indices_of(loader.epoch(1)), sampler->order({.seed = 8, .epoch = 1}));
    EXPECT_EQ(indices_of(loader.epoch(2)), sampler->order({.seed = 8, .epoch = 2}));
  }
}

TEST(DataLoaderSampler, ShardsTogetherTakeAllSamples) {
  const auto all = std::make_shared<const RandomSampler>(10);
  std::multiset<std::int64_t> seen;
  for (std::int64_t shard = 0; shard < 2; ++shard) {
    DataLoader loader(numbers(10), bytes_only(),
                      {.batch_size = 3,
                       .seed = 8,
                       .sampler = std::make_shared<const ShardSampler>(
                           all, ShardSamplerOptions{.shard = shard, .num_shards = 2})});
    for (const std::int64_t index : indices_of(loader.epoch(0))) {
      seen.insert(index);
    }
  }
  EXPECT_THAT(seen, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(DataLoaderSampler, ASampleThatComesTwiceHasOtherViews) {
  const auto dataset = numbers(4);
  const BaseCollateFunction collate(
      {.transforms = {[](const at::Tensor& image, core::Random& random) {
         return image + static_cast<int>(random.below(200));
       }}});
  const auto sampler = std::make_shared<const WeightedRandomSampler>(
      WeightedRandomSamplerOptions{.weights = {0.0, 1.0, 0.0, 0.0}, .num_samples = 6});
  std::vector<Batch> expected;
  for (const std::int64_t workers : {0, 1, 5}) {
    DataLoader loader(dataset, collate,
                      {.batch_size = 3, .num_workers = workers, .sampler = sampler});
    const std::vector<Batch> batches = batches_of(loader.epoch(0));
    std::set<float> values;
    for (const Batch& batch : batches) {
      for (std::int64_t i = 0; i < 3; ++i) {
        values.insert(batch.views[0][i][0][0][0].item<float>());
      }
    }
    EXPECT_GE(values.size(), 5U);
    // The first time it is what it always was.
    EXPECT_TRUE(tensors_equal(batches[0].views[0][0], collate({dataset->get(1)}).views[0][0]));
    if (!expected.empty()) {
      EXPECT_TRUE(tensors_equal(batches[1].views[0], expected[1].views[0]));
    }
    expected = batches;
  }
}

class BadSampler : public Sampler {
 public:
  explicit BadSampler(std::vector<std::int64_t> indices, std::int64_t size)
      : indices_(std::move(indices)), size_(size) {}
  std::int64_t size() const override { return size_; }
  std::vector<std::int64_t> order(const core::RandomKey&) const override { return indices_; }

 private:
  std::vector<std::int64_t> indices_;
  std::int64_t size_;
};

TEST(DataLoaderSampler, RejectsWhatDoesNotFitTheDataSet) {
  const auto error = [](const SamplerPtr& sampler, DataLoaderOptions options) {
    options.sampler = sampler;
    return error_text([&] { DataLoader(numbers(4), bytes_only(), options).epoch(0); });
  };
  EXPECT_EQ(error(std::make_shared<RandomSampler>(4), {.shuffle = true}),
            "DataLoader: shuffle must be false with a sampler, which has the order");
  EXPECT_EQ(error(std::make_shared<RandomSampler>(0), {}), "DataLoader: sampler must not be empty");
  EXPECT_EQ(error(std::make_shared<RandomSampler>(5), {}),
            "DataLoader: the sampler's indices must be in [0, 4), got 4");
  EXPECT_THAT(error(std::make_shared<BadSampler>(std::vector<std::int64_t>{-1}, 1), {}),
              HasSubstr("must be in [0, 4), got -1"));
  EXPECT_EQ(error(std::make_shared<BadSampler>(std::vector<std::int64_t>{0, 1}, 1), {}),
            "DataLoader: the sampler must give as many indices as it has, 1, got 2");
}

// In order, but not in the second epoch.
class FailsOnce : public Sampler {
 public:
  std::int64_t size() const override { return 4; }
  std::vector<std::int64_t> order(const core::RandomKey& key) const override {
    TORCH_CHECK(key.epoch != 1, "no order");
    return {0, 1, 2, 3};
  }
};

TEST(DataLoaderSampler, ThatThrowsLeavesTheRunningEpochAsItIs) {
  for (const std::int64_t workers : {0, 2}) {
    DataLoader loader(
        numbers(4), bytes_only(),
        {.batch_size = 1, .num_workers = workers, .sampler = std::make_shared<FailsOnce>()});
    BatchRange range = loader.epoch(0);
    BatchRange::Iterator batch = range.begin();
    EXPECT_EQ(error_text([&] { loader.epoch(1); }), "no order");
    std::int64_t batches = 0;
    for (; batch != range.end(); ++batch) {
      EXPECT_THAT(batch->indices, ElementsAre(batches++));
    }
    EXPECT_EQ(batches, 4);
  }
}

TEST(DataLoaderSampler, ASecondLoopOverARangeIsAnError) {
  DataLoader loader(numbers(4), bytes_only(), {.batch_size = 2});
  BatchRange range = loader.epoch(0);
  std::int64_t batches = 0;
  for ([[maybe_unused]] const Batch& batch : range) {
    ++batches;
  }
  EXPECT_EQ(batches, 2);
  EXPECT_EQ(error_text([&] { range.begin(); }),
            "DataLoader: a range is for one loop; ask for the epoch again, DataLoader::epoch");
}

// A transform that looks at the loader it works for.
TEST(DataLoaderSampler, StatisticsMayBeAskedForWhileABatchIsMade) {
  for (const std::int64_t workers : {0, 2}) {
    std::atomic<const DataLoader*> asked = nullptr;
    std::atomic<std::int64_t> answers = 0;
    const auto view = [&](const at::Tensor& image, core::Random&) {
      if (const DataLoader* loader = asked) {
        answers += loader->statistics().batches >= 0 ? 1 : 0;
      }
      return image;
    };
    DataLoader loader(numbers(4), BaseCollateFunction({.transforms = {view}}),
                      {.batch_size = 2, .num_workers = workers});
    asked = &loader;
    for ([[maybe_unused]] const Batch& batch : loader.epoch(0)) {
    }
    EXPECT_EQ(answers, 4);
  }
}

TEST(DataLoaderOnError, ThrowNamesTheSampleOfBatchSeven) {
  DataLoader loader(numbers(64, {61}), bytes_only(), {.batch_size = 8, .num_workers = 2});
  std::size_t batches = 0;
  EXPECT_EQ(error_text([&] {
              for (const Batch& batch : loader.epoch(0)) {
                batches += batch.indices.empty() ? 0 : 1;
              }
            }),
            "DataLoader: number/61: damaged");
  EXPECT_EQ(batches, 7U);
}

TEST(DataLoaderOnError, SkipLeavesTheSampleOut) {
  for (const std::int64_t workers : {0, 1, 2, 5}) {
    DataLoader loader(numbers(64, {0, 3, 57, 63}), bytes_only(),
                      {.batch_size = 8, .num_workers = workers, .on_error = OnError::kSkip});
    const std::vector<Batch> batches = batches_of(loader.epoch(0));
    ASSERT_THAT(batches, SizeIs(8));
    EXPECT_THAT(batches[0].indices, ElementsAre(1, 2, 4, 5, 6, 7));
    EXPECT_THAT(batches[7].indices, ElementsAre(56, 58, 59, 60, 61, 62));
    std::for_each(batches.begin(), batches.end(), expect_consistent);
    const std::vector<SampleFailure> failures = loader.failures();
    ASSERT_THAT(failures, SizeIs(4));
    EXPECT_EQ(failures[2].index, 57);
    EXPECT_EQ(failures[2].file_name, "number/57");
    EXPECT_EQ(failures[2].reason, "damaged");
    EXPECT_EQ(loader.statistics().failures, 4);
    EXPECT_EQ(loader.statistics().samples, 60);
    loader.epoch(1);
    EXPECT_THAT(loader.failures(), IsEmpty());
  }
}

TEST(DataLoaderOnError, SkipNeedsASoundSampleInEveryBatch) {
  DataLoader loader(numbers(6, {3, 4, 5}), bytes_only(),
                    {.batch_size = 3, .num_workers = 1, .on_error = OnError::kSkip});
  EXPECT_EQ(error_text([&] { batches_of(loader.epoch(0)); }),
            "DataLoader: every sample of a batch failed, the first one: number/3: damaged");
}

TEST(DataLoaderOnError, ReplaceTakesTheSameOtherSampleForAnyNumberOfWorkers) {
  const std::set<std::int64_t> damaged{2, 13, 57, 58};
  std::vector<std::int64_t> expected;
  for (const std::int64_t workers : {0, 1, 2, 5}) {
    DataLoader loader(
        numbers(64, damaged), bytes_only(),
        {.batch_size = 8, .num_workers = workers, .seed = 4, .on_error = OnError::kReplace});
    std::vector<std::int64_t> indices;
    for (const Batch& batch : loader.epoch(0)) {
      EXPECT_THAT(batch.indices, SizeIs(8));
      expect_consistent(batch);
      indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
    }
    for (std::int64_t i = 0; i < 64; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(i)];
      EXPECT_EQ(index == i, !damaged.contains(i));
      EXPECT_FALSE(damaged.contains(index));
    }
    EXPECT_THAT(loader.failures(), SizeIs(4));
    EXPECT_TRUE(expected.empty() || indices == expected);
    expected = indices;
  }
}

TEST(DataLoaderOnError, ReplaceGivesUpWhenNothingIsSound) {
  std::set<std::int64_t> all;
  for (std::int64_t i = 0; i < 8; ++i) {
    all.insert(i);
  }
  DataLoader loader(numbers(8, all), bytes_only(),
                    {.batch_size = 2, .num_workers = 1, .on_error = OnError::kReplace});
  EXPECT_EQ(error_text([&] { batches_of(loader.epoch(0)); }),
            "DataLoader: number/0: damaged (so did every sample that was to replace it)");
}

TEST(DataLoaderOnError, AnEpochThatGoesOnHasTheSameBatches) {
  for (const OnError on_error : {OnError::kSkip, OnError::kReplace}) {
    DataLoader loader(numbers(32, {5, 21}), bytes_only(),
                      {.batch_size = 4, .shuffle = true, .num_workers = 2, .on_error = on_error});
    const std::vector<Batch> whole = batches_of(loader.epoch(3));
    const std::vector<Batch> rest = batches_of(loader.epoch(3, {.first_batch = 5}));
    for (std::size_t b = 5; b < whole.size(); ++b) {
      EXPECT_EQ(rest[b - 5].indices, whole[b].indices);
      EXPECT_TRUE(tensors_equal(rest[b - 5].views[0], whole[b].views[0]));
    }
  }
}

TEST(DataLoaderDtype, BytesAreTheViewsBeforeTheyAreNormalised) {
  const auto dataset = numbers(10);
  const auto random_bytes = [](const at::Tensor& image, core::Random& random) {
    return image.slice(2, 0, 4) + static_cast<int>(random.below(50));
  };
  const BaseCollateFunction collate(
      {.transforms = {transforms::ImageView({.input_size = 5}), random_bytes}});
  for (const std::int64_t workers : {0, 2}) {
    DataLoader floats(dataset, collate, {.batch_size = 4, .num_workers = workers, .seed = 3});
    DataLoader bytes(dataset, collate,
                     {.batch_size = 4, .num_workers = workers, .seed = 3, .dtype = at::kByte});
    const std::vector<Batch> expected = batches_of(floats.epoch(0));
    const std::vector<Batch> batches = batches_of(bytes.epoch(0));
    ASSERT_EQ(batches.size(), expected.size());
    for (std::size_t b = 0; b < batches.size(); ++b) {
      for (std::size_t v = 0; v < 2; ++v) {
        const at::Tensor& views = batches[b].views[v];
        ASSERT_EQ(views.scalar_type(), at::kByte);
        EXPECT_TRUE(views.is_contiguous(at::MemoryFormat::ChannelsLast));
        for (std::int64_t i = 0; i < views.size(0); ++i) {
          EXPECT_TRUE(tensors_equal(
              transforms::functional::to_float_normalize(views[i], *collate.options().normalize),
              expected[b].views[v][i]));
        }
      }
    }
  }
}

TEST(DataLoaderDtype, RejectsFloatsForBytesAndOtherTypes) {
  const auto floats = [](const at::Tensor& image, core::Random&) { return image.to(at::kFloat); };
  DataLoader loader(numbers(2), BaseCollateFunction({.transforms = {floats}}),
                    {.num_workers = 1, .dtype = at::kByte});
  EXPECT_EQ(error_text([&] { batches_of(loader.epoch(0)); }),
            "DataLoader: number/0: the transform of view 0 must return uint8 for batches of uint8, "
            "got Float");
  EXPECT_EQ(error_text([] { DataLoader(numbers(2), bytes_only(), {.dtype = at::kDouble}); }),
            "DataLoader: dtype must be float32 or uint8, got Double");
}

TEST(LoaderStatistics, SayWhereTheTimeGoes) {
  const auto dataset = numbers(12);
  DataLoader loader(dataset, bytes_only(), {.batch_size = 4});
  const std::vector<Batch> batches = batches_of(loader.epoch(0));
  const LoaderStatistics statistics = loader.statistics();
  EXPECT_EQ(statistics.batches, 3);
  EXPECT_EQ(statistics.samples, 12);
  EXPECT_EQ(statistics.failures, 0);
  EXPECT_GE(statistics.load_seconds, dataset->seconds);
  EXPECT_GT(statistics.view_seconds, 0.0);
  // Without workers the consumer waits for all of it.
  EXPECT_GE(statistics.wait_seconds, statistics.load_seconds + statistics.view_seconds);
  loader.epoch(1);
  EXPECT_EQ(loader.statistics().samples, 0);
}

}  // namespace
}  // namespace lightly::data
