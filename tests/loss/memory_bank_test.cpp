#include "lightly/loss/memory_bank.hpp"

#include <vector>

#include <torch/types.h>

#include "lightly/loss/ntx_ent_loss.hpp"
#include "lightly/models/state_dict.hpp"
#include "lightly/optim/sgd.hpp"
#include "lightly/training/checkpoint.hpp"
#include "loss/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::loss {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::mk;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;

// Rows [first, first + count) of a sequence in which every row differs from all others.
at::Tensor numbered(std::int64_t first, std::int64_t count) {
  return torch::arange(first, first + count, torch::kFloat).unsqueeze(1).expand({count, 2});
}

std::vector<float> first_column(const at::Tensor& bank) {
  const at::Tensor column = bank.select(1, 0).contiguous();
  return {column.const_data_ptr<float>(), column.const_data_ptr<float>() + column.numel()};
}

std::int64_t pointer(const MemoryBankModule& bank) {
  return bank->bank_ptr.item<std::int64_t>();
}

TEST(MemoryBank, StartsWithRowsOfLengthOne) {
  MemoryBankModule bank({.size = {50, 3}});
  EXPECT_EQ(bank->bank.sizes(), (std::vector<std::int64_t>{50, 3}));
  EXPECT_TRUE(tensors_close(bank->bank.norm(2, 1), torch::ones({50}), 1e-6));
  EXPECT_EQ(pointer(bank), 0);
  EXPECT_FALSE(bank->bank.requires_grad());
  EXPECT_EQ(MemoryBankModule()->options.size.rows, 65536);
}

TEST(MemoryBank, IsARingThatDropsNothing) {
  MemoryBankModule bank({.size = {5, 2}});
  std::int64_t next = 0;
  std::vector<float> expected = first_column(bank->bank);
  // Within, exactly to the end, over the end, a batch as large as the bank, and larger ones.
  for (const std::int64_t count : {3, 2, 4, 3, 5, 1, 7, 12}) {
    bank->enqueue(numbered(next, count));
    for (std::int64_t i = next; i < next + count; ++i) {
      expected[static_cast<std::size_t>(i % 5)] = static_cast<float>(i);
    }
    next += count;
    EXPECT_EQ(first_column(bank->bank), expected) << "after " << next;
    EXPECT_EQ(pointer(bank), next % 5);
  }
}

TEST(MemoryBank, DropsTheTailWhenAsked) {
  MemoryBankModule bank({.size = {5, 2}, .drop_tail = true});
  bank->enqueue(numbered(0, 3));
  EXPECT_EQ(pointer(bank), 3);
  bank->enqueue(numbered(10, 4));
  EXPECT_EQ(first_column(bank->bank), (std::vector<float>{0, 1, 2, 10, 11}));
  EXPECT_EQ(pointer(bank), 0);
  bank->enqueue(numbered(20, 9));
  EXPECT_EQ(first_column(bank->bank), (std::vector<float>{20, 21, 22, 23, 24}));
  EXPECT_EQ(pointer(bank), 0);
  bank->enqueue(numbered(30, 5));
  EXPECT_EQ(pointer(bank), 0);
}

TEST(MemoryBank, TakesItsWidthFromTheFirstBatch) {
  MemoryBankModule bank({.size = 6});
  EXPECT_EQ(bank->bank.sizes(), (std::vector<std::int64_t>{6, 0}));
  EXPECT_EQ(bank->query(torch::ones({2, 3}, torch::kDouble)).sizes(),
            (std::vector<std::int64_t>{6, 3}));
  EXPECT_EQ(bank->bank.scalar_type(), at::kDouble);
  EXPECT_TRUE(tensors_equal(bank->named_buffers()["bank"], bank->bank));
  EXPECT_EQ(error_text([&] { bank->enqueue(torch::ones({2, 4})); }),
            "MemoryBankModule: rows must be as wide as those of the bank, 3, got 4");
  EXPECT_EQ(error_text([&] { bank->query(torch::ones({3})); }),
            "MemoryBankModule: rows must be [B, D] with B >= 1, got [3]");
  EXPECT_EQ(error_text([&] { bank->query(torch::ones({0, 3})); }),
            "MemoryBankModule: rows must be [B, D] with B >= 1, got [0, 3]");
  EXPECT_EQ(error_text([&] { bank->query(torch::ones({2, 3}, torch::kLong)); }),
            "MemoryBankModule: rows must be floating point, got Long");
  EXPECT_EQ(error_text([&] { bank->query({}); }),
            "MemoryBankModule: rows must be [B, D] with B >= 1, got an undefined tensor");
  EXPECT_EQ(error_text([&] { bank->query(torch::ones({2, 3}, torch::kMeta)); }),
            "MemoryBankModule: rows must be on the device of the bank, cpu, got meta");
  // Refused rows leave the ring as it was.
  EXPECT_EQ(pointer(bank), 0);
}

TEST(MemoryBank, OfLateWidthIsInFloat32ForRowsInHalfPrecision) {
  for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    MemoryBankModule bank({.size = 6});
    bank->query(torch::ones({2, 3}, type));
    EXPECT_EQ(bank->bank.scalar_type(), at::kFloat);
  }
}

TEST(MemoryBank, RejectsAnIllegalSize) {
  EXPECT_EQ(error_text([] { MemoryBankModule({.size = -1}); }),
            "MemoryBankModule: Illegal memory bank size -1, must be non-negative.");
  EXPECT_EQ(error_text([] { NTXentLoss({.memory_bank_size = -1}); }),
            "MemoryBankModule: Illegal memory bank size -1, must be non-negative.");
  EXPECT_EQ(error_text([] { MemoryBankModule({.size = {4, -2}}); }),
            "MemoryBankModule: the width of a row must be >= 0, got -2");
  EXPECT_THROW(MemoryBankModule({.size = -1}), c10::ValueError);
}

TEST(MemoryBank, OfSizeZeroIsNone) {
  MemoryBankModule bank({.size = 0});
  EXPECT_FALSE(bank->query(torch::ones({2, 3})).defined());
  EXPECT_NO_THROW(bank->enqueue(torch::ones({2, 3})));
  EXPECT_TRUE(NTXentLoss()->memory_bank.is_empty());
}

TEST(MemoryBank, ConvertsTheRowsItIsGiven) {
  MemoryBankModule bank({.size = {4, 2}});
  bank->enqueue(numbered(1, 2).to(torch::kBFloat16).requires_grad_());
  EXPECT_EQ(bank->bank.scalar_type(), at::kFloat);
  EXPECT_EQ(first_column(bank->bank.narrow(0, 0, 2)), (std::vector<float>{1, 2}));
  EXPECT_FALSE(bank->bank.requires_grad());
}

// --- In the loss ---------------------------------------------------------------------------------

NTXentLoss loss_with(const at::Tensor& rows, NTXentLossOptions options = {}) {
  options.memory_bank_size = {rows.size(0), rows.size(1)};
  NTXentLoss loss(options);
  loss->to(rows.scalar_type());
  loss->memory_bank->bank.copy_(rows);
  return loss;
}

TEST(MemoryBank, GivesThePythonLossesGradientsAndBanks) {
  const auto golden = load_golden("loss/memory_bank_lightly.safetensors");
  for (const std::string version : {"1.1.0", "1.6.0"}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
      for (const BankUpdate update : {BankUpdate::kInForward, BankUpdate::kInBackward}) {
        for (const Similarities how : {Similarities::kMatrix, Similarities::kTiles}) {
          NTXentLoss loss = loss_with(
              golden.at("bank").to(dtype),
              {.temperature = 0.1, .bank_update = update, .drop_tail = true, .similarities = how});
          const double tolerance = dtype == at::kDouble ? 1e-12 : 2e-6;
          for (int step = 0; step < 5; ++step) {
            const std::string name =
                version + (dtype == at::kDouble ? ".f64." : ".f32.") + std::to_string(step) + ".";
            SCOPED_TRACE(name);
            const at::Tensor out0 = mk(3, 4, step).to(dtype).requires_grad_();
            const at::Tensor out1 = mk(3, 4, step + 0.5).to(dtype).requires_grad_();
            const at::Tensor value = loss(out0, out1);
            value.backward();
            EXPECT_TRUE(
                tensors_close(value.reshape({1}), golden.at(name + "loss"), tolerance, tolerance));
            EXPECT_TRUE(
                tensors_close(out0.grad(), golden.at(name + "grad0"), tolerance, tolerance));
            EXPECT_TRUE(
                tensors_close(out1.grad(), golden.at(name + "grad1"), tolerance, tolerance));
            EXPECT_TRUE(
                tensors_close(loss->memory_bank->bank, golden.at(name + "bank"), tolerance));
            EXPECT_TRUE(tensors_equal(loss->memory_bank->bank_ptr, golden.at(name + "ptr")));
          }
        }
      }
    }
  }
}

TEST(MemoryBank, HasTheLossesThatTheSpecificationMeasured) {
  torch::manual_seed(0);
  const at::Tensor columns = torch::randn({4, 7});
  NTXentLoss loss =
      loss_with((columns / columns.norm(2, 0, true)).t(), {.temperature = 0.1, .drop_tail = true});
  const std::pair<double, std::int64_t> steps[] = {
      {0.20601638, 3}, {0.96465373, 6}, {1.12636161, 0}, {1.38556540, 3}};
  for (int step = 0; step < 4; ++step) {
    const at::Tensor value = loss(mk(3, 4, step).requires_grad_(), mk(3, 4, step + 0.5));
    value.backward();
    EXPECT_NEAR(value.item<double>(), steps[step].first, 1e-6) << step;
    EXPECT_EQ(pointer(loss->memory_bank), steps[step].second) << step;
  }
}

TEST(MemoryBank, IsReadBeforeItIsWritten) {
  const at::Tensor rows = mk(6, 4);
  const at::Tensor query = mk(2, 4, 0.2).requires_grad_();
  for (const BankUpdate update : {BankUpdate::kInForward, BankUpdate::kInBackward}) {
    NTXentLoss loss = loss_with(rows, {.bank_update = update});
    const at::Tensor value = loss(query, mk(2, 4, 0.7));
    EXPECT_TRUE(tensors_equal(value, ntx_ent_loss(query, mk(2, 4, 0.7), rows, {})));
    EXPECT_EQ(pointer(loss->memory_bank), update == BankUpdate::kInForward ? 2 : 0);
  }
}

TEST(MemoryBank, IsLeftAloneWithoutGradient) {
  const at::Tensor rows = mk(6, 4);
  for (const BankUpdate update : {BankUpdate::kInForward, BankUpdate::kInBackward}) {
    NTXentLoss loss = loss_with(rows, {.bank_update = update});
    {
      const torch::NoGradGuard no_grad;
      loss(mk(2, 4).requires_grad_(), mk(2, 4, 0.5));
    }
    loss(mk(2, 4), mk(2, 4, 0.5));
    // Only the queries count.
    loss(mk(2, 4), mk(2, 4, 0.5).requires_grad_()).backward();
    EXPECT_TRUE(tensors_equal(loss->memory_bank->bank, rows));
    EXPECT_EQ(pointer(loss->memory_bank), 0);
  }
}

TEST(MemoryBank, ShowsBothHalvesOfASymmetricLossTheSameNegatives) {
  const at::Tensor rows = mk(6, 4);
  const at::Tensor q0 = mk(2, 4, 0.1).requires_grad_();
  const at::Tensor q1 = mk(2, 4, 0.2).requires_grad_();
  const at::Tensor k0 = mk(2, 4, 0.3);
  const at::Tensor k1 = mk(2, 4, 0.4);
  NTXentLoss loss = loss_with(rows);
  const at::Tensor first = loss(q0, k1);
  const at::Tensor second = loss(q1, k0);
  EXPECT_TRUE(tensors_equal(first, ntx_ent_loss(q0, k1, rows, {})));
  EXPECT_TRUE(tensors_equal(second, ntx_ent_loss(q1, k0, rows, {})));
  (0.5 * (first + second)).backward();
  EXPECT_EQ(pointer(loss->memory_bank), 4);
  EXPECT_TRUE(tensors_equal(loss->memory_bank->bank.narrow(0, 4, 2), rows.narrow(0, 4, 2)));
  const at::Tensor keys = torch::cat({k0, k1});
  const at::Tensor units = keys / keys.norm(2, 1, true);
  const at::Tensor written = loss->memory_bank->bank.narrow(0, 0, 4);
  // Every key once, in whichever order the halves were differentiated.
  const at::Tensor found = torch::mm(written, units.t()).gt(0.999999).to(torch::kLong).sum(0);
  EXPECT_TRUE(tensors_equal(found, torch::ones({4}, torch::kLong)));
}

TEST(MemoryBank, ShowsTheSecondHalfTheKeysOfTheFirstAsInPython) {
  const at::Tensor rows = mk(6, 4);
  const at::Tensor query = mk(2, 4, 0.1).requires_grad_();
  NTXentLoss loss = loss_with(rows, {.bank_update = BankUpdate::kInForward});
  loss(query, mk(2, 4, 0.3));
  const at::Tensor bank = loss->memory_bank->bank.clone();
  EXPECT_TRUE(
      tensors_equal(loss(query, mk(2, 4, 0.4)), ntx_ent_loss(query, mk(2, 4, 0.4), bank, {})));
  EXPECT_FALSE(torch::equal(bank, rows));
}

TEST(MemoryBank, TakesTheKeysOfACallOnce) {
  for (const Similarities how : {Similarities::kMatrix, Similarities::kTiles}) {
    NTXentLoss loss = loss_with(mk(6, 4), {.similarities = how});
    const at::Tensor query = mk(2, 4, 0.1).requires_grad_();
    const at::Tensor value = loss(query, mk(2, 4, 0.3));
    value.backward({}, /*retain_graph=*/true);
    const at::Tensor once = query.grad().clone();
    const at::Tensor bank = loss->memory_bank->bank.clone();
    query.mutable_grad().reset();
    value.backward();
    EXPECT_TRUE(tensors_equal(query.grad(), once));
    EXPECT_TRUE(tensors_equal(loss->memory_bank->bank, bank));
    EXPECT_EQ(pointer(loss->memory_bank), 2);
  }
}

TEST(MemoryBank, ForgetsACallThatIsNeverDifferentiated) {
  const at::Tensor rows = mk(6, 4);
  NTXentLoss loss = loss_with(rows);
  loss(mk(2, 4, 0.1).requires_grad_(), mk(2, 4, 0.3));
  loss(mk(2, 4, 0.1).requires_grad_(), mk(2, 4, 0.5)).backward();
  EXPECT_EQ(pointer(loss->memory_bank), 2);
  const at::Tensor keys = mk(2, 4, 0.5);
  EXPECT_TRUE(
      tensors_close(loss->memory_bank->bank.narrow(0, 0, 2), keys / keys.norm(2, 1, true), 1e-7));
}

TEST(MemoryBank, DifferentiatesWithTheRowsOfItsOwnCall) {
  const at::Tensor rows = mk(3, 4);
  for (const Similarities how : {Similarities::kMatrix, Similarities::kTiles}) {
    NTXentLoss loss = loss_with(rows, {.bank_update = BankUpdate::kInForward, .similarities = how});
    const at::Tensor query = mk(3, 4, 0.1).requires_grad_();
    const at::Tensor alone = mk(3, 4, 0.1).requires_grad_();
    const at::Tensor value = loss(query, mk(3, 4, 0.3));
    loss(query, mk(3, 4, 0.9));  // writes all rows again
    value.backward();
    ntx_ent_loss(alone, mk(3, 4, 0.3), rows, {.similarities = how}).backward();
    EXPECT_TRUE(tensors_equal(query.grad(), alone.grad()));
  }
}

// --- As a module ---------------------------------------------------------------------------------

struct ModelImpl : torch::nn::Cloneable<ModelImpl> {
  ModelImpl() { ModelImpl::reset(); }
  void reset() override {
    loss = register_module("loss", NTXentLoss({.memory_bank_size = {6, 4}}));
    weight = register_parameter("weight", torch::ones({4}));
  }
  NTXentLoss loss = nullptr;
  at::Tensor weight;
};

TEST(MemoryBank, IsPartOfTheStateDict) {
  const NTXentLoss loss({.memory_bank_size = {6, 4}});
  const auto state = models::state_dict(*loss);
  ASSERT_EQ(state.keys(), (std::vector<std::string>{"memory_bank.bank", "memory_bank.bank_ptr"}));
  EXPECT_EQ(state["memory_bank.bank"].sizes(), (std::vector<std::int64_t>{6, 4}));
  EXPECT_EQ(state["memory_bank.bank_ptr"].scalar_type(), at::kLong);
  NTXentLoss lazy({.memory_bank_size = 6});
  lazy(mk(2, 4).requires_grad_(), mk(2, 4, 0.5)).backward();
  EXPECT_TRUE(
      tensors_equal(models::state_dict(*lazy)["memory_bank.bank"], lazy->memory_bank->bank));
}

TEST(MemoryBank, MovesAndClones) {
  NTXentLoss loss({.memory_bank_size = {6, 4}});
  const auto copy = std::dynamic_pointer_cast<NTXentLossImpl>(loss->clone());
  ASSERT_NE(copy, nullptr);
  EXPECT_TRUE(tensors_equal(copy->memory_bank->bank, loss->memory_bank->bank));
  copy->memory_bank->enqueue(mk(2, 4));
  EXPECT_EQ(pointer(copy->memory_bank), 2);
  EXPECT_EQ(pointer(loss->memory_bank), 0);
  EXPECT_FALSE(torch::equal(copy->memory_bank->bank, loss->memory_bank->bank));
  loss->to(torch::kDouble);
  EXPECT_EQ(loss->memory_bank->bank.scalar_type(), at::kDouble);
  EXPECT_EQ(loss->memory_bank->bank_ptr.scalar_type(), at::kLong);
  loss->to(torch::kCPU, torch::kBFloat16);
  EXPECT_EQ(loss->memory_bank->bank.scalar_type(), at::kBFloat16);
  EXPECT_EQ(loss->memory_bank->bank_ptr.scalar_type(), at::kLong);
}

TEST(MemoryBank, OfLateWidthClones) {
  NTXentLoss loss({.memory_bank_size = 6});
  loss(mk(2, 4).requires_grad_(), mk(2, 4, 0.5)).backward();
  const auto copy = std::dynamic_pointer_cast<NTXentLossImpl>(loss->clone());
  EXPECT_TRUE(tensors_equal(copy->memory_bank->bank, loss->memory_bank->bank));
}

TEST(MemoryBank, ClonesWithoutARandomNumber) {
  const MemoryBankModule bank({.size = {6, 4}});
  torch::manual_seed(3);
  const at::Tensor expected = torch::rand({5});
  torch::manual_seed(3);
  bank->clone();
  EXPECT_TRUE(tensors_equal(torch::rand({5}), expected));
}

TEST(MemoryBank, TakesAKeyOfZeroesInHalfPrecision) {
  NTXentLoss loss({.memory_bank_size = {6, 4}});
  loss->to(torch::kHalf);
  at::Tensor keys = torch::ones({2, 4}, torch::kHalf);
  keys[1].zero_();
  loss(torch::ones({2, 4}, at::TensorOptions(at::kHalf).requires_grad(true)), keys).backward();
  EXPECT_TRUE(loss->memory_bank->bank.isfinite().all().item<bool>());
  EXPECT_EQ(loss->memory_bank->bank[1].abs().sum().item<float>(), 0.0F);
}

TEST(MemoryBank, SurvivesACheckpoint) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "checkpoint.safetensors";
  ModelImpl model;
  optim::SGD optimizer(model.parameters(), {.lr = 0.1});
  model.loss(mk(2, 4).requires_grad_(), mk(2, 4, 0.5)).backward();
  training::save_checkpoint(path, model, optimizer, {});
  ModelImpl other;
  optim::SGD other_optimizer(other.parameters(), {.lr = 0.1});
  training::load_checkpoint(path, other, other_optimizer);
  EXPECT_TRUE(tensors_equal(other.loss->memory_bank->bank, model.loss->memory_bank->bank));
  EXPECT_EQ(pointer(other.loss->memory_bank), 2);
}

}  // namespace
}  // namespace lightly::loss
