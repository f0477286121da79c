#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <torch/types.h>

#include "lightly/lightly.hpp"

// What the snippets of the pages in docs/ take for granted. run.cmake makes each of them the run()
// of a struct of its own that derives from Page.
struct Page {
  at::Device device = at::kCPU;
  at::Tensor images = torch::rand({4, 3, 64, 64});
  // run.cmake puts the folder into the working directory.
  lightly::data::DatasetPtr data_set = std::make_shared<lightly::data::IdxDataset>(
      lightly::data::IdxDataset::mnist("fashion-mnist", lightly::data::Split::kTest));
  lightly::transforms::BatchView view{lightly::transforms::simclr_view({.input_size = 32})};
  lightly::models::ResNet resnet = lightly::models::resnet18();
  lightly::models::ResNetBackbone backbone{resnet};
};

// The files that the snippets read, into the working directory.
inline void write_files() {
  using namespace lightly;
  for (const std::string name : {"ants/1.png", "ants/2.png", "bees/1.png", "bees/2.png"}) {
    const std::filesystem::path path = "photos/" + name;
    std::filesystem::create_directories(path.parent_path());
    media::save_png(path, torch::randint(256, {3, 60, 80}, torch::kByte));
  }
  const models::ResNet resnet = models::resnet18();
  models::save_weights(*resnet, "resnet18-f37072fd.pth");
  const models::ResNetBackbone backbone(resnet);
  models::save_weights(*backbone, "last.ckpt", {.prefix_map = {{"", "model.backbone."}}});
  models::save_weights(*backbone, "other.pt",
                       {.prefix_map = {{"0.", "module.stem."}, {"", "module."}}});
}
