#include "lightly/data/data_loader.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include <ATen/Context.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using core::Random;
using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Images of 12 x 10 pixels that differ, and a look at what the loader asks for.
class Probe : public Dataset {
 public:
  explicit Probe(std::int64_t size) : size_(size) {}

  std::int64_t size() const override { return size_; }

  Sample get(std::int64_t index) const override {
    const std::int64_t asked = ++gets;
    if (asked > most_gets.load()) {
      ++too_early;
    }
    {
      const std::scoped_lock lock(mutex_);
      threads_.insert(std::this_thread::get_id());
    }
    if (index == failing) {
      throw std::runtime_error("damaged");
    }
    at::Tensor image = at::empty({12, 10, 3}, at::kByte);
    auto* bytes = image.mutable_data_ptr<unsigned char>();
    for (std::int64_t i = 0; i < image.numel(); ++i) {
      bytes[i] = static_cast<unsigned char>(i * 7 + index * 31 + i * index);
    }
    return {.image = image.permute({2, 0, 1}),
            .target = index % 10,
            .file_name = file_name(index),
            .index = index};
  }

  std::string file_name(std::int64_t index) const override {
    return "probe/" + std::to_string(index);
  }

  std::set<std::thread::id> threads() const {
    const std::scoped_lock lock(mutex_);
    return threads_;
  }

  std::int64_t failing = -1;
  mutable std::atomic<std::int64_t> gets = 0;
  // How many images may have been asked for by now, and how often that was exceeded.
  mutable std::atomic<std::int64_t> most_gets = std::int64_t{1} << 60;
  mutable std::atomic<std::int64_t> too_early = 0;

 private:
  std::int64_t size_;
  mutable std::mutex mutex_;
  mutable std::set<std::thread::id> threads_;
};

std::shared_ptr<Probe> probe(std::int64_t size) {
  return std::make_shared<Probe>(size);
}

SimCLRCollateFunction two_views() {
  return SimCLRCollateFunction({.input_size = 8});
}

std::vector<Batch> all_batches(BatchRange&& range) {
  std::vector<Batch> batches;
  for (const Batch& batch : range) {
    batches.push_back(batch);
  }
  return batches;
}

std::vector<std::int64_t> all_indices(BatchRange&& range) {
  std::vector<std::int64_t> indices;
  for (const Batch& batch : range) {
    indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
  }
  return indices;
}

void expect_same(const std::vector<Batch>& actual, const std::vector<Batch>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t b = 0; b < actual.size(); ++b) {
    EXPECT_EQ(actual[b].indices, expected[b].indices) << b;
    EXPECT_EQ(actual[b].file_names, expected[b].file_names) << b;
    EXPECT_TRUE(tensors_equal(actual[b].targets, expected[b].targets)) << b;
    ASSERT_EQ(actual[b].views.size(), expected[b].views.size());
    for (std::size_t v = 0; v < actual[b].views.size(); ++v) {
      EXPECT_TRUE(tensors_equal(actual[b].views[v], expected[b].views[v])) << b << " " << v;
    }
  }
}

TEST(DataLoader, GivesTheBatchesOfTheCollateFunctionInOrder) {
  const auto dataset = probe(10);
  const BaseCollateFunction collate = two_views();
  for (const std::int64_t workers : {0, 2}) {
    DataLoader loader(dataset, collate, {.batch_size = 4, .num_workers = workers, .seed = 3});
    EXPECT_EQ(loader.size(), 3);
    const std::vector<Batch> batches = all_batches(loader.epoch(5));
    std::vector<Batch> expected;
    for (std::int64_t first = 0; first < 10; first += 4) {
      std::vector<Sample> samples;
      for (std::int64_t i = first; i < std::min<std::int64_t>(first + 4, 10); ++i) {
        samples.push_back(dataset->get(i));
      }
      expected.push_back(collate(samples, {.seed = 3, .epoch = 5}));
    }
    expect_same(batches, expected);
    EXPECT_EQ(batches[2].views[0].sizes(), (std::vector<std::int64_t>{2, 3, 8, 8}));
    EXPECT_TRUE(batches[2].views[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(DataLoader, IsBitIdenticalForAnyNumberOfWorkers) {
  const auto dataset = probe(53);
  const auto epochs = [&](std::int64_t workers) {
    DataLoader loader(dataset, two_views(),
                      {.batch_size = 7, .shuffle = true, .num_workers = workers, .seed = 11});
    std::vector<Batch> batches = all_batches(loader.epoch(0));
    std::ranges::move(all_batches(loader.epoch(1)), std::back_inserter(batches));
    return batches;
  };
  const std::vector<Batch> expected = epochs(0);
  EXPECT_THAT(expected, SizeIs(16));
  for (const std::int64_t workers : {1, 2, 5}) {
    expect_same(epochs(workers), expected);
  }
}

TEST(DataLoader, AViewDoesNotDependOnTheBatchItFallsIn) {
  const auto dataset = probe(20);
  DataLoader small(dataset, two_views(), {.batch_size = 3, .seed = 1});
  DataLoader large(dataset, two_views(),
                   {.batch_size = 20, .shuffle = true, .num_workers = 2, .seed = 1});
  const Batch whole = all_batches(large.epoch(2)).at(0);
  for (const Batch& batch : small.epoch(2)) {
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const auto at = std::ranges::find(whole.indices, batch.indices[i]) - whole.indices.begin();
      EXPECT_TRUE(tensors_equal(batch.views[1][static_cast<std::int64_t>(i)], whole.views[1][at]));
    }
  }
}

TEST(DataLoader, ShufflesByTheSeedAndTheEpoch) {
  const auto order = [](std::uint64_t seed, std::int64_t epoch) {
    DataLoader loader(probe(100), PlainCollateFunction(),
                      {.batch_size = 8, .shuffle = true, .num_workers = 1, .seed = seed});
    return all_indices(loader.epoch(epoch));
  };
  Random random({.seed = 6, .epoch = 4, .view = core::RandomKey::kShuffle});
  EXPECT_EQ(order(6, 4), random.permutation(100));
  EXPECT_NE(order(6, 5), order(6, 4));
  EXPECT_NE(order(7, 4), order(6, 4));
}

TEST(DataLoader, DropLastLeavesOutTheShortBatch) {
  DataLoader loader(probe(11), PlainCollateFunction(), {.batch_size = 4, .drop_last = true});
  EXPECT_EQ(loader.size(), 2);
  EXPECT_THAT(all_indices(loader.epoch(0)), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  DataLoader exact(probe(8), PlainCollateFunction(), {.batch_size = 4, .drop_last = true});
  EXPECT_EQ(exact.size(), 2);
}

TEST(DataLoader, ABatchLargerThanTheDatasetHoldsAllOfIt) {
  DataLoader loader(probe(3), PlainCollateFunction(), {.batch_size = 16, .num_workers = 2});
  EXPECT_EQ(loader.size(), 1);
  EXPECT_THAT(all_indices(loader.epoch(0)), ElementsAre(0, 1, 2));
}

TEST(DataLoader, GoesOnInMidEpochWithTheSameBatches) {
  const auto dataset = probe(22);
  for (const std::int64_t workers : {0, 2}) {
    DataLoader loader(dataset, two_views(),
                      {.batch_size = 4, .shuffle = true, .num_workers = workers});
    std::vector<Batch> whole = all_batches(loader.epoch(3));
    const std::vector<Batch> rest = all_batches(loader.epoch(3, {.first_batch = 2}));
    whole.erase(whole.begin(), whole.begin() + 2);
    expect_same(rest, whole);
    EXPECT_THAT(all_batches(loader.epoch(3, {.first_batch = 6})), IsEmpty());
  }
}

TEST(DataLoader, NeverMakesMoreThanPrefetchFactorBatchesAhead) {
  for (const std::int64_t prefetch : {1, 3}) {
    const auto dataset = probe(60);
    dataset->most_gets = prefetch * 4;
    DataLoader loader(dataset, PlainCollateFunction(),
                      {.batch_size = 4, .num_workers = 3, .prefetch_factor = prefetch});
    // One more may begin each time that a batch is handed over.
    dataset->most_gets += 4;
    std::int64_t handed = 0;
    for (const Batch& batch : loader.epoch(0)) {
      ++handed;
      EXPECT_EQ(batch.indices.front(), (handed - 1) * 4);
      // The workers do get that far, while the consumer is busy.
      const auto far_enough = std::min<std::int64_t>(60, (handed + prefetch) * 4);
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
      while (dataset->gets < far_enough && std::chrono::steady_clock::now() < give_up) {
        std::this_thread::yield();
      }
      ASSERT_GE(dataset->gets, far_enough);
      dataset->most_gets += 4;
    }
    EXPECT_EQ(handed, 15);
    EXPECT_EQ(dataset->gets, 60);
    EXPECT_EQ(dataset->too_early, 0);
  }
}

TEST(DataLoader, ABatchThatIsKeptIsNotOverwritten) {
  const auto dataset = probe(64);
  DataLoader reference(dataset, two_views(), {.batch_size = 4});
  const std::vector<Batch> expected = all_batches(reference.epoch(0));
  for (const std::int64_t workers : {0, 2}) {
    DataLoader loader(dataset, two_views(), {.batch_size = 4, .num_workers = workers});
    expect_same(all_batches(loader.epoch(0)), expected);
    // Only one image of one view keeps the memory, too.
    std::vector<at::Tensor> images;
    for (const Batch& batch : loader.epoch(0)) {
      images.push_back(batch.views[1][2]);
    }
    for (std::size_t b = 0; b < images.size(); ++b) {
      EXPECT_TRUE(tensors_equal(images[b], expected[b].views[1][2])) << b;
    }
  }
}

TEST(DataLoader, MemoryOfBatchesLetGoIsUsedAgain) {
  for (const std::int64_t workers : {0, 3}) {
    DataLoader loader(probe(400), two_views(), {.batch_size = 4, .num_workers = workers});
    std::set<const void*> places;
    for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
      for (const Batch& batch : loader.epoch(epoch)) {
        places.insert(batch.views[0].const_data_ptr());
        places.insert(batch.views[1].const_data_ptr());
      }
    }
    // Two views of the batch held, of prefetch_factor batches ahead, and of one let go.
    EXPECT_LE(places.size(), 8U);
  }
}

TEST(DataLoader, ABatchOutlivesItsLoader) {
  const auto dataset = probe(8);
  const BaseCollateFunction collate = two_views();
  std::vector<Batch> batches;
  {
    DataLoader loader(dataset, collate, {.batch_size = 8, .num_workers = 1});
    batches = all_batches(loader.epoch(0));
  }
  std::vector<Sample> samples;
  for (std::int64_t i = 0; i < 8; ++i) {
    samples.push_back(dataset->get(i));
  }
  expect_same(batches, {collate(samples)});
}

TEST(DataLoader, AnErrorArrivesAtItsBatchWithTheSamplesName) {
  for (const std::int64_t workers : {0, 1, 4}) {
    const auto dataset = probe(20);
    dataset->failing = 13;
    DataLoader loader(dataset, PlainCollateFunction(), {.batch_size = 4, .num_workers = workers});
    std::int64_t batches = 0;
    EXPECT_EQ(error_text([&] {
                for (const Batch& batch : loader.epoch(0)) {
                  batches += batch.indices.empty() ? 0 : 1;
                }
              }),
              "DataLoader: probe/13: damaged");
    EXPECT_EQ(batches, 3);
    // The loader is as good as new.
    EXPECT_THAT(all_indices(loader.epoch(0, {.first_batch = 4})), ElementsAre(16, 17, 18, 19));
  }
}

TEST(DataLoader, OfSeveralErrorsTheFirstSamplesIsReported) {
  const auto fails = [](const at::Tensor&, Random&) -> at::Tensor { throw 42; };
  for (const std::int64_t workers : {0, 5}) {
    DataLoader loader(probe(30), BaseCollateFunction({.transforms = {fails}}),
                      {.batch_size = 30, .shuffle = true, .num_workers = workers});
    const std::int64_t first = Random({.view = core::RandomKey::kShuffle}).permutation(30).front();
    EXPECT_EQ(error_text([&] { loader.epoch(0).begin(); }),
              "DataLoader: probe/" + std::to_string(first) + ": an exception of unknown type");
  }
}

TEST(DataLoader, ASizeThatDiffersIsTheSameErrorForAnyNumberOfWorkers) {
  const auto crop = [](const at::Tensor& x, Random&) {
    return x.slice(1, 0, x[0][0][0].item<int>() == 5 * 31 ? 11 : 12);
  };
  for (const std::int64_t workers : {0, 1, 5}) {
    DataLoader loader(probe(8), BaseCollateFunction({.transforms = {crop}}),
                      {.batch_size = 8, .num_workers = workers});
    EXPECT_EQ(error_text([&] { loader.epoch(0).begin(); }),
              "DataLoader: probe/5: view 0 must have the size of the batch's first, 12x10 of "
              "probe/0, got 11x10");
  }
}

TEST(DataLoader, LeavingTheLoopEarlyStopsTheWorkAndKeepsTheThreads) {
  const auto dataset = probe(1000);
  DataLoader loader(dataset, two_views(), {.batch_size = 4, .num_workers = 3});
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    for (const Batch& batch : loader.epoch(epoch)) {
      if (batch.indices.front() >= epoch) {
        break;
      }
    }
    const std::int64_t gets = dataset->gets;
    EXPECT_LE(gets, (epoch + 1) * 4 * (2 + 1 + 5));
  }
  EXPECT_THAT(all_indices(loader.epoch(0)), SizeIs(1000));
  const std::set<std::thread::id> threads = dataset->threads();
  EXPECT_LE(threads.size(), 3U);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST(DataLoader, IsDestroyedInMidEpoch) {
  for (int round = 0; round < 20; ++round) {
    const auto dataset = probe(1000);
    auto loader = std::make_unique<DataLoader>(
        dataset, two_views(), DataLoaderOptions{.batch_size = 4, .num_workers = 3});
    BatchRange range = loader->epoch(0);
    auto batch = range.begin();
    EXPECT_THAT(batch->indices, ElementsAre(0, 1, 2, 3));
    loader.reset();
    EXPECT_EQ(dataset.use_count(), 2);
    EXPECT_THAT(batch->indices, ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(error_text([&] { ++batch; }),
              "DataLoader: a range must not be used after its loader is destroyed");
  }
}

TEST(DataLoader, ANewRangeEndsTheOneBefore) {
  DataLoader loader(probe(20), PlainCollateFunction(), {.batch_size = 4, .num_workers = 2});
  std::unique_ptr<BatchRange> first(new BatchRange(loader.epoch(0)));
  auto batch = first->begin();
  BatchRange second = loader.epoch(1);
  EXPECT_EQ(error_text([&] { ++batch; }),
            "DataLoader: a range must not be used after the next one was asked for");
  first.reset();
  EXPECT_THAT(second.begin()->indices, ElementsAre(0, 1, 2, 3));
}

TEST(DataLoader, PinsMemoryOnlyWithCuda) {
  DataLoader loader(probe(4), two_views(), {.num_workers = 1, .pin_memory = true});
  const Batch batch = all_batches(loader.epoch(0)).at(0);
  EXPECT_EQ(batch.views[0].is_pinned(), at::hasCUDA());
  EXPECT_EQ(batch.targets.is_pinned(), at::hasCUDA());
}

TEST(DataLoader, RejectsIllegalOptions) {
  const auto error = [](const DatasetPtr& dataset, const DataLoaderOptions& options) {
    return error_text([&] { DataLoader(dataset, PlainCollateFunction(), options); });
  };
  EXPECT_EQ(error(probe(10), {.batch_size = 0}), "DataLoader: batch_size must be >= 1, got 0");
  EXPECT_EQ(error(probe(10), {.num_workers = -1}), "DataLoader: num_workers must be >= 0, got -1");
  EXPECT_EQ(error(probe(10), {.prefetch_factor = 0}),
            "DataLoader: prefetch_factor must be >= 1, got 0");
  EXPECT_EQ(error(probe(10), {.batch_size = 16, .drop_last = true}),
            "DataLoader: batch_size must be <= the size of the data set with drop_last, got "
            "batch_size 16 and 10 samples");
  EXPECT_EQ(error(nullptr, {}), "DataLoader: dataset must not be null");
  EXPECT_EQ(error(probe(0), {}), "DataLoader: dataset must not be empty");
  DataLoader loader(probe(10), PlainCollateFunction());
  EXPECT_EQ(error_text([&] { loader.epoch(-1); }), "DataLoader: epoch must be >= 0, got -1");
  EXPECT_EQ(error_text([&] { loader.epoch(0, {.first_batch = 2}); }),
            "DataLoader: first_batch must be in [0, 1], got 2");
}

}  // namespace
}  // namespace lightly::data
