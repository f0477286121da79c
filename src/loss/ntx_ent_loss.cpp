#include "lightly/loss/ntx_ent_loss.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/logaddexp.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/scalar_tensor.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/impl/LocalDispatchKeySet.h>
#include <c10/util/Exception.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/functions/basic_ops.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/custom_class.h>

#include "core/block_pool.hpp"
#include "core/tensor_rows.hpp"
#include "lightly/core/check.hpp"
#include "loss/ntx_ent_bank_tiles.hpp"
#include "loss/ntx_ent_chunks.hpp"
#include "loss/ntx_ent_tiles.hpp"

namespace lightly::loss {
namespace {

/// The text of Python's `str` for a finite number below 1e-8, as its error message has it.
std::string python_text(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.begin(), buffer.end(), value);
  std::string text(buffer.begin(), end);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

void check_views(const at::Tensor& out0, const at::Tensor& out1) {
  TORCH_CHECK_VALUE(out0.defined() && out1.defined(), "NTXentLoss: out0 and out1 must be tensors");
  TORCH_CHECK_VALUE(out0.dim() == 2 && out0.numel() > 0 && out0.sizes() == out1.sizes(),
                    "NTXentLoss: out0 and out1 must be [B, D] of one shape with B, D >= 1, got ",
                    out0.sizes(), " and ", out1.sizes());
  TORCH_CHECK_VALUE(out0.is_floating_point() && out0.scalar_type() == out1.scalar_type(),
                    "NTXentLoss: out0 and out1 must be of one floating-point dtype, got ",
                    out0.scalar_type(), " and ", out1.scalar_type());
  TORCH_CHECK_VALUE(out0.device() == out1.device(),
                    "NTXentLoss: out0 and out1 must be on one device, got ", out0.device(), " and ",
                    out1.device());
}

void check_bank(const at::Tensor& out0, const at::Tensor& bank) {
  TORCH_CHECK_VALUE(bank.dim() == 2 && bank.size(0) >= 1 && bank.is_floating_point(),
                    "NTXentLoss: bank must be floating point [K, D] with K >= 1, got ",
                    bank.scalar_type(), " ", bank.sizes());
  TORCH_CHECK_VALUE(bank.size(1) == out0.size(1),
                    "NTXentLoss: bank must be as wide as out0 and out1, ", out0.size(1), ", got ",
                    bank.size(1));
  TORCH_CHECK_VALUE(bank.device() == out0.device(),
                    "NTXentLoss: bank must be on the device of out0, ", out0.device(), ", got ",
                    bank.device());
}

at::Tensor loss_by_matrix(const at::Tensor& out0, const at::Tensor& out1, double temperature) {
  const std::int64_t batch = out0.size(0);
  // Half of the temperature on either side keeps s(i, j) and s(j, i) equal to the last bit.
  const at::Tensor z =
      core::normalized_rows(at::cat({out0, out1})) / std::sqrt(std::abs(temperature));
  const at::Tensor similarities = at::matmul(z, (temperature > 0 ? z : -z).t());
  // Not recorded: logsumexp gives these entries the gradient exp(-inf) = 0.
  similarities.detach().fill_diagonal_(-std::numeric_limits<double>::infinity());
  const at::Tensor partners = similarities.diagonal(batch);
  return (at::logsumexp(similarities, 1).view({2, batch}) - partners).mean();
}

at::Tensor loss_by_matrix(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
                          double temperature) {
  const at::Tensor queries = core::normalized_rows(out0) / temperature;
  const at::Tensor positives = (queries * core::normalized_rows(out1)).sum(1);
  const at::Tensor negatives = at::logsumexp(at::matmul(queries, bank.t()), 1);
  return (at::logaddexp(positives, negatives) - positives).mean();
}

// Whether the kernels of our own take rows of this kind, half precision as float32.
bool fits_kernels(const at::Tensor& rows) {
  return rows.is_cpu() && rows.scalar_type() != at::kDouble;
}

constexpr std::int64_t kLargestMatrixBytes = std::int64_t{64} << 20;
constexpr std::int64_t kChunkBytes = std::int64_t{32} << 20;

// One of the ways to take the loss without the matrix.
struct Tiled : torch::CustomClassHolder {
  std::variant<std::monostate, NTXentTiles, NTXentBankTiles, NTXentChunks> how;
};

struct TiledInput {
  at::Tensor bank;
  NTXentOptions options;
  bool with_gradient;
  core::BlockPool* memory;
};

at::Tensor compute(Tiled& tiled, const at::Tensor& out0, const at::Tensor& out1,
                   const TiledInput& input) {
  const double temperature = input.options.temperature;
  if (!fits_kernels(out0)) {
    // Detached: the graph's node keeps the chunks, and the loss that leaves keeps the node.
    return tiled.how
        .emplace<NTXentChunks>(
            out0, out1, input.bank,
            NTXentChunks::Options{.temperature = temperature, .chunk_bytes = kChunkBytes})
        .loss()
        .detach();
  }
  const at::Tensor rows0 = out0.contiguous();
  const at::Tensor rows1 = out1.contiguous();
  const double loss =
      input.bank.defined()
          ? tiled.how
                .emplace<NTXentBankTiles>(
                    rows0, rows1, input.bank.contiguous(),
                    NTXentBankTiles::Options{.temperature = temperature,
                                             .with_gradient = input.with_gradient})
                .loss()
          : tiled.how
                .emplace<NTXentTiles>(rows0, rows1,
                                      NTXentTiles::Options{.temperature = temperature,
                                                           .with_gradient = input.with_gradient,
                                                           .kept_bytes = input.options.kept_bytes,
                                                           .memory = input.memory})
                .loss();
  return at::scalar_tensor(loss, out0.options().requires_grad(false));
}

struct Gradients {
  at::Tensor scale;

  std::pair<at::Tensor, at::Tensor> operator()(std::monostate) const { return {}; }
  std::pair<at::Tensor, at::Tensor> operator()(const NTXentChunks& chunks) const {
    return chunks.gradient(scale);
  }
  template <typename Tiles>
  std::pair<at::Tensor, at::Tensor> operator()(const Tiles& tiles) const {
    return tiles.gradient(scale.item<double>());  // on the CPU
  }
};

class TiledFunction : public torch::autograd::Function<TiledFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& out0,
                            const at::Tensor& out1, const TiledInput& input) {
    auto tiled = c10::make_intrusive<Tiled>();
    at::Tensor loss = compute(*tiled, out0, out1, input);
    context->saved_data["tiled"] = at::IValue::make_capsule(std::move(tiled));
    context->save_for_backward({out0, out1});
    return loss;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const bool twice = at::GradMode::is_enabled();
    const auto kept = context->saved_data.find("tiled");
    TORCH_CHECK(kept != context->saved_data.end(),
                "NTXentLoss: backward a second time needs retain_graph the first time");
    const auto tiled = c10::static_intrusive_pointer_cast<Tiled>(kept->second.toCapsule());
    torch::autograd::variable_list result(3);
    {
      const at::NoGradGuard no_grad;
      const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
      std::tie(result[0], result[1]) =
          std::visit(Gradients{gradients[0].detach()}, std::as_const(tiled->how));
    }
    if (twice) {
      // With the rows as further inputs, so that the error lies on every way to them.
      const torch::autograd::variable_list rows = context->get_saved_variables();
      const auto refuse = std::make_shared<torch::autograd::DelayedError>(
          "NTXentLoss: the gradient can only be differentiated again with Similarities::kMatrix",
          3);
      for (at::Tensor* gradient : {&result[0], &result[1]}) {
        *gradient = (*refuse)({gradient->detach().requires_grad_(), rows[0], rows[1]})[0];
      }
    }
    if (!torch::autograd::get_current_graph_task_keep_graph()) {
      context->saved_data.erase("tiled");  // which LibTorch would keep as long as the loss lives
    }
    return result;
  }
};

bool takes_tiles(const at::Tensor& out0, const at::Tensor& bank, Similarities similarities) {
  if (similarities != Similarities::kAuto) {
    return similarities == Similarities::kTiles;
  }
  const std::int64_t batch = out0.size(0);
  const std::int64_t entries = bank.defined() ? batch * bank.size(0) : 4 * batch * batch;
  return fits_kernels(out0) ||
         entries * static_cast<std::int64_t>(out0.element_size()) > kLargestMatrixBytes;
}

at::Tensor loss_of(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
                   const NTXentOptions& options, core::BlockPool* memory = nullptr) {
  options.check();
  check_views(out0, out1);
  if (bank.defined()) {
    check_bank(out0, bank);
  }
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::ScalarType dtype = core::wide_type(out0.scalar_type());
  const at::Tensor rows0 = out0.to(dtype);
  const at::Tensor rows1 = out1.to(dtype);
  const at::Tensor negatives = bank.defined() ? bank.detach().to(dtype) : bank;
  if (!takes_tiles(rows0, negatives, options.similarities)) {
    return negatives.defined() ? loss_by_matrix(rows0, rows1, negatives, options.temperature)
                               : loss_by_matrix(rows0, rows1, options.temperature);
  }
  const bool with_gradient =
      at::GradMode::is_enabled() && (rows0.requires_grad() || rows1.requires_grad());
  const TiledInput input{
      .bank = negatives, .options = options, .with_gradient = with_gradient, .memory = memory};
  if (!with_gradient) {
    Tiled tiled;
    return compute(tiled, rows0.detach(), rows1.detach(), input);
  }
  return TiledFunction::apply(rows0, rows1, input);
}

}  // namespace

void NTXentOptions::check() const {
  TORCH_CHECK_VALUE(std::isfinite(temperature), "NTXentLoss: temperature must be finite, got ",
                    temperature);
  TORCH_CHECK_VALUE(std::abs(temperature) >= 1e-8, "NTXentLoss: Illegal temperature: abs(",
                    python_text(temperature), ") < 1e-8");
  core::check_at_least("NTXentLoss", "kept_bytes", kept_bytes, 0);
}

at::Tensor ntx_ent_loss(const at::Tensor& out0, const at::Tensor& out1,
                        const NTXentOptions& options) {
  return loss_of(out0, out1, {}, options);
}

at::Tensor ntx_ent_loss(const at::Tensor& out0, const at::Tensor& out1, const at::Tensor& bank,
                        const NTXentOptions& options) {
  TORCH_CHECK_VALUE(bank.defined(), "NTXentLoss: bank must be a tensor");
  return loss_of(out0, out1, bank, options);
}

void NTXentLossOptions::check() const {
  MemoryBankModuleOptions{.size = memory_bank_size, .drop_tail = drop_tail}.check();
  NTXentOptions{.temperature = temperature, .similarities = similarities, .kept_bytes = kept_bytes}
      .check();
}

NTXentLossImpl::NTXentLossImpl(NTXentLossOptions options_) : options(options_) {
  options.check();
  NTXentLossImpl::reset();
}

void NTXentLossImpl::reset() {
  memory_ = std::make_shared<core::BlockPool>(/*most_kept=*/1);
  if (options.memory_bank_size.rows > 0) {
    memory_bank = register_module(
        "memory_bank",
        MemoryBankModule({.size = options.memory_bank_size, .drop_tail = options.drop_tail}));
  }
}

at::Tensor NTXentLossImpl::forward(const at::Tensor& out0, const at::Tensor& out1) {
  const NTXentOptions how{.temperature = options.temperature,
                          .similarities = options.similarities,
                          .kept_bytes = options.kept_bytes};
  if (memory_bank.is_empty()) {
    return loss_of(out0, out1, {}, how, memory_.get());
  }
  check_views(out0, out1);
  const bool updates = at::GradMode::is_enabled() && out0.requires_grad();
  at::Tensor bank = memory_bank->query(out1);
  if (updates && !(fits_kernels(out0) && options.similarities != Similarities::kMatrix)) {
    // The backward pass needs the rows as they are now; the kernels have the gradient by then.
    bank = bank.clone();
  }
  at::Tensor loss = ntx_ent_loss(out0, out1, bank, how);
  if (updates) {
    const auto keys = std::make_shared<at::Tensor>(
        core::normalized_rows(out1.detach().to(core::wide_type(out1.scalar_type()))));
    if (options.bank_update == BankUpdate::kInForward) {
      memory_bank->enqueue(*keys);
    } else {
      loss.register_hook([ring = memory_bank.ptr(), keys](const at::Tensor&) {
        if (keys->defined()) {  // once, however often the graph is walked
          ring->enqueue(*keys);
          keys->reset();
        }
      });
    }
  }
  return loss;
}

}  // namespace lightly::loss
