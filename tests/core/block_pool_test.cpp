#include "core/block_pool.hpp"

#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace lightly::core {
namespace {

std::shared_ptr<BlockPool> pool(std::size_t most_kept) {
  return std::make_shared<BlockPool>(most_kept);
}

TEST(BlockPool, ABlockServesAgainOnceNobodyHoldsIt) {
  const auto blocks = pool(2);
  MemoryBlock block = blocks->take("test", 1000);
  ASSERT_GE(block.bytes, 1000U);
  void* const memory = block.memory.get();
  std::shared_ptr<void> user = block.memory;
  block.memory.reset();
  EXPECT_NE(blocks->take("test", 1000).memory.get(), memory);
  user.reset();
  EXPECT_EQ(blocks->take("test", 1000).memory.get(), memory);
}

TEST(BlockPool, TakesTheSmallestThatFits) {
  const auto blocks = pool(3);
  std::vector<MemoryBlock> held;
  for (const std::size_t bytes : {4096, 1024, 65536}) {
    held.push_back(blocks->take("test", bytes));
  }
  void* const middle = held[0].memory.get();
  held.clear();
  const MemoryBlock block = blocks->take("test", 2000);
  EXPECT_EQ(block.memory.get(), middle);
  EXPECT_EQ(block.bytes, 4096U);
}

TEST(BlockPool, KeepsNoMoreThanItMay) {
  const auto blocks = pool(1);
  MemoryBlock first = blocks->take("test", 1024);
  MemoryBlock second = blocks->take("test", 1024);
  void* const kept = first.memory.get();
  first.memory.reset();
  second.memory.reset();
  const MemoryBlock again = blocks->take("test", 1024);
  EXPECT_EQ(again.memory.get(), kept);
}

TEST(BlockPool, ABlockOutlivesThePool) {
  MemoryBlock block;
  {
    const auto blocks = pool(2);
    block = blocks->take("test", 64);
    blocks->close();
  }
  static_cast<char*>(block.memory.get())[63] = 1;
}

TEST(BlockPool, ServesManyThreads) {
  const auto blocks = pool(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&blocks, i] {
      for (std::size_t n = 0; n < 500; ++n) {
        const MemoryBlock block = blocks->take("test", 64 + n % 7 * 64);
        auto* bytes = static_cast<char*>(block.memory.get());
        bytes[0] = static_cast<char>(i);
        ASSERT_EQ(bytes[0], static_cast<char>(i));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
}

}  // namespace
}  // namespace lightly::core
