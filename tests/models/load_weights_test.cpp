#include "lightly/models/load_weights.hpp"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "lightly/core/safetensors.hpp"
#include "lightly/core/torch_file.hpp"
#include "lightly/models/resnet_backbone.hpp"
#include "lightly/models/simclr.hpp"
#include "support/matchers.hpp"
#include "support/torch_bytes.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::torch_bytes;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

namespace pickle = lightly::testing::pickle;

using TensorsByName = std::map<std::string, at::Tensor>;

std::filesystem::path python_file(const std::string& name) {
  return std::filesystem::path(LIGHTLY_TESTS_DIR) / "golden/core/torch_files" / name;
}

// The network of lightning.ckpt and data_parallel.pth.
torch::nn::Sequential python_net() {
  return torch::nn::Sequential(torch::nn::Linear(2, 3), torch::nn::BatchNorm1d(3));
}

SimCLR small_simclr() {
  return SimCLR(ResNetBackbone(ResNetGenerator("resnet-9", {.width = 0.0625})),
                {.num_ftrs = 32, .out_dim = 8});
}

TensorsByName weights_of(const torch::nn::Module& module) {
  TensorsByName tensors;
  for (const auto& item : state_dict(module)) {
    tensors.emplace(item.key(), item.value().clone());
  }
  return tensors;
}

void expect_same(const torch::nn::Module& module, const TensorsByName& tensors,
                 const std::string& prefix = "") {
  for (const auto& item : state_dict(module)) {
    EXPECT_TRUE(tensors_equal(item.value(), tensors.at(prefix + item.key()))) << item.key();
  }
}

TEST(SaveWeights, AreReadBackIntoAnotherModel) {
  const TemporaryFolder folder;
  SimCLR one = small_simclr();
  one(torch::randn({4, 3, 32, 32}));  // moves the running statistics
  save_weights(*one, folder / "x.safetensors");
  SimCLR two = small_simclr();
  const StateDictReport report = load_weights(*two, folder / "x.safetensors");
  EXPECT_TRUE(report.is_complete());
  EXPECT_EQ(report.loaded, state_dict(*one).keys());
  expect_same(*two, weights_of(*one));
  EXPECT_EQ(core::load_safetensors(folder / "x.safetensors").metadata,
            (std::map<std::string, std::string>{{"format", "pt"}}));
}

TEST(SaveWeights, WritesTheNamesOfLaterVersions) {
  const TemporaryFolder folder;
  SimCLR model = small_simclr();
  save_weights(*model, folder / "x.safetensors",
               {.prefix_map = {{"projection_head.", "projection_head.layers."}}});
  const auto tensors = core::load_safetensors(folder / "x.safetensors").tensors;
  EXPECT_TRUE(tensors.contains("projection_head.layers.2.weight"));
  EXPECT_FALSE(tensors.contains("projection_head.2.weight"));
  EXPECT_TRUE(tensors.contains("backbone.1.num_batches_tracked"));
  EXPECT_THAT(error_text([&] {
                save_weights(*python_net(), folder / "y", {.prefix_map = {{"0.", "1."}}});
              }),
              AllOf(StartsWith("save_weights: "), HasSubstr("y: two tensors become 1.bias")));
}

TEST(LoadWeights, TakesAModelOutOfALightningCheckpoint) {
  auto net = python_net();
  const StateDictReport report =
      load_weights(*net, python_file("lightning.ckpt"), {.only = "model.backbone."});
  EXPECT_TRUE(report.is_complete());
  EXPECT_EQ(report.loaded.size(), 7U);
  expect_same(*net, core::load_torch_file(python_file("lightning.ckpt")), "model.backbone.");
}

TEST(LoadWeights, TakesPrefixesOffAndPutsThemBefore) {
  auto net = python_net();
  load_weights(*net, python_file("data_parallel.pth"), {.prefix_map = {{"module.", ""}}});
  expect_same(*net, core::load_torch_file(python_file("data_parallel.pth")), "module.");
  const TemporaryFolder folder;
  save_weights(*net, folder / "x");
  torch::nn::ModuleList outer;
  outer->push_back(python_net());
  load_weights(*outer, folder / "x", {.prefix_map = {{"", "0."}}});
  expect_same(*net, weights_of(*(*outer)[0]));
  EXPECT_THAT(error_text([&] { load_weights(*net, folder / "x", {.prefix_map = {{"0.", "1."}}}); }),
              HasSubstr("x: two tensors become 1.bias"));
}

TEST(LoadWeights, LooksAtTheContentNotTheName) {
  const TemporaryFolder folder;
  write_file(folder / "x.safetensors", read_file(python_file("data_parallel.pth")));
  auto net = python_net();
  load_weights(*net, folder / "x.safetensors", {.only = "module."});
  save_weights(*net, folder / "y.pt");
  EXPECT_TRUE(load_weights(*net, folder / "y.pt").is_complete());
}

TEST(LoadWeights, TakesASubtreeOfEitherFormat) {
  const TemporaryFolder folder;
  auto net = python_net();
  core::Safetensors content;
  for (const auto& [name, tensor] : weights_of(*net)) {
    content.tensors["model." + name] = tensor + 1;
  }
  content.tensors["optimizer.lr"] = torch::ones({1});
  core::save_safetensors(folder / "x", content);
  load_weights(*net, folder / "x", {.subtree = "model"});
  expect_same(*net, content.tensors, "model.");
  load_weights(*net, python_file("lightning.ckpt"),
               {.subtree = "state_dict", .only = "model.backbone."});
  expect_same(*net, core::load_torch_file(python_file("lightning.ckpt")), "model.backbone.");
}

TEST(LoadWeights, SaysThatASubtreeIsNotThereInEitherFormat) {
  const TemporaryFolder folder;
  save_weights(*python_net(), folder / "x");
  EXPECT_EQ(error_text([&] { read_weights(folder / "x", "model"); }),
            "read_weights: " + (folder / "x").string() + ": nothing is named model");
  EXPECT_THAT(error_text([] { read_weights(python_file("lightning.ckpt"), "model"); }),
              HasSubstr("lightning.ckpt: nothing is named model"));
}

TEST(LoadWeights, StrictListsWhatDoesNotFitAndChangesNothing) {
  const TemporaryFolder folder;
  auto net = python_net();
  const TensorsByName before = weights_of(*net);
  core::Safetensors content{.tensors = weights_of(*net)};
  content.tensors["0.weight"] += 1;
  content.tensors.erase("1.weight");
  content.tensors.erase("1.num_batches_tracked");
  content.tensors["1.bias"] = torch::zeros({4});
  content.tensors["head.weight"] = torch::zeros({1});
  core::save_safetensors(folder / "x", content);
  const auto load = [&] { load_weights(*net, folder / "x"); };
  EXPECT_EQ(error_text(load),
            "load_weights: " + (folder / "x").string() +
                ": names and shapes must match the module's, got missing 1.weight; 1.bias is Float "
                "[4], expected Float [3]; unexpected head.weight");
  EXPECT_THROW(load(), c10::ValueError);
  expect_same(*net, before);

  const StateDictReport report = load_weights(*net, folder / "x", {.strict = false});
  EXPECT_THAT(report.loaded, ElementsAre("0.weight", "0.bias", "1.running_mean", "1.running_var"));
  EXPECT_THAT(report.missing, ElementsAre("1.weight"));
  EXPECT_THAT(report.mis_shaped, ElementsAre("1.bias is Float [4], expected Float [3]"));
  EXPECT_THAT(report.unexpected, ElementsAre("head.weight"));
  EXPECT_TRUE(tensors_equal(state_dict(*net)["0.weight"], content.tensors.at("0.weight")));
  EXPECT_TRUE(tensors_equal(state_dict(*net)["1.bias"], before.at("1.bias")));
}

TEST(LoadWeights, RefusesAFileOfWhichNothingFits) {
  auto net = python_net();
  EXPECT_THAT(
      error_text([&] { load_weights(*net, python_file("data_parallel.pth"), {.strict = false}); }),
      HasSubstr("no tensor fits the module; the file has module.0.bias, the module "
                "0.weight"));
  EXPECT_THAT(error_text([&] {
                load_weights(*net, python_file("data_parallel.pth"),
                             {.only = "backbone.", .strict = false});
              }),
              HasSubstr("the file has none left"));
  EXPECT_THAT(error_text([&] { load_weights(*net, "/nonexistent/x.pt"); }),
              HasSubstr("cannot open /nonexistent/x.pt"));
}

TEST(LoadWeights, ReadsTheCheckpointsOfLightlysPythonPackage) {
  const TemporaryFolder folder;
  const SimCLR source = small_simclr();
  core::Safetensors content;
  for (const auto& [name, tensor] : weights_of(*source)) {
    std::string old = name;
    if (old.starts_with("backbone.")) {
      old.replace(0, 8, "features");
    } else {
      old.insert(old.find('.') + 1, "layers.");
    }
    content.tensors["model." + old] = tensor + 1;
  }
  core::save_safetensors(folder / "x", content);
  SimCLR model = small_simclr();
  EXPECT_TRUE(load_weights(*model, folder / "x", {.lightly_checkpoint = true}).is_complete());
  EXPECT_TRUE(tensors_equal(state_dict(*model)["projection_head.2.bias"],
                            state_dict(*source)["projection_head.2.bias"] + 1));
  EXPECT_TRUE(tensors_equal(state_dict(*model)["backbone.0.weight"],
                            state_dict(*source)["backbone.0.weight"] + 1));
  // A part of the model by its new name.
  const TensorsByName all = weights_of(*model);
  ResNetBackbone backbone(ResNetGenerator("resnet-9", {.width = 0.0625}));
  load_weights(*backbone, folder / "x", {.lightly_checkpoint = true, .only = "backbone."});
  expect_same(*backbone, all, "backbone.");
}

TEST(LoadWeights, PassesOverTheBankOfALightlyCheckpointAndNamesTwoThatCollide) {
  const TemporaryFolder folder;
  core::Safetensors content;
  for (const auto& [name, tensor] : weights_of(*python_net())) {
    content.tensors["model.backbone." + name] = tensor + 1;
  }
  content.tensors["queue"] = torch::zeros({2, 4});
  content.tensors["queue_ptr"] = torch::zeros({1}, torch::kLong);
  content.tensors["criterion.head.weight"] = torch::zeros({1});
  content.tensors["model.head.weight"] = torch::zeros({1});
  core::save_safetensors(folder / "x", content);
  auto net = python_net();
  load_weights(*net, folder / "x", {.lightly_checkpoint = true, .only = "backbone."});
  expect_same(*net, content.tensors, "model.backbone.");
  EXPECT_THAT(error_text([&] {
                load_weights(*net, folder / "x", {.lightly_checkpoint = true, .strict = false});
              }),
              HasSubstr("x: two tensors become head.weight: criterion.head.weight and "
                        "model.head.weight"));
}

TEST(LoadWeights, LeavesStatisticsThatAreNoneOfASplitBatchNorm) {
  const TemporaryFolder folder;
  const auto loading = [&](torch::nn::BatchNorm1d net) {
    return error_text([&] { load_weights(*net, folder / "x", {.lightly_checkpoint = true}); });
  };
  const auto save = [&](TensorsByName tensors) {
    core::save_safetensors(folder / "x", {.tensors = std::move(tensors)});
  };
  const torch::nn::BatchNorm1d without_weight(torch::nn::BatchNormOptions(3).affine(false));
  const at::Tensor ones = torch::ones({3});
  save({{"a.running_mean", torch::ones({6})}, {"a.running_var", ones}});
  EXPECT_THAT(loading(without_weight), HasSubstr("running_mean is Float [6], expected Float [3]"));
  save({{"a.weight", ones},
        {"a.bias", ones},
        {"a.running_mean", torch::ones({6}, torch::kLong)},
        {"a.running_var", torch::ones({1})}});
  EXPECT_THAT(loading(torch::nn::BatchNorm1d(3)),
              AllOf(HasSubstr("running_mean is Long [6], expected Float [3]"),
                    HasSubstr("running_var is Float [1], expected Float [3]")));
  // Two numbers in the file that claim to be 2^58: their mean would take years.
  constexpr std::int64_t kHuge = std::int64_t{1} << 58;
  const std::string storage = pickle::storage("FloatStorage", "0", 2);
  const std::string two = pickle::tensor(storage, 0, {2}, {1});
  write_file(folder / "x",
             torch_bytes(pickle::program(pickle::dict({{pickle::text("a.weight"), two},
                                                       {pickle::text("a.bias"), two},
                                                       {pickle::text("a.running_mean"),
                                                        pickle::tensor(storage, 0, {kHuge}, {0})},
                                                       {pickle::text("a.running_var"), two}})),
                         {std::string(8, '\0')}));
  EXPECT_THAT(loading(torch::nn::BatchNorm1d(2)),
              HasSubstr("running_mean is Float [288230376151711744], expected Float [2]"));
}

TEST(LoadWeights, RepeatsOrAveragesTheStatisticsOfSplitBatchNorms) {
  const TemporaryFolder folder;
  torch::nn::BatchNorm1d one(3);
  one->running_mean.copy_(torch::tensor({1.0F, 2.0F, 3.0F}));
  save_weights(*one, folder / "one", {.prefix_map = {{"", "model."}}});
  torch::nn::BatchNorm1d split(3);
  split->running_mean.set_data(torch::zeros({6}));
  split->running_var.set_data(torch::zeros({6}));
  load_weights(*split, folder / "one", {.only = "model."});
  EXPECT_TRUE(
      tensors_equal(split->running_mean, torch::tensor({1.0F, 2.0F, 3.0F, 1.0F, 2.0F, 3.0F})));
  split->running_mean.copy_(torch::tensor({1.0F, 2.0F, 3.0F, 3.0F, 4.0F, 5.0F}));
  save_weights(*split, folder / "split", {.prefix_map = {{"", "model."}}});
  load_weights(*one, folder / "split", {.only = "model."});
  EXPECT_TRUE(tensors_equal(one->running_mean, torch::tensor({2.0F, 3.0F, 4.0F})));
  torch::nn::BatchNorm1d other(4);
  EXPECT_THAT(error_text([&] { load_weights(*other, folder / "split", {.only = "model."}); }),
              HasSubstr("running_mean is Float [6], expected Float [4]"));
}

}  // namespace
}  // namespace lightly::models
