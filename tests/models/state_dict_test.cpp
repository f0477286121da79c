#include "lightly/models/state_dict.hpp"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "lightly/models/resnet.hpp"
#include "support/matchers.hpp"

namespace lightly::models {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::map<std::string, at::Tensor> copied(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& item : state_dict(module)) {
    tensors.emplace(item.key(), item.value().clone());
  }
  return tensors;
}

torch::nn::Sequential small_net() {
  return torch::nn::Sequential(torch::nn::Linear(2, 3), torch::nn::BatchNorm1d(3));
}

TEST(StateDict, ListsParametersAndBuffersInPythonsOrder) {
  EXPECT_EQ(state_dict(*small_net()).keys(),
            (std::vector<std::string>{"0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean",
                                      "1.running_var", "1.num_batches_tracked"}));
}

TEST(StateDict, SharesMemoryAndIsDetached) {
  auto net = small_net();
  const at::Tensor weight = state_dict(*net)["0.weight"];
  EXPECT_FALSE(weight.requires_grad());
  EXPECT_EQ(weight.data_ptr(), net->parameters()[0].data_ptr());
}

TEST(LoadStateDict, MakesTwoNetworksEqual) {
  ResNet one = ResNetGenerator("resnet-9", {.width = 0.0625});
  one(torch::randn({4, 3, 32, 32}));
  ResNet two = ResNetGenerator("resnet-9", {.width = 0.0625});
  load_state_dict(*two, copied(*one));
  for (const auto& item : state_dict(*one)) {
    EXPECT_TRUE(tensors_equal(state_dict(*two)[item.key()], item.value())) << item.key();
  }
  EXPECT_TRUE(two->conv1->weight.requires_grad());
}

TEST(LoadStateDict, ConvertsTheDtype) {
  auto net = small_net();
  auto tensors = copied(*net);
  tensors["0.bias"] = torch::tensor({0.5, 1.0, 1.5}, torch::kDouble);
  load_state_dict(*net, tensors);
  EXPECT_TRUE(tensors_equal(state_dict(*net)["0.bias"], torch::tensor({0.5F, 1.0F, 1.5F})));
}

TEST(LoadStateDict, ListsWhatDoesNotFitAndChangesNothing) {
  auto net = small_net();
  const auto before = copied(*net);
  auto tensors = copied(*net);
  tensors["0.bias"] = torch::full({3}, 7.0F);
  tensors.erase("1.weight");
  tensors["1.running_mean"] = torch::zeros({4});
  tensors["2.weight"] = torch::zeros({1});
  const auto load = [&] { load_state_dict(*net, tensors); };
  EXPECT_EQ(error_text(load),
            "load_state_dict: names and shapes must match the module's, got missing 1.weight; "
            "1.running_mean is Float [4], expected Float [3]; unexpected 2.weight");
  EXPECT_THROW(load(), c10::ValueError);
  for (const auto& item : state_dict(*net)) {
    EXPECT_TRUE(tensors_equal(item.value(), before.at(item.key())));
  }
}

TEST(StateDictProblems, AreStricterWhenExact) {
  const auto net = small_net();
  auto tensors = copied(*net);
  EXPECT_THAT(state_dict_problems(state_dict(*net), tensors, StateDictMatch::kExact), IsEmpty());
  tensors["0.bias"] = torch::zeros({3}, torch::kDouble);
  tensors.erase("1.num_batches_tracked");
  EXPECT_THAT(state_dict_problems(state_dict(*net), tensors), IsEmpty());
  EXPECT_THAT(
      state_dict_problems(state_dict(*net), tensors, StateDictMatch::kExact),
      ElementsAre("missing 1.num_batches_tracked", "0.bias is Double [3], expected Float [3]"));
}

TEST(CompareStateDict, SortsEveryNameOnce) {
  const auto net = small_net();
  auto tensors = copied(*net);
  tensors.erase("1.weight");
  tensors.erase("1.num_batches_tracked");
  tensors["1.running_mean"] = torch::zeros({4});
  tensors["2.weight"] = torch::zeros({1});
  const StateDictReport report = compare_state_dict(state_dict(*net), tensors);
  EXPECT_THAT(report.loaded, ElementsAre("0.weight", "0.bias", "1.bias", "1.running_var"));
  EXPECT_THAT(report.missing, ElementsAre("1.weight"));
  EXPECT_THAT(report.mis_shaped, ElementsAre("1.running_mean is Float [4], expected Float [3]"));
  EXPECT_THAT(report.unexpected, ElementsAre("2.weight"));
  EXPECT_FALSE(report.is_complete());
  EXPECT_TRUE(compare_state_dict(state_dict(*net), copied(*net)).is_complete());
}

TEST(LoadStateDict, KeepsIdentityAndLayout) {
  torch::nn::Conv2d from(torch::nn::Conv2dOptions(3, 4, 3));
  torch::nn::Conv2d to(torch::nn::Conv2dOptions(3, 4, 3));
  to->weight.set_data(to->weight.contiguous(torch::MemoryFormat::ChannelsLast));
  const torch::Tensor held = to->weight;
  load_state_dict(*to, copied(*from));
  EXPECT_TRUE(tensors_equal(to->weight, from->weight));
  EXPECT_TRUE(held.is_same(to->weight));
  EXPECT_TRUE(held.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_FALSE(held.is_alias_of(from->weight));
}

TEST(LoadStateDict, ShortensALongList) {
  ResNet net = ResNetGenerator("resnet-18", {.width = 0.0625});
  // 122 entries, of which the 20 counters of batches may be missing.
  EXPECT_THAT(error_text([&] { load_state_dict(*net, {}); }), HasSubstr(" and 92 more"));
  // Some of each kind: names of another program show in what was not expected.
  const std::string error = error_text([&] {
    load_state_dict(*net, {{"conv1.weight", torch::zeros({1})},
                           {"layer1.0.downsample.0.weight", torch::zeros({1})}});
  });
  EXPECT_THAT(error, HasSubstr("missing bn1.weight; "));
  EXPECT_THAT(error, HasSubstr("; conv1.weight is Float [1], expected Float "));
  EXPECT_THAT(error, HasSubstr("; unexpected layer1.0.downsample.0.weight and 93 more"));
}

TEST(LoadStateDict, TakesFilesWithoutBatchCounters) {
  auto net = small_net();
  auto tensors = copied(*net);
  tensors.erase("1.num_batches_tracked");
  tensors["0.bias"] = torch::full({3}, 7.0F);
  load_state_dict(*net, tensors);
  EXPECT_TRUE(tensors_equal(state_dict(*net)["0.bias"], torch::full({3}, 7.0F)));
}

}  // namespace
}  // namespace lightly::models
