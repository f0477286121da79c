#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "lightly/data/collate.hpp"
#include "lightly/data/sample.hpp"
#include "lightly/models/backbone.hpp"
#include "lightly/transforms/size.hpp"

namespace lightly::methods {

/// What a training step gives.
struct StepOutput {
  /// A scalar, to be differentiated.
  at::Tensor loss;
  /// Outputs of the first view [B, D], without a gradient: what evaluation::CollapseMonitor takes
  /// from B = 2 on.
  at::Tensor outputs;
};

/// A method of self-supervised learning, put together: its modules, its loss and what a training
/// step does with them. A training loop that knows only this trains any method.
///
/// A step is training_step(), backward of its loss, the optimizer's step, then after_step(), both
/// with the number of the step, counted from 0 over all epochs. Everything random of a step is
/// drawn from that number and the method's own seed, so that a run which goes on from a checkpoint
/// is the run that was never stopped. The module holds all that such a checkpoint must keep. Not a
/// torch::nn::Cloneable.
class Method : public torch::nn::Module {
 public:
  using torch::nn::Module::Module;

  /// The views that the method learns from, for images of `input_size` pixels. Below 65 px they are
  /// not blurred, as SimCLR, MoCo and SimSiam leave the blur out on CIFAR-10.
  virtual data::BaseCollateFunction collate(transforms::Size input_size) const = 0;

  /// The loss of step `step` on `batch`, whose views go to the device of the parameters. Autocast
  /// is the caller's. Throws c10::ValueError for a batch of another number of views than collate()
  /// makes, and what model and loss throw.
  virtual StepOutput training_step(const data::Batch& batch, std::int64_t step) = 0;

  /// What follows the optimizer's step `step`, such as the update of a momentum encoder; nothing by
  /// default.
  virtual void after_step(std::int64_t step);

  /// The network to keep after the training.
  virtual models::Backbone backbone() const = 0;

  /// What the optimizer gets: the parameters that take a gradient, in the module's order.
  std::vector<at::Tensor> trained_parameters() const;
};

}  // namespace lightly::methods

/// Declares the holder `Name` of the method `NameImpl`, with `Name method(backbone, {.model =
/// ...})`.
#define LIGHTLY_METHOD(Name)                                                                  \
  class Name : public ::torch::nn::ModuleHolder<Name##Impl> {                                 \
   public:                                                                                    \
    using Impl = Name##Impl;                                                                  \
    using ::torch::nn::ModuleHolder<Name##Impl>::ModuleHolder;                                \
    explicit(false) Name(::lightly::models::Backbone backbone, Name##Options options = {})    \
        : ModuleHolder(                                                                       \
              ::std::make_shared<Name##Impl>(::std::move(backbone), ::std::move(options))) {} \
  }
