// Batches for a device, without one: LibTorch's meta device, whose tensors have no data, with
// streams and events that write down what they are asked for.

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/data/data_loader.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr c10::StreamId kCopying = 7;

class StreamLog : public c10::impl::NoOpDeviceGuardImpl<c10::DeviceType::Meta> {
 public:
  StreamLog() : before_(registry().exchange(this)) {}
  ~StreamLog() override { registry().store(before_); }

  c10::Stream getStream(c10::Device device) const noexcept override {
    return c10::Stream(c10::Stream::UNSAFE, device, current_);
  }
  c10::Stream getStreamFromGlobalPool(c10::Device device, bool /*high*/) const override {
    return c10::Stream(c10::Stream::UNSAFE, device, kCopying);
  }
  c10::Stream exchangeStream(c10::Stream stream) const noexcept override {
    const c10::StreamId before = current_;
    current_ = stream.id();
    return c10::Stream(c10::Stream::UNSAFE, stream.device(), before);
  }
  void record(void** event, const c10::Stream& stream, c10::DeviceIndex /*index*/,
              c10::EventFlag /*flag*/) const override {
    *event = reinterpret_cast<void*>(++events_);
    log("copied on " + std::to_string(stream.id()) + ", event " + std::to_string(events_));
  }
  void block(void* event, const c10::Stream& stream) const override {
    log("stream " + std::to_string(stream.id()) + " waits for event " +
        std::to_string(reinterpret_cast<std::uintptr_t>(event)));
  }
  void recordDataPtrOnStream(const c10::DataPtr& /*data*/,
                             const c10::Stream& stream) const override {
    log("memory used on " + std::to_string(stream.id()));
  }

  std::vector<std::string> taken() const { return std::exchange(lines_, {}); }

 private:
  static std::atomic<const c10::impl::DeviceGuardImplInterface*>& registry() {
    return c10::impl::device_guard_impl_registry[static_cast<std::size_t>(c10::DeviceType::Meta)];
  }
  void log(std::string line) const { lines_.push_back(std::move(line)); }

  const c10::impl::DeviceGuardImplInterface* before_;
  // Only the consumer's thread meets them.
  mutable c10::StreamId current_ = 3;
  mutable std::uintptr_t events_ = 0;
  mutable std::vector<std::string> lines_;
};

class Grey : public Dataset {
 public:
  explicit Grey(std::int64_t size) : size_(size) {}
  std::int64_t size() const override { return size_; }
  Sample get(std::int64_t index) const override {
    ++gets;
    if (index == failing) {
      throw std::runtime_error("damaged");
    }
    return {.image = torch::full({6, 5, 3}, index % 256, torch::kByte).permute({2, 0, 1}),
            .target = index,
            .file_name = file_name(index),
            .index = index};
  }
  std::string file_name(std::int64_t index) const override { return std::to_string(index); }

  std::int64_t failing = -1;
  mutable std::atomic<std::int64_t> gets = 0;

 private:
  std::int64_t size_;
};

SimCLRCollateFunction two_small_views() {
  return SimCLRCollateFunction({.input_size = 4});
}

TEST(DataLoaderDevice, CopiesOnItsOwnStreamAndTheConsumersWaits) {
  const StreamLog log;
  DataLoader loader(std::make_shared<Grey>(4), two_small_views(),
                    {.batch_size = 2, .device = at::kMeta});
  std::int64_t event = 0;
  for (const Batch& batch : loader.epoch(0)) {
    EXPECT_TRUE(batch.views.at(0).is_meta() && batch.views.at(1).is_meta());
    EXPECT_TRUE(batch.targets.is_meta());
    EXPECT_THAT(batch.views[0].sizes(), ElementsAre(2, 3, 4, 4));
    EXPECT_TRUE(batch.views[0].is_contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_THAT(batch.indices, ElementsAre(2 * event, 2 * event + 1));
    EXPECT_EQ(batch.file_names[0], std::to_string(2 * event));
    const std::string number = std::to_string(++event);
    EXPECT_THAT(log.taken(),
                ElementsAre("copied on 7, event " + number, "stream 3 waits for event " + number,
                            "memory used on 3", "memory used on 3", "memory used on 3"));
  }
  EXPECT_EQ(event, 2);
}

TEST(DataLoaderDevice, CopiesTheNextBatchBeforeItIsAskedFor) {
  const StreamLog log;
  constexpr std::int64_t kBatches = 200;
  const auto dataset = std::make_shared<Grey>(2 * kBatches);
  DataLoader loader(dataset, two_small_views(),
                    {.batch_size = 2, .num_workers = 2, .device = at::kMeta});
  std::int64_t batches = 0;
  std::int64_t ahead = 0;
  for (const Batch& batch : loader.epoch(0)) {
    EXPECT_THAT(batch.indices, ElementsAre(2 * batches, 2 * batches + 1));
    ++batches;
    const std::vector<std::string> lines = log.taken();
    const std::string next = "copied on 7, event " + std::to_string(batches + 1);
    ahead += std::count(lines.begin(), lines.end(), next);
    EXPECT_THAT(lines, Contains("stream 3 waits for event " + std::to_string(batches)));
    // Workers make at least the next two meanwhile.
    while (dataset->gets < std::min(2 * batches + 4, 2 * kBatches)) {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(batches, kBatches);
  EXPECT_GT(ahead, 0);
}

TEST(DataLoaderDevice, AnErrorWaitsForTheTurnOfItsBatch) {
  const StreamLog log;
  const auto dataset = std::make_shared<Grey>(40);
  dataset->failing = 31;
  DataLoader loader(dataset, two_small_views(),
                    {.batch_size = 2, .num_workers = 2, .device = at::kMeta});
  std::int64_t batches = 0;
  const std::string error = error_text([&] {
    for ([[maybe_unused]] const Batch& batch : loader.epoch(0)) {
      ++batches;
      while (dataset->gets < std::min<std::int64_t>(2 * batches + 4, 32)) {
        std::this_thread::yield();
      }
    }
  });
  EXPECT_EQ(error, "DataLoader: 31: damaged");
  EXPECT_EQ(batches, 15);
  EXPECT_EQ(loader.statistics().batches, 15);
}

TEST(DataLoaderDevice, LeavingEarlyDropsWhatWasCopied) {
  const StreamLog log;
  DataLoader loader(std::make_shared<Grey>(40), two_small_views(),
                    {.batch_size = 2, .num_workers = 2, .device = at::kMeta});
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    std::int64_t batches = 0;
    for (const Batch& batch : loader.epoch(epoch)) {
      EXPECT_THAT(batch.indices, ElementsAre(2 * batches, 2 * batches + 1));
      if (++batches == 3) {
        break;
      }
    }
  }
}

TEST(DataLoaderDevice, BatchesOnTheGpuEqualThoseOnTheCpu) {
  if (!at::hasCUDA()) {
    GTEST_SKIP() << "this machine has no CUDA";
  }
  const auto dataset = std::make_shared<Grey>(64);
  DataLoader host(dataset, two_small_views(), {.batch_size = 8, .num_workers = 2});
  DataLoader device(dataset, two_small_views(),
                    {.batch_size = 8, .num_workers = 2, .device = at::kCUDA});
  std::vector<Batch> expected;
  for (const Batch& batch : host.epoch(0)) {
    expected.push_back(batch);
  }
  std::size_t b = 0;
  for (const Batch& batch : device.epoch(0)) {
    ASSERT_TRUE(batch.views[0].is_cuda() && batch.targets.is_cuda());
    for (std::size_t v = 0; v < 2; ++v) {
      EXPECT_TRUE(tensors_equal(batch.views[v].cpu(), expected.at(b).views[v]));
    }
    EXPECT_TRUE(tensors_equal(batch.targets.cpu(), expected.at(b).targets));
    ++b;
  }
  EXPECT_EQ(b, 8U);
}

TEST(DataLoaderDevice, RejectsADeviceThatIsNotThere) {
  const auto error = [](c10::Device device) {
    return error_text(
        [&] { DataLoader(std::make_shared<Grey>(4), two_small_views(), {.device = device}); });
  };
  EXPECT_EQ(error(c10::Device(at::kCUDA, 100)).substr(0, 51),
            "DataLoader: device must be one that LibTorch finds,");
  EXPECT_THAT(error(c10::Device(at::kXPU)), HasSubstr("0 of this kind, got xpu"));
}

}  // namespace
}  // namespace lightly::data
