#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace lightly::models {

/// Any module that maps images [B, 3, H, W] to features [B, F, ...]: a ResNet of this library, a
/// `torch::nn::Sequential`, or a user's own. Copies share the module, as LibTorch's holders do.
class Backbone {
 public:
  Backbone() = default;

  /// From a holder, e.g. `Backbone(MyNet(...))`; implicit, so that models take any backbone.
  template <typename Holder>
    requires std::is_base_of_v<torch::detail::ModuleHolderIndicator, Holder>
  explicit(false) Backbone(const Holder& holder) : Backbone(holder.ptr()) {}

  /// From a shared module with `forward(Tensor) -> Tensor`.
  template <typename Impl>
    requires std::derived_from<Impl, torch::nn::Module>
  explicit(false) Backbone(std::shared_ptr<Impl> module)
      : module_(std::move(module)),
        forward_([](torch::nn::Module& self, const at::Tensor& x) -> at::Tensor {
          return dynamic_cast<Impl&>(self).forward(x);
        }) {}

  /// Features of a batch, in whatever shape the module gives.
  at::Tensor forward(const at::Tensor& images) const { return forward_(*module_, images); }
  at::Tensor operator()(const at::Tensor& images) const { return forward(images); }

  /// The module, to register it, to change its mode or to read its parameters.
  const std::shared_ptr<torch::nn::Module>& module() const { return module_; }

  /// The same kind of backbone around another module of the same type (a clone, for example).
  Backbone with_module(std::shared_ptr<torch::nn::Module> module) const {
    Backbone copy = *this;
    copy.module_ = std::move(module);
    return copy;
  }

 private:
  std::shared_ptr<torch::nn::Module> module_;
  at::Tensor (*forward_)(torch::nn::Module&, const at::Tensor&) = nullptr;
};

}  // namespace lightly::models
