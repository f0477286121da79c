#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace lightly::models {

/// A module with `forward(Tensor) -> Tensor`.
template <typename Impl>
concept FeatureModule =
    std::derived_from<Impl, torch::nn::Module> && requires(Impl& module, const at::Tensor& images) {
      { module.forward(images) } -> std::convertible_to<at::Tensor>;
    };

/// Any module that maps images [B, 3, H, W] to features [B, F, ...]: a ResNet of this library, a
/// `torch::nn::Sequential`, or a user's own. Copies share the module, as LibTorch's holders do.
class Backbone {
 public:
  /// An empty backbone, to be assigned before use.
  Backbone() = default;

  /// From a holder, e.g. `Backbone(MyNet(...))`; implicit, so that models take any backbone.
  template <typename Holder>
    requires std::is_base_of_v<torch::detail::ModuleHolderIndicator, Holder>
  explicit(false) Backbone(const Holder& holder) : Backbone(holder.ptr()) {}

  /// From a shared module. Throws c10::ValueError for a null pointer.
  template <FeatureModule Impl>
  explicit(false) Backbone(std::shared_ptr<Impl> module)
      : module_(std::move(module)),
        forward_([](torch::nn::Module& self, const at::Tensor& images) -> at::Tensor {
          return dynamic_cast<Impl&>(self).forward(images);
        }) {
    TORCH_CHECK_VALUE(module_ != nullptr, "Backbone: module must not be null");
  }

  /// Features of a batch, in whatever shape the module gives.
  at::Tensor forward(const at::Tensor& images) const { return forward_(*module(), images); }
  at::Tensor operator()(const at::Tensor& images) const { return forward(images); }

  /// True for a default-constructed backbone.
  bool is_empty() const { return module_ == nullptr; }

  /// The module, to register it, to change its mode or to read its parameters. Throws c10::Error
  /// when the backbone is empty.
  const std::shared_ptr<torch::nn::Module>& module() const {
    TORCH_CHECK(module_ != nullptr, "Backbone: no module was given");
    return module_;
  }

  /// A backbone with tensors of its own. Throws c10::Error when the module is not a
  /// `torch::nn::Cloneable`.
  Backbone clone(const std::optional<at::Device>& device = std::nullopt) const {
    return with_module(module()->clone(device));
  }

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
