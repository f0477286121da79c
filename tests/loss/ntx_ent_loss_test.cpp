#include "lightly/loss/ntx_ent_loss.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <torch/csrc/autograd/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>

#include "lightly/core/autocast.hpp"
#include "loss/formulas.hpp"
#include "support/matchers.hpp"

namespace lightly::loss {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::mk;
using lightly::testing::tensors_close;
using lightly::testing::tensors_equal;
using ::testing::HasSubstr;

/// The definition, entry by entry in float64.
double by_definition(const at::Tensor& out0, const at::Tensor& out1, double temperature) {
  const at::Tensor rows = torch::cat({out0, out1}).to(torch::kDouble);
  const auto count = rows.size(0);
  double sum = 0.0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t partner = (i + count / 2) % count;
    double exponentials = 0.0;
    double positive = 0.0;
    for (std::int64_t j = 0; j < count; ++j) {
      const double cosine =
          (rows[i].dot(rows[j]) / (rows[i].norm() * rows[j].norm())).item<double>();
      exponentials += i == j ? 0.0 : std::exp(cosine / temperature);
      positive = j == partner ? cosine / temperature : positive;
    }
    sum += std::log(exponentials) - positive;
  }
  return sum / static_cast<double>(count);
}

TEST(NTXentLoss, HasTheValuesThatTheSpecificationMeasured) {
  struct Row {
    std::int64_t batch, dim;
    std::array<double, 4> losses;
  };
  const Row rows[] = {
      {2, 4, {0.00000089, 0.07948707, 0.33506906, 2.42731571}},
      {4, 8, {0.131669, 0.69581592, 1.14434421, 3.15192485}},
      {8, 32, {1.607818, 1.76797867, 2.07574201, 3.77424288}},
      {16, 128, {2.36768675, 2.42891836, 2.75495172, 4.57001352}},
  };
  for (const Row& row : rows) {
    const at::Tensor out0 = mk(row.batch, row.dim);
    const at::Tensor out1 = mk(row.batch, row.dim, 0.5);
    const std::array<double, 4> temperatures = {0.1, 0.5, 1.0, -1.0};
    for (std::size_t i = 0; i < temperatures.size(); ++i) {
      SCOPED_TRACE(::testing::Message()
                   << row.batch << "x" << row.dim << ", temperature " << temperatures[i]);
      EXPECT_NEAR(ntx_ent_loss(out0, out1, {.temperature = temperatures[i]}).item<double>(),
                  row.losses[i], 1e-6);
    }
  }
}

TEST(NTXentLoss, HasTheGradientsThatTheSpecificationMeasured) {
  const at::Tensor out0 = mk(2, 4).requires_grad_();
  const at::Tensor out1 = mk(2, 4, 0.5).requires_grad_();
  NTXentLoss loss({.temperature = 0.5});
  loss(out0, out1).backward();
  EXPECT_TRUE(tensors_close(out0.grad(),
                            torch::tensor({{-.02099560, .03409513, .05783896, .02840591},
                                           {-.00046080, -.00207434, -.00178075, .00015005}}),
                            5e-8));
  EXPECT_TRUE(tensors_close(out1.grad(),
                            torch::tensor({{2.9029e-5, -1.258183e-3, -1.388625e-3, -2.423706e-4},
                                           {.03197196, .05880809, .03157634, -.02468656}}),
                            5e-8));
}

TEST(NTXentLoss, IsExactlyZeroForOnePair) {
  for (const double temperature : {0.01, 0.5, 3.0, -0.7}) {
    const at::Tensor out0 = torch::randn({1, 100}).requires_grad_();
    const at::Tensor out1 = torch::randn({1, 100});
    const at::Tensor loss = ntx_ent_loss(out0, out1, {.temperature = temperature});
    EXPECT_EQ(loss.item<float>(), 0.0F) << temperature;
    loss.backward();
    EXPECT_TRUE(tensors_close(out0.grad(), torch::zeros({1, 100}), 1e-5));
  }
}

TEST(NTXentLoss, IsTheLogarithmOfTheRivalsWhenAllRowsAreEqual) {
  for (const std::int64_t batch : {2, 7, 100}) {
    const at::Tensor rows = torch::ones({batch, 5});
    EXPECT_NEAR(ntx_ent_loss(rows, rows, {.temperature = 0.01}).item<double>(),
                std::log(2.0 * static_cast<double>(batch) - 1.0), 2e-5);
  }
}

TEST(NTXentLoss, EqualsTheDefinition) {
  for (const std::int64_t batch : {1, 2, 3, 5, 16}) {
    const at::Tensor out0 = torch::randn({batch, 6}, torch::kDouble);
    const at::Tensor out1 = out0 + torch::randn({batch, 6}, torch::kDouble);
    for (const double temperature : {0.05, 0.5, -1.0}) {
      EXPECT_NEAR(ntx_ent_loss(out0, out1, {.temperature = temperature}).item<double>(),
                  by_definition(out0, out1, temperature), 1e-11);
    }
  }
}

TEST(NTXentLoss, GivesThePythonLossesAndGradients) {
  const auto golden = load_golden("loss/ntx_ent_loss_lightly_1.1.0.safetensors");
  for (const std::string size : {"1x3", "2x4", "3x7", "16x32", "64x128"}) {
    for (const std::string temperature : {"0.01", "0.07", "0.5", "-0.5"}) {
      for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
        const bool wide = dtype == at::kDouble;
        const std::string name = size + "." + temperature;
        SCOPED_TRACE(name + (wide ? " float64" : " float32"));
        const at::Tensor out0 = golden.at(size + ".out0").to(dtype, false, true).requires_grad_();
        const at::Tensor out1 = golden.at(size + ".out1").to(dtype, false, true).requires_grad_();
        const at::Tensor loss = ntx_ent_loss(out0, out1, {.temperature = std::stod(temperature)});
        loss.backward();
        EXPECT_EQ(loss.scalar_type(), dtype);
        // The float64 results stand for both; float32 rounds similarities of up to 1 / temperature.
        const double scale = 1.0 / std::abs(std::stod(temperature));
        const double tolerance = wide ? 1e-12 * scale : 3e-7 * scale;
        EXPECT_TRUE(tensors_close(loss.reshape({1}), golden.at(name + ".f64.loss"), tolerance));
        for (const auto& [leaf, key] : {std::pair(out0, ".f64.grad0"), {out1, ".f64.grad1"}}) {
          EXPECT_TRUE(tensors_close(leaf.grad(), golden.at(name + key), tolerance, tolerance))
              << key;
        }
        if (!wide) {
          EXPECT_TRUE(
              tensors_close(loss.reshape({1}), golden.at(name + ".f32.loss"), 2 * tolerance));
        }
      }
    }
  }
}

TEST(NTXentLoss, HasTheGradientOfFiniteDifferences) {
  constexpr double kStep = 1e-6;
  for (const double temperature : {0.1, 0.5, -0.8}) {
    const at::Tensor out0 = torch::randn({4, 3}, torch::kDouble).requires_grad_();
    const at::Tensor out1 = torch::randn({4, 3}, torch::kDouble).requires_grad_();
    ntx_ent_loss(out0, out1, {.temperature = temperature}).backward();
    torch::NoGradGuard no_grad;
    for (const at::Tensor& rows : {out0, out1}) {
      const at::Tensor numeric = torch::zeros_like(rows);
      for (std::int64_t i = 0; i < rows.numel(); ++i) {
        at::Tensor entry = rows.detach().view({-1})[i];
        entry += kStep;
        const at::Tensor above = ntx_ent_loss(out0, out1, {.temperature = temperature});
        entry -= 2 * kStep;
        const at::Tensor below = ntx_ent_loss(out0, out1, {.temperature = temperature});
        entry += kStep;
        numeric.view({-1})[i] = (above - below) / (2 * kStep);
      }
      EXPECT_TRUE(tensors_close(rows.grad(), numeric, 1e-7, 1e-7)) << temperature;
    }
  }
}

TEST(NTXentLoss, HasASecondGradient) {
  const at::Tensor out0 = torch::randn({3, 4}, torch::kDouble).requires_grad_();
  const at::Tensor out1 = torch::randn({3, 4}, torch::kDouble);
  const auto gradient = [&](const at::Tensor& at_point, bool create_graph) {
    return torch::autograd::grad({ntx_ent_loss(at_point, out1)}, {at_point}, {}, create_graph,
                                 create_graph)[0];
  };
  const at::Tensor direction = torch::randn({3, 4}, torch::kDouble);
  const at::Tensor product =
      torch::autograd::grad({(gradient(out0, true) * direction).sum()}, {out0})[0];
  const auto moved = [&](double step) {
    return gradient((out0.detach() + step * direction).requires_grad_(), false);
  };
  EXPECT_TRUE(tensors_close(product, (moved(1e-6) - moved(-1e-6)) / 2e-6, 1e-7, 1e-6));
}

TEST(NTXentLoss, DoesNotDependOnTheLengthOfTheRows) {
  const at::Tensor out0 = torch::randn({8, 16});
  const at::Tensor out1 = torch::randn({8, 16});
  EXPECT_TRUE(tensors_close(ntx_ent_loss(1e6 * out0, 1e-6 * out1), ntx_ent_loss(out0, out1), 1e-6));
}

TEST(NTXentLoss, IsFiniteForSmallTemperaturesAndZeroRows) {
  const at::Tensor out0 = torch::randn({32, 8}).requires_grad_();
  const at::Tensor out1 = -out0.detach();
  // The positives are the worst of all: the loss is about 2 / temperature.
  const at::Tensor loss = ntx_ent_loss(out0, out1, {.temperature = 0.001});
  EXPECT_GT(loss.item<float>(), 1000.0F);
  EXPECT_LE(loss.item<float>(), 2010.0F);
  loss.backward();
  EXPECT_TRUE(out0.grad().isfinite().all().item<bool>());
  EXPECT_NEAR(ntx_ent_loss(torch::zeros({4, 8}), torch::zeros({4, 8})).item<double>(), std::log(7),
              1e-6);
}

TEST(NTXentLoss, ComputesHalfPrecisionInFloat32) {
  const at::Tensor out0 = torch::randn({16, 8});
  const at::Tensor out1 = out0 + torch::randn({16, 8});
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    const at::Tensor half0 = out0.to(dtype).requires_grad_();
    const at::Tensor half1 = out1.to(dtype);
    const at::Tensor loss = ntx_ent_loss(half0, half1, {.temperature = 0.1});
    EXPECT_EQ(loss.scalar_type(), at::kFloat);
    EXPECT_TRUE(tensors_equal(loss, ntx_ent_loss(half0.detach().to(at::kFloat),
                                                 half1.to(at::kFloat), {.temperature = 0.1})));
    loss.backward();
    EXPECT_EQ(half0.grad().scalar_type(), dtype);
  }
}

TEST(NTXentLoss, IsTheSameUnderAutocast) {
  const at::Tensor out0 = torch::randn({16, 8}).requires_grad_();
  const at::Tensor out1 = torch::randn({16, 8});
  const at::Tensor bank = torch::randn({40, 8});
  for (const Similarities how : {Similarities::kMatrix, Similarities::kTiles}) {
    for (const bool has_bank : {false, true}) {
      const NTXentOptions options{.temperature = 0.05, .similarities = how};
      const auto differentiate = [&] {
        const at::Tensor loss =
            has_bank ? ntx_ent_loss(out0, out1, bank, options) : ntx_ent_loss(out0, out1, options);
        return std::pair(loss.detach(), torch::autograd::grad({loss}, {out0})[0]);
      };
      const auto [loss, gradient] = differentiate();
      const core::AutocastGuard autocast(at::kCPU, at::kBFloat16);
      EXPECT_EQ(torch::mm(out0, out1.t()).scalar_type(), at::kBFloat16);
      const auto [loss_by_autocast, gradient_by_autocast] = differentiate();
      EXPECT_TRUE(tensors_equal(loss_by_autocast, loss));
      // The operators of the matrix form's own backward pass are LibTorch's to run.
      if (how == Similarities::kTiles) {
        EXPECT_TRUE(tensors_equal(gradient_by_autocast, gradient));
      }
    }
  }
}

TEST(NTXentLoss, LeavesItsInputsAlone) {
  const at::Tensor out0 = torch::randn({4, 8});
  const at::Tensor out1 = torch::randn({4, 8});
  const at::Tensor before0 = out0.clone();
  const at::Tensor before1 = out1.clone();
  ntx_ent_loss(out0, out1);
  EXPECT_TRUE(tensors_equal(out0, before0));
  EXPECT_TRUE(tensors_equal(out1, before1));
}

TEST(NTXentLoss, TakesViewsWithAnyStrides) {
  const at::Tensor both = torch::randn({8, 12});
  const at::Tensor out0 = both.slice(1, 0, 12, 2);
  const at::Tensor out1 = both.slice(1, 1, 12, 2);
  EXPECT_TRUE(
      tensors_equal(ntx_ent_loss(out0, out1), ntx_ent_loss(out0.contiguous(), out1.contiguous())));
}

TEST(NTXentLoss, HasNoStateAndClones) {
  NTXentLoss loss({.temperature = 0.1});
  EXPECT_TRUE(loss->parameters().empty());
  EXPECT_TRUE(loss->buffers().empty());
  const auto copy = std::dynamic_pointer_cast<NTXentLossImpl>(loss->clone());
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->options.temperature, 0.1);
  EXPECT_EQ(NTXentLoss()->options.temperature, 0.5);
}

TEST(NTXentLoss, RejectsAnIllegalTemperature) {
  const std::pair<double, const char*> cases[] = {
      {0.0, "NTXentLoss: Illegal temperature: abs(0.0) < 1e-8"},
      {1e-9, "NTXentLoss: Illegal temperature: abs(1e-09) < 1e-8"},
      {-9.5e-9, "NTXentLoss: Illegal temperature: abs(-9.5e-09) < 1e-8"},
      {std::numeric_limits<double>::infinity(), "NTXentLoss: temperature must be finite, got inf"},
      {std::numeric_limits<double>::quiet_NaN(), "NTXentLoss: temperature must be finite, got nan"},
  };
  const at::Tensor rows = torch::ones({2, 2});
  for (const auto& [temperature, text] : cases) {
    EXPECT_EQ(error_text([&, t = temperature] { NTXentLoss({.temperature = t}); }), text);
    EXPECT_EQ(error_text([&, t = temperature] { ntx_ent_loss(rows, rows, {.temperature = t}); }),
              text);
    EXPECT_THROW(NTXentLoss({.temperature = temperature}), c10::ValueError);
  }
  EXPECT_NO_THROW(NTXentLoss({.temperature = 1e-8}));
}

TEST(NTXentLoss, RejectsViewsThatAreNoPair) {
  NTXentLoss loss;
  const auto text = [&](const at::Tensor& out0, const at::Tensor& out1) {
    return error_text([&] { loss(out0, out1); });
  };
  const std::string rule = "NTXentLoss: out0 and out1 must be [B, D] of one shape with B, D >= 1, ";
  EXPECT_EQ(text(torch::ones({2, 3}), torch::ones({3, 3})), rule + "got [2, 3] and [3, 3]");
  EXPECT_EQ(text(torch::ones({2, 3}), torch::ones({2, 4})), rule + "got [2, 3] and [2, 4]");
  EXPECT_EQ(text(torch::ones({3}), torch::ones({3})), rule + "got [3] and [3]");
  EXPECT_EQ(text(torch::ones({2, 3, 1}), torch::ones({2, 3, 1})),
            rule + "got [2, 3, 1] and [2, 3, 1]");
  EXPECT_EQ(text(torch::ones({0, 3}), torch::ones({0, 3})), rule + "got [0, 3] and [0, 3]");
  EXPECT_EQ(text(torch::ones({2, 3}), torch::ones({2, 3}, torch::kDouble)),
            "NTXentLoss: out0 and out1 must be of one floating-point dtype, got Float and Double");
  EXPECT_EQ(text(torch::ones({2, 3}, torch::kLong), torch::ones({2, 3}, torch::kLong)),
            "NTXentLoss: out0 and out1 must be of one floating-point dtype, got Long and Long");
  EXPECT_EQ(text(torch::ones({2, 3}), at::Tensor()), "NTXentLoss: out0 and out1 must be tensors");
  EXPECT_THAT(text(torch::ones({2, 3}), torch::ones({2, 3}, torch::kMeta)),
              HasSubstr("must be on one device, got cpu and meta"));
}

}  // namespace
}  // namespace lightly::loss
