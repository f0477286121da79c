// Making a view of an interleaved image takes no memory and calls no operator of LibTorch, once a
// thread's scratch memory has grown to what its views need. A program of its own, because it
// replaces malloc.

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <ATen/ops/empty.h>

#include "data/batch_builder.hpp"
#include "data/batch_memory.hpp"
#include "lightly/data/collate.hpp"
#include "support/matchers.hpp"
#include "support/operator_observer.hpp"

#if defined(__GLIBC__) && !defined(LIGHTLY_SANITIZED)
#define LIGHTLY_COUNTS_ALLOCATIONS
#endif

namespace {

thread_local std::int64_t allocations = 0;

}  // namespace

#ifdef LIGHTLY_COUNTS_ALLOCATIONS

// Every way to memory goes through these, operator new among them.
extern "C" {

void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* memory, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}

}  // extern "C"

#endif

namespace lightly::data {
namespace {

using lightly::testing::OperatorObserver;
using transforms::ImageViewOptions;
using transforms::functional::Interpolation;

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const auto& [height, width] : {std::pair(32, 32), std::pair(375, 500), std::pair(61, 47)}) {
    for (int i = 0; i < 20; ++i) {
      at::Tensor image = at::empty({height, width, 3}, at::kByte).permute({2, 0, 1});
      auto* bytes = static_cast<std::uint8_t*>(image.mutable_data_ptr());
      for (std::int64_t k = 0; k < image.numel(); ++k) {
        bytes[k] = static_cast<std::uint8_t>(k * k / 7 + i);
      }
      all.push_back({.image = image,
                     .target = 0,
                     .file_name = "image",
                     .index = static_cast<std::int64_t>(all.size())});
    }
  }
  return all;
}

// Each step happens to some of the views, whatever the interpolation.
std::vector<BaseCollateFunction> recipes() {
  std::vector<BaseCollateFunction> all;
  for (const auto interpolation :
       {Interpolation::kBilinear, Interpolation::kBicubic, Interpolation::kNearest}) {
    for (const bool early : {false, true}) {
      all.emplace_back(ImageCollateFunction(
          {.input_size = {64, 48},
           .vf_prob = 0.5,
           .rr_prob = 0.3,
           .rr_degrees = early ? std::nullopt : std::optional(transforms::DegreeRange(-30.0, 30.0)),
           .rotation = early ? transforms::RotationPlace::kBeforeFlips
                             : transforms::RotationPlace::kAfterFlips,
           .early_blur_radius = early,
           .solarization_prob = 0.5,
           .interpolation = interpolation}));
    }
  }
  return all;
}

// Runs `make` twice, for the scratch memory to grow, and expects the second to take none and to
// call no operator.
template <typename Make>
void expect_quiet(const Make& make) {
  make();
#ifdef NDEBUG
  const OperatorObserver observer;
#endif
  const std::int64_t before = allocations;
  make();
  EXPECT_EQ(allocations - before, 0);
#ifdef NDEBUG
  EXPECT_THAT(OperatorObserver::names(), ::testing::IsEmpty());
#endif
}

class ViewAllocations : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef LIGHTLY_COUNTS_ALLOCATIONS
    GTEST_SKIP() << "malloc is the sanitizer's own, or not glibc's";
#endif
  }

  const std::vector<Sample> samples_ = samples();
};

TEST_F(ViewAllocations, NoneForAViewOfTheCallersSlot) {
  const at::Tensor slot = at::empty({64, 48, 3}).permute({2, 0, 1});
  const at::Tensor planes = at::empty({3, 64, 48});
  for (const BaseCollateFunction& collate : recipes()) {
    expect_quiet([&] {
      for (const Sample& sample : samples_) {
        collate.write_view(sample, 0, {.seed = 1}, slot);
        collate.write_view(sample, 1, {.seed = 1}, planes);
      }
    });
  }
}

TEST_F(ViewAllocations, NoneForASampleOfABatch) {
  const auto memory = std::make_shared<BatchMemory>(/*most_kept=*/0, /*pinned=*/false);
  const auto count = static_cast<std::int64_t>(samples_.size());
  for (const BaseCollateFunction& collate : recipes()) {
    BatchBuilder builder(collate, count, {.seed = 1}, memory);
    expect_quiet([&] {
      for (std::int64_t i = 0; i < count; ++i) {
        builder.put(
            {.position = i}, [&] { return samples_[static_cast<std::size_t>(i)]; },
            [] { return std::string(); });
      }
    });
    EXPECT_EQ(builder.finish("test").batch.views.size(), 2U);
  }
}

TEST_F(ViewAllocations, TheCountersSeeWhatTheyLookFor) {
  const auto counted = [](const auto& allocate) {
    const std::int64_t before = allocations;
    allocate();
    return allocations - before;
  };
  EXPECT_GT(counted([] { static_cast<void>(std::make_unique<volatile int>(1)); }), 0);
  EXPECT_GT(counted([] { static_cast<void>(at::detail::empty_cpu({3}, at::kFloat)); }), 0);
#ifdef NDEBUG
  const OperatorObserver observer;
  at::empty({3});
  EXPECT_THAT(OperatorObserver::names(), ::testing::Contains("aten::empty"));
#endif
}

}  // namespace
}  // namespace lightly::data
