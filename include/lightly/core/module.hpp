#pragma once

#include <memory>
#include <utility>

#include <torch/nn/pimpl.h>

namespace lightly::core {

/// Marks a module of one's own as a norm layer, whose parameters optim::decay_groups spares.
struct NormLayer {
  virtual ~NormLayer() = default;
};

}  // namespace lightly::core

/// Declares the holder `Name` of the module `NameImpl`, as TORCH_MODULE does, with one constructor
/// more.
///
/// The constructor of LibTorch's holder is a forwarding template, which cannot take a braced list;
/// the non-template constructor below makes `NTXentLoss loss({.temperature = 0.1})` compile.
#define LIGHTLY_MODULE(Name)                                                    \
  class Name : public ::torch::nn::ModuleHolder<Name##Impl> {                   \
   public:                                                                      \
    using Impl = Name##Impl;                                                    \
    using ::torch::nn::ModuleHolder<Name##Impl>::ModuleHolder;                  \
    Name() : ModuleHolder(::std::make_shared<Name##Impl>()) {}                  \
    explicit(false) Name(Name##Options options)                                 \
        : ModuleHolder(::std::make_shared<Name##Impl>(::std::move(options))) {} \
  }

/// As LIGHTLY_MODULE, for a module built around one part of type `Part`: `SimCLR model(backbone,
/// {.num_ftrs = 512})`. Its call takes an overloaded `forward` too, which that of LibTorch's holder
/// does not.
#define LIGHTLY_MODULE_AROUND(Part, Name)                                                          \
  class Name : public ::torch::nn::ModuleHolder<Name##Impl> {                                      \
   public:                                                                                         \
    using Impl = Name##Impl;                                                                       \
    using ::torch::nn::ModuleHolder<Name##Impl>::ModuleHolder;                                     \
    explicit(false) Name(Part part, Name##Options options = {})                                    \
        : ModuleHolder(::std::make_shared<Name##Impl>(::std::move(part), ::std::move(options))) {} \
    template <typename... Args>                                                                    \
    auto operator()(Args&&... args) {                                                              \
      return this->get()->forward(::std::forward<Args>(args)...);                                  \
    }                                                                                              \
  }
