// NT-Xent in tiles and chunks against the whole matrix in float64.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include <ATen/Parallel.h>
#include <c10/core/CPUAllocator.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>

#include "lightly/core/autocast.hpp"
#include "lightly/loss/ntx_ent_loss.hpp"
#include "support/matchers.hpp"

namespace lightly::loss {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

struct Result {
  at::Tensor loss, grad0, grad1;
};

struct Views {
  at::Tensor out0, out1;
  /// Undefined is none.
  at::Tensor bank = {};
};

// Related views of different lengths.
Views views(std::int64_t batch, std::int64_t dim, std::int64_t bank_rows = 0) {
  torch::manual_seed(batch * 1000 + dim);
  const at::Tensor base = torch::randn({batch, dim});
  Views result{.out0 = 3 * base + torch::randn({batch, dim}),
               .out1 = 0.2 * base + 0.1 * torch::randn({batch, dim})};
  if (bank_rows > 0) {
    const at::Tensor rows = torch::randn({bank_rows, dim});
    result.bank = rows / rows.norm(2, 1, true);
  }
  return result;
}

at::Tensor loss_of(const Views& rows, const NTXentOptions& options) {
  return rows.bank.defined() ? ntx_ent_loss(rows.out0, rows.out1, rows.bank, options)
                             : ntx_ent_loss(rows.out0, rows.out1, options);
}

Result differentiate(const Views& rows, const NTXentOptions& options) {
  const Views leaves{.out0 = rows.out0.detach().clone().requires_grad_(),
                     .out1 = rows.out1.detach().clone().requires_grad_(),
                     .bank = rows.bank};
  const at::Tensor loss = loss_of(leaves, options);
  loss.backward();
  return {.loss = loss.detach(), .grad0 = leaves.out0.grad(), .grad1 = leaves.out1.grad()};
}

Views converted(const Views& rows, at::ScalarType dtype) {
  return {.out0 = rows.out0.to(dtype),
          .out1 = rows.out1.to(dtype),
          .bank = rows.bank.defined() ? rows.bank.to(dtype) : rows.bank};
}

// Errors of a gradient are measured in 1 / (B length of the row): terms of that size over the
// temperature cancel in it.
struct Tolerance {
  double loss, gradient;
};

void expect_close(const Result& actual, const Result& exact, const Views& rows,
                  const Tolerance& tolerance) {
  EXPECT_TRUE(tensors_close(actual.loss, exact.loss, tolerance.loss, tolerance.loss));
  const auto check = [&](const at::Tensor& a, const at::Tensor& e, const at::Tensor& of) {
    const at::Tensor lengths = of.to(at::kDouble).norm(2, 1, true);
    const double batch = static_cast<double>(of.size(0));
    EXPECT_TRUE(tensors_close(a * lengths * batch, e * lengths * batch, tolerance.gradient));
  };
  check(actual.grad0, exact.grad0, rows.out0);
  check(actual.grad1, exact.grad1, rows.out1);
}

void expect_equal(const Result& actual, const Result& expected) {
  EXPECT_TRUE(tensors_equal(actual.loss, expected.loss));
  EXPECT_TRUE(tensors_equal(actual.grad0, expected.grad0));
  EXPECT_TRUE(tensors_equal(actual.grad1, expected.grad1));
}

class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

void expect_all_agree(const Views& rows) {
  const Views wide = converted(rows, at::kDouble);
  for (const double temperature : {0.01, 0.07, 0.5, -0.5}) {
    SCOPED_TRACE(::testing::Message() << rows.out0.sizes() << ", temperature " << temperature);
    const auto options = [&](Similarities how, std::int64_t kept_bytes = 0) {
      return NTXentOptions{
          .temperature = temperature, .similarities = how, .kept_bytes = kept_bytes};
    };
    const Result exact = differentiate(wide, options(Similarities::kMatrix));
    // A similarity of 1 / temperature is rounded, and so is the weight made of it. Three to five
    // times what AVX-512 showed.
    const double scale = 1.0 / std::abs(temperature);
    const Tolerance of_float{.loss = 2e-7 * std::max(2.0, scale),
                             .gradient = (2e-6 + 6e-8 * scale) * scale};
    expect_close(differentiate(wide, options(Similarities::kTiles)), exact, rows,
                 {.loss = 1e-8 * of_float.loss, .gradient = 1e-8 * of_float.gradient});
    const Result tiles = differentiate(rows, options(Similarities::kTiles));
    expect_close(tiles, exact, rows, of_float);
    expect_close(differentiate(rows, options(Similarities::kMatrix)), exact, rows, of_float);
    expect_equal(differentiate(rows, options(Similarities::kTiles, 1 << 30)), tiles);
    expect_equal(differentiate(rows, options(Similarities::kAuto)), tiles);
  }
}

TEST(NTXentTiles, AgreeWithTheMatrixForEverySize) {
  for (const std::int64_t batch : {1, 2, 3, 15, 16, 17, 33, 65, 129}) {
    for (const std::int64_t dim : {1, 31, 33, 130}) {
      expect_all_agree(views(batch, dim));
    }
  }
  expect_all_agree(views(513, 64));
  expect_all_agree(views(700, 33));
}

TEST(NTXentTiles, AgreeWithLargeTiles) {
  expect_all_agree(views(1027, 40));
}

TEST(NTXentTiles, AgreeWithTheMatrixOfAMemoryBank) {
  for (const std::int64_t batch : {1, 3, 32, 65}) {
    for (const std::int64_t dim : {1, 33, 130}) {
      for (const std::int64_t bank_rows : {1, 31, 257, 600}) {
        expect_all_agree(views(batch, dim, bank_rows));
      }
    }
  }
}

TEST(NTXentTiles, AgreeWithSeveralTilesOfQueriesAndChunks) {
  expect_all_agree(views(300, 33, 257));
  expect_all_agree(views(1100, 8, 4000));  // the similarities in float64 take more than a chunk
}

// Where exponentials of differences to 1 / temperature begin to be taken, at their smallest.
TEST(NTXentTiles, AgreeOnBothSidesOfTheSwitchOfExponentials) {
  const Views related = views(40, 12);
  const at::Tensor row = torch::ones({40, 12});
  for (const Views& rows : {Views{.out0 = related.out0, .out1 = -related.out0},
                            Views{.out0 = row, .out1 = row}, Views{.out0 = row, .out1 = -row}}) {
    for (const double temperature : {0.0249, 0.025, 0.0251}) {
      const NTXentOptions matrix{.temperature = temperature, .similarities = Similarities::kMatrix};
      const Result exact = differentiate(converted(rows, at::kDouble), matrix);
      for (const std::int64_t kept_bytes : {0, 1 << 20}) {
        const NTXentOptions tiles{.temperature = temperature,
                                  .similarities = Similarities::kTiles,
                                  .kept_bytes = kept_bytes};
        expect_close(differentiate(rows, tiles), exact, rows, {.loss = 5e-7, .gradient = 1e-4});
      }
    }
  }
}

TEST(NTXentTiles, RefuseABankThatWasWrittenBeforeTheBackwardPass) {
  const Views rows = converted(views(5, 6, 70), at::kDouble);
  rows.out0.requires_grad_();
  const at::Tensor loss = loss_of(rows, {.similarities = Similarities::kTiles});
  rows.bank[3].zero_();
  EXPECT_EQ(error_text([&] { loss.backward(); }),
            "NTXentLoss: bank must not be written between the loss and its backward pass");
}

TEST(NTXentTiles, FreeWhatTheyKeptWithTheBackwardPass) {
  for (const std::int64_t bank_rows : {0, 70}) {
    const Views rows = views(20, 12, bank_rows);
    rows.out0.requires_grad_();
    const at::Tensor loss = loss_of(rows, {.similarities = Similarities::kTiles});
    loss.backward();
    EXPECT_EQ(error_text([&] { loss.backward(); }),
              "NTXentLoss: backward a second time needs retain_graph the first time");
  }
}

TEST(NTXentTiles, RepeatBitForBitAndAgreeForEveryNumberOfThreads) {
  for (const Views& rows : {views(300, 40), views(100, 40, 1000)}) {
    const NTXentOptions options{.temperature = 0.1, .similarities = Similarities::kTiles};
    std::optional<Result> one;
    for (const int count : {1, 2, 3}) {
      const Threads threads(count);
      const Result result = differentiate(rows, options);
      expect_equal(differentiate(rows, options), result);
      if (one) {
        expect_close(result, *one, rows, {.loss = 1e-6, .gradient = 4e-6});
      } else {
        one = result;
      }
    }
  }
}

TEST(NTXentTiles, TakeOtherStrides) {
  for (const std::int64_t bank_rows : {0, 70}) {
    const Views rows = views(20, 12, bank_rows);
    const auto strided = [](const at::Tensor& matrix) {
      return matrix.defined() ? matrix.t().contiguous().t() : matrix;
    };
    const NTXentOptions options{.similarities = Similarities::kTiles};
    expect_equal(
        differentiate(
            {.out0 = strided(rows.out0), .out1 = strided(rows.out1), .bank = strided(rows.bank)},
            options),
        differentiate(rows, options));
  }
}

TEST(NTXentTiles, TakeHalfPrecisionAndAutocastWithoutOverflow) {
  for (const std::int64_t bank_rows : {0, 70}) {
    const Views rows = views(20, 12, bank_rows);
    const NTXentOptions options{.temperature = 0.01, .similarities = Similarities::kTiles};
    for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16}) {
      const Views half = converted(rows, dtype);
      const Result expected = differentiate(converted(half, at::kFloat), options);
      const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
      const Result actual = differentiate(half, options);
      EXPECT_TRUE(tensors_equal(actual.loss, expected.loss));
      EXPECT_TRUE(actual.loss.isfinite().item<bool>());
      EXPECT_EQ(actual.grad0.scalar_type(), dtype);
      EXPECT_TRUE(tensors_equal(actual.grad0, expected.grad0.to(dtype)));
      EXPECT_TRUE(tensors_equal(actual.grad1, expected.grad1.to(dtype)));
    }
  }
}

TEST(NTXentTiles, GiveNotANumberForWhatIsNoNumber) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const std::int64_t bank_rows : {0, 70}) {
      for (const std::int64_t row : {0, 13, 39}) {
        for (const bool of_first : {true, false}) {
          const Views rows = views(40, 12, bank_rows);
          (of_first ? rows.out0 : rows.out1)[row][5] = bad;
          for (const Similarities how : {Similarities::kMatrix, Similarities::kTiles}) {
            EXPECT_TRUE(loss_of(rows, {.similarities = how}).isnan().item<bool>())
                << bad << " in row " << row << ", bank " << bank_rows << ", tiles "
                << (how == Similarities::kTiles);
            EXPECT_TRUE(differentiate(rows, {.similarities = how}).loss.isnan().item<bool>());
          }
        }
      }
    }
  }
  const Views rows = views(40, 12, 70);
  rows.bank[69][3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(loss_of(rows, {.similarities = Similarities::kTiles}).isnan().item<bool>());
}

TEST(NTXentTiles, AgreeForZeroAndTinyRows) {
  for (const std::int64_t bank_rows : {0, 70}) {
    const Views rows = views(20, 12, bank_rows);
    rows.out0[3].zero_();
    rows.out1[3].zero_();
    rows.out1[7].zero_();
    rows.out0[9].fill_(1e-14);
    const Result tiles = differentiate(rows, {.similarities = Similarities::kTiles});
    const Result exact =
        differentiate(converted(rows, at::kDouble), {.similarities = Similarities::kMatrix});
    EXPECT_TRUE(tensors_close(tiles.loss, exact.loss, 1e-6));
    EXPECT_TRUE(tensors_close(tiles.grad0, exact.grad0, 1e-7, 1e-4));
    EXPECT_TRUE(tensors_close(tiles.grad1, exact.grad1, 1e-7, 1e-4));
  }
}

TEST(NTXentTiles, RefuseASecondDerivative) {
  for (const std::int64_t bank_rows : {0, 70}) {
    const Views rows = views(5, 6, bank_rows);
    rows.out0.requires_grad_();
    rows.out1.requires_grad_();
    const at::Tensor gradient =
        torch::autograd::grad({loss_of(rows, {.similarities = Similarities::kTiles})}, {rows.out0},
                              {}, /*retain_graph=*/true, /*create_graph=*/true)[0];
    const std::string text =
        "NTXentLoss: the gradient can only be differentiated again with Similarities::kMatrix";
    const at::Tensor penalty = gradient.square().sum();
    EXPECT_EQ(error_text([&] { torch::autograd::grad({penalty}, {rows.out0}, {}, true); }), text);
    EXPECT_EQ(error_text([&] { penalty.backward(); }), text);
  }
}

TEST(NTXentTiles, GiveTheSameGradientTwiceAndScaleIt) {
  for (const std::int64_t kept_bytes : {0, 1 << 20}) {
    for (const std::int64_t bank_rows : {0, 70}) {
      const Views rows = views(20, 12, bank_rows);
      rows.out0.requires_grad_();
      const at::Tensor loss =
          loss_of(rows, {.similarities = Similarities::kTiles, .kept_bytes = kept_bytes});
      loss.backward({}, /*retain_graph=*/true);
      const at::Tensor first = rows.out0.grad().clone();
      rows.out0.mutable_grad().reset();
      (4 * loss).backward();
      EXPECT_TRUE(tensors_equal(rows.out0.grad(), 4 * first));
    }
  }
}

TEST(NTXentTiles, DifferentiateOnlyWhatAsksForIt) {
  for (const std::int64_t bank_rows : {0, 70}) {
    const NTXentOptions options{.similarities = Similarities::kTiles};
    const Result both = differentiate(views(20, 12, bank_rows), options);
    const Views rows = views(20, 12, bank_rows);
    rows.out1.requires_grad_();
    loss_of(rows, options).backward();
    EXPECT_FALSE(rows.out0.grad().defined());
    EXPECT_TRUE(tensors_equal(rows.out1.grad(), both.grad1));
    const torch::NoGradGuard no_grad;
    const at::Tensor loss = loss_of(rows, options);
    EXPECT_FALSE(loss.requires_grad());
    EXPECT_TRUE(tensors_close(loss, both.loss, 1e-6));
  }
}

// Counts what LibTorch takes from the heap while it lives.
class CountingAllocator : public c10::Allocator {
 public:
  CountingAllocator() : inner_(c10::GetCPUAllocator()) {
    c10::SetCPUAllocator(this, /*priority=*/200);
  }
  ~CountingAllocator() override { c10::SetCPUAllocator(inner_, /*priority=*/200); }

  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0) {
      return inner_->allocate(bytes);
    }
    add(static_cast<std::int64_t>(bytes));
    struct Block {
      c10::DataPtr data;
      CountingAllocator* owner;
      std::int64_t bytes;
    };
    auto* block = new Block{inner_->allocate(bytes), this, static_cast<std::int64_t>(bytes)};
    void* data = block->data.get();
    return {data, block,
            [](void* context) {
              const std::unique_ptr<Block> owned(static_cast<Block*>(context));
              owned->owner->add(-owned->bytes);
            },
            c10::Device(c10::kCPU)};
  }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

  std::int64_t peak() const { return peak_; }

 private:
  void add(std::int64_t bytes) {
    const std::int64_t now = held_ += bytes;
    std::int64_t before = peak_;
    while (before < now && !peak_.compare_exchange_weak(before, now)) {
    }
  }

  c10::Allocator* inner_;
  std::atomic<std::int64_t> held_ = 0;
  std::atomic<std::int64_t> peak_ = 0;
};

TEST(NTXentTiles, NeverHoldTheMatrix) {
  constexpr std::int64_t kBatch = 2048;
  constexpr std::int64_t kDim = 64;
  constexpr std::int64_t kRowBytes = 2 * kBatch * kDim * std::int64_t{sizeof(float)};
  const Views rows = views(kBatch, kDim);
  const Threads threads(2);
  std::int64_t peak = 0;
  {
    CountingAllocator allocator;
    differentiate(rows, {.similarities = Similarities::kTiles, .kept_bytes = 0});
    peak = allocator.peak();
  }
  // The matrix would take 64 MiB, and both views take 1 MiB.
  EXPECT_GT(peak, kRowBytes);
  EXPECT_LT(peak, 10 * kRowBytes);
}

}  // namespace
}  // namespace lightly::loss
