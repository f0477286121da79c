// What a user's first program does: one step of SimCLR on random images, through the umbrella
// header alone.
#include <cstdio>

#include <torch/types.h>

#include "lightly/lightly.hpp"

int main() {
  using namespace lightly;
  auto resnet = models::ResNetGenerator("resnet-9", {.width = 0.125});
  models::SimCLR model(models::ResNetBackbone(resnet), {.num_ftrs = 64, .out_dim = 32});
  loss::NTXentLoss criterion({.temperature = 0.1});
  const auto [out0, out1] =
      model->forward(torch::rand({4, 3, 32, 32}), torch::rand({4, 3, 32, 32}));
  const auto value = criterion(out0, out1);
  value.backward();
  std::printf("lightly %d.%d.%d, loss %.3f\n", LIGHTLY_VERSION_MAJOR, LIGHTLY_VERSION_MINOR,
              LIGHTLY_VERSION_PATCH, value.item<double>());
  return value.item<double>() > 0.0 ? 0 : 1;
}
