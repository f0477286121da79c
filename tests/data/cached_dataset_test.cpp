#include "lightly/data/cached_dataset.hpp"

#include <atomic>
#include <memory>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/data/data_loader.hpp"
#include "lightly/media/image_io.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;

// Images of 20 x 30 pixels that differ, encoded or not; counts what is asked of it.
class Images : public Dataset {
 public:
  Images(std::int64_t size, bool is_encoded) : size_(size), is_encoded_(is_encoded) {}

  std::int64_t size() const override { return size_; }

  Sample get(std::int64_t index) const override {
    ++gets;
    at::Tensor pixels = at::empty({20, 30, 3}, at::kByte);
    auto* bytes = pixels.mutable_data_ptr<std::uint8_t>();
    for (std::int64_t i = 0; i < pixels.numel(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(i * (index + 3) / 7);
    }
    Sample sample{.image = pixels.permute({2, 0, 1}),
                  .target = index,
                  .file_name = file_name(index),
                  .index = index};
    if (is_encoded_) {
      sample.encoded.emplace(
          std::make_shared<const std::vector<std::uint8_t>>(media::encode_png(sample.image)),
          file_name(index));
      sample.image.reset();
    }
    return sample;
  }

  std::string file_name(std::int64_t index) const override { return std::to_string(index); }

  mutable std::atomic<std::int64_t> gets = 0;

 private:
  std::int64_t size_;
  bool is_encoded_;
};

std::vector<at::Tensor> views_of(const DatasetPtr& dataset, std::int64_t workers) {
  DataLoader loader(dataset, SimCLRCollateFunction({.input_size = 8}),
                    {.batch_size = 4, .shuffle = true, .num_workers = workers, .seed = 2});
  std::vector<at::Tensor> views;
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    for (const Batch& batch : loader.epoch(epoch)) {
      views.insert(views.end(), batch.views.begin(), batch.views.end());
    }
  }
  return views;
}

TEST(CachedDataset, GivesTheSameBatchesBitForBit) {
  const std::vector<at::Tensor> expected = views_of(std::make_shared<Images>(10, false), 0);
  for (const bool is_encoded : {false, true}) {
    for (const CacheContent content : {CacheContent::kEncoded, CacheContent::kPixels}) {
      for (const std::int64_t max_bytes :
           {std::int64_t{0}, std::int64_t{4000}, std::int64_t{1} << 30}) {
        for (const std::int64_t workers : {0, 1, 2, 5}) {
          const auto cached = std::make_shared<CachedDataset>(
              std::make_shared<Images>(10, is_encoded),
              CacheOptions{.max_bytes = max_bytes, .content = content});
          const std::vector<at::Tensor> views = views_of(cached, workers);
          ASSERT_EQ(views.size(), expected.size());
          for (std::size_t i = 0; i < views.size(); ++i) {
            ASSERT_TRUE(tensors_equal(views[i], expected[i])) << i;
          }
          EXPECT_LE(cached->cached_bytes(), max_bytes);
        }
      }
    }
  }
}

TEST(CachedDataset, AsksForASampleOnce) {
  const auto images = std::make_shared<Images>(6, true);
  const CachedDataset cached(images);
  for (int round = 0; round < 3; ++round) {
    for (std::int64_t i = 0; i < 6; ++i) {
      const Sample sample = cached.get(i);
      EXPECT_EQ(sample.target, i);
      EXPECT_EQ(sample.file_name, std::to_string(i));
    }
  }
  EXPECT_EQ(images->gets, 6);
  EXPECT_EQ(cached.cached_samples(), 6);
}

TEST(CachedDataset, HoldsWhatHasRoom) {
  const auto images = std::make_shared<Images>(6, false);
  const CachedDataset cached(images, {.max_bytes = 2 * 1800 + 1799});
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t i = 0; i < 6; ++i) {
      cached.get(i);
    }
  }
  EXPECT_EQ(cached.cached_samples(), 2);
  EXPECT_EQ(cached.cached_bytes(), 3600);
  EXPECT_EQ(images->gets, 6 + 4);
}

TEST(CachedDataset, PixelsAreHeldDecoded) {
  const CachedDataset cached(std::make_shared<Images>(2, true), {.content = CacheContent::kPixels});
  EXPECT_FALSE(cached.get(1).encoded.has_value());
  EXPECT_EQ(cached.cached_bytes(), 1800);
  EXPECT_TRUE(tensors_equal(cached.get(1).image, Images(2, false).get(1).image));
}

TEST(CachedDataset, ManyThreadsMayAskForTheSame) {
  const auto cached = std::make_shared<CachedDataset>(std::make_shared<Images>(5, false));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (std::int64_t i = 0; i < 200; ++i) {
        ASSERT_EQ(cached->get(i % 5).target, i % 5);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(cached->cached_samples(), 5);
  EXPECT_EQ(cached->cached_bytes(), 5 * 1800);
}

TEST(CachedDataset, RejectsIllegalUse) {
  EXPECT_EQ(error_text([] { CachedDataset(nullptr); }), "CachedDataset: dataset must not be null");
  EXPECT_EQ(
      error_text([] { CachedDataset(std::make_shared<Images>(1, false), {.max_bytes = -1}); }),
      "CachedDataset: max_bytes must be >= 0, got -1");
  EXPECT_EQ(error_text([] { CachedDataset(std::make_shared<Images>(1, false)).get(1); }),
            "CachedDataset: index must be in [0, 1), got 1");
}

}  // namespace
}  // namespace lightly::data
