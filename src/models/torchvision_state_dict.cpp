#include "lightly/models/torchvision_state_dict.hpp"

#include <string_view>
#include <utility>

#include "lightly/models/state_dict.hpp"
#include "models/split_statistics.hpp"

namespace lightly::models {
namespace {

using TensorsByName = torch::OrderedDict<std::string, at::Tensor>;

void add_child(TensorsByName& into, const std::string& prefix, const torch::nn::Module& child) {
  constexpr std::string_view kShortcut = ".shortcut.";
  for (const auto& item : state_dict(child)) {
    std::string name = prefix + "." + item.key();
    if (const auto at = name.find(kShortcut); at != std::string::npos) {
      name.replace(at, kShortcut.size(), ".downsample.");
    }
    into.insert(name, item.value());
  }
}

template <typename Net>
TensorsByName stages(const Net& net) {
  TensorsByName tensors;
  add_child(tensors, "conv1", *net.conv1);
  add_child(tensors, "bn1", *net.bn1.ptr());
  add_child(tensors, "layer1", *net.layer1);
  add_child(tensors, "layer2", *net.layer2);
  add_child(tensors, "layer3", *net.layer3);
  add_child(tensors, "layer4", *net.layer4);
  return tensors;
}

TensorsByName whole(const ResNet& resnet) {
  TensorsByName tensors = stages(*resnet);
  add_child(tensors, "fc", *resnet->linear);
  return tensors;
}

std::map<std::string, at::Tensor> of_torchvision(const TensorsByName& tensors) {
  std::map<std::string, at::Tensor> map;
  for (const auto& item : tensors) {
    map.emplace(item.key(), item.value());
  }
  merge_split_statistics(map);
  return map;
}

void load(const TensorsByName& targets, std::map<std::string, at::Tensor> tensors) {
  fit_split_statistics(targets, tensors);
  load_state_dict(targets, tensors, "load_torchvision_state_dict");
}

}  // namespace

std::map<std::string, at::Tensor> torchvision_state_dict(const ResNet& resnet) {
  return of_torchvision(whole(resnet));
}

std::map<std::string, at::Tensor> torchvision_state_dict(const ResNetBackbone& backbone) {
  return of_torchvision(stages(*backbone));
}

void load_torchvision_state_dict(ResNet& resnet, const std::map<std::string, at::Tensor>& tensors) {
  load(whole(resnet), tensors);
}

void load_torchvision_state_dict(ResNetBackbone& backbone,
                                 const std::map<std::string, at::Tensor>& tensors) {
  auto without_classifier = tensors;
  std::erase_if(without_classifier, [](const auto& item) { return item.first.starts_with("fc."); });
  load(stages(*backbone), std::move(without_classifier));
}

}  // namespace lightly::models
