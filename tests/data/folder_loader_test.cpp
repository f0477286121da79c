// A folder of images through the loader, as a training program has it.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "lightly/data/cached_dataset.hpp"
#include "lightly/data/data_loader.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "lightly/media/image_io.hpp"
#include "lightly/transforms/simclr_transform.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Two classes of `count` JPEGs in all, of different sizes.
void fill_with_jpegs(const ImageFolder& folder, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    at::Tensor pixels = at::empty({40 + i, 60 - i, 3}, at::kByte);
    auto* bytes = pixels.mutable_data_ptr<std::uint8_t>();
    for (std::int64_t k = 0; k < pixels.numel(); ++k) {
      bytes[k] = static_cast<std::uint8_t>(k / 30 * (i + 1) + k % 3 * 40);
    }
    const std::string name = (i % 2 == 0 ? "a/" : "b/") + std::to_string(10 + i) + ".jpg";
    folder.add(name);
    media::save_jpeg(folder / name, pixels.permute({2, 0, 1}));
  }
}

const BaseCollateFunction& simclr_views() {
  static const BaseCollateFunction collate = transforms::SimCLRTransform({.input_size = 16});
  return collate;
}

std::vector<at::Tensor> epoch_views(DataLoader& loader, std::int64_t epoch,
                                    std::int64_t first_batch) {
  std::vector<at::Tensor> views;
  for (const Batch& batch : loader.epoch(epoch, {.first_batch = first_batch})) {
    views.insert(views.end(), batch.views.begin(), batch.views.end());
  }
  return views;
}

TEST(FolderLoader, EpochsAreTheSameForAnyWorkersCacheAndStart) {
  const ImageFolder folder;
  fill_with_jpegs(folder, 14);
  const auto files = std::make_shared<LightlyDataset>(folder.path());
  const auto held = std::make_shared<CachedDataset>(files);
  const auto decoded =
      std::make_shared<CachedDataset>(files, CacheOptions{.content = CacheContent::kPixels});
  DataLoader reference(files, simclr_views(), {.batch_size = 4, .shuffle = true, .seed = 6});
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<at::Tensor> expected = epoch_views(reference, epoch, 0);
    for (const DatasetPtr& dataset : std::vector<DatasetPtr>{files, held, decoded}) {
      for (const std::int64_t workers : {0, 1, 2, 5}) {
        DataLoader loader(dataset, simclr_views(),
                          {.batch_size = 4, .shuffle = true, .num_workers = workers, .seed = 6});
        for (const std::int64_t first : {0, 2}) {
          const std::vector<at::Tensor> views = epoch_views(loader, epoch, first);
          ASSERT_EQ(views.size(), expected.size() - static_cast<std::size_t>(2 * first));
          for (std::size_t i = 0; i < views.size(); ++i) {
            ASSERT_TRUE(tensors_equal(views[i], expected[static_cast<std::size_t>(2 * first) + i]));
          }
        }
      }
    }
  }
}

TEST(FolderLoader, AFileDeletedDuringTheEpochIsMetByThePolicy) {
  for (const OnError on_error : {OnError::kThrow, OnError::kSkip, OnError::kReplace}) {
    const ImageFolder folder;
    fill_with_jpegs(folder, 12);
    const auto files = std::make_shared<LightlyDataset>(folder.path());
    // One batch is made ahead, so that the last one is not begun when its file goes.
    DataLoader loader(
        files, simclr_views(),
        {.batch_size = 2, .num_workers = 1, .prefetch_factor = 1, .on_error = on_error});
    std::vector<std::int64_t> indices;
    const std::string error = error_text([&] {
      for (const Batch& batch : loader.epoch(0)) {
        std::filesystem::remove(folder / "b/21.jpg");
        indices.insert(indices.end(), batch.indices.begin(), batch.indices.end());
      }
    });
    if (on_error == OnError::kThrow) {
      EXPECT_THAT(error, HasSubstr("DataLoader: b/21.jpg: "));
      EXPECT_THAT(error, HasSubstr("No such file"));
      EXPECT_THAT(indices, SizeIs(10));
      continue;
    }
    EXPECT_THAT(indices, SizeIs(on_error == OnError::kSkip ? 11 : 12));
    const std::vector<SampleFailure> failures = loader.failures();
    ASSERT_THAT(failures, SizeIs(1));
    EXPECT_EQ(failures[0].file_name, "b/21.jpg");
    EXPECT_EQ(failures[0].index, 11);
  }
}

TEST(FolderLoader, ACorruptFileInBatchSevenIsMetByThePolicy) {
  const ImageFolder folder;
  fill_with_jpegs(folder, 18);
  std::filesystem::resize_file(folder / "b/23.jpg", 300);
  const auto files = std::make_shared<LightlyDataset>(folder.path());
  ASSERT_EQ(files->index_of("b/23.jpg"), 15);
  for (const std::int64_t workers : {0, 2}) {
    const auto options = [&](OnError on_error) {
      return DataLoaderOptions{.batch_size = 2, .num_workers = workers, .on_error = on_error};
    };
    DataLoader throwing(files, simclr_views(), options(OnError::kThrow));
    std::size_t batches = 0;
    EXPECT_THAT(error_text([&] {
                  for (const Batch& batch : throwing.epoch(0)) {
                    batches += batch.views.size() / 2;
                  }
                }),
                HasSubstr("DataLoader: b/23.jpg: "));
    EXPECT_EQ(batches, 7U);
    DataLoader skipping(files, simclr_views(), options(OnError::kSkip));
    EXPECT_THAT(epoch_views(skipping, 0, 0)[14].sizes(), ElementsAre(1, 3, 16, 16));
    DataLoader replacing(files, simclr_views(), options(OnError::kReplace));
    EXPECT_THAT(epoch_views(replacing, 0, 0)[14].sizes(), ElementsAre(2, 3, 16, 16));
    EXPECT_THAT(replacing.failures(), SizeIs(1));
  }
}

TEST(FolderLoader, MemoryDoesNotGrowOverAHundredEpochs) {
#ifdef LIGHTLY_SANITIZED
  GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  const ImageFolder folder;
  fill_with_jpegs(folder, 16);
  DataLoader loader(std::make_shared<LightlyDataset>(folder.path()), simclr_views(),
                    {.batch_size = 4, .shuffle = true, .num_workers = 2});
  // What is resident now: the process's peak may be another test's.
  const auto resident_bytes = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t epoch = first; epoch < last; ++epoch) {
      epoch_views(loader, epoch, 0);
    }
    std::int64_t all_pages = 0;
    std::int64_t pages = 0;
    std::ifstream("/proc/self/statm") >> all_pages >> pages;
    EXPECT_GT(pages, 0);
    return pages * ::sysconf(_SC_PAGESIZE);
  };
  const std::int64_t before = resident_bytes(0, 10);
  EXPECT_LT(resident_bytes(10, 110) - before, std::int64_t{4} << 20);
}

}  // namespace
}  // namespace lightly::data
