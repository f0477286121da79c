#include "lightly/training/model_tensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/training/memory_format.hpp"
#include "support/matchers.hpp"
#include "training/small_net.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;
using lightly::testing::tensors_equal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;

TEST(ModelTensors, HasParametersAndBuffersUnderPythonsNames) {
  const SmallNet net;
  EXPECT_THAT(model_tensors(*net),
              ElementsAre(Key("bn.bias"), Key("bn.num_batches_tracked"), Key("bn.running_mean"),
                          Key("bn.running_var"), Key("bn.weight"), Key("conv.weight"),
                          Key("fc.bias"), Key("fc.weight")));
}

TEST(LoadTensors, CopiesEveryTensorAndKeepsTheLayout) {
  SmallNet from;
  from->bn->running_mean.fill_(3.0);
  SmallNet to;
  to_channels_last(*to);
  const torch::Tensor held = to->conv->weight;
  load_tensors(*to, model_tensors(*from));
  for (const auto& [name, tensor] : model_tensors(*from)) {
    EXPECT_TRUE(tensors_equal(model_tensors(*to).at(name), tensor)) << name;
  }
  EXPECT_TRUE(held.is_same(to->conv->weight));
  EXPECT_TRUE(held.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(held.requires_grad());
  EXPECT_FALSE(held.is_alias_of(from->conv->weight));
}

TEST(LoadTensors, ListsEveryProblemAndChangesNothing) {
  SmallNet net;
  auto tensors = model_tensors(*SmallNet());
  tensors.erase("bn.weight");
  tensors.erase("bn.running_var");
  tensors["fc.weight"] = torch::zeros({4, 8});
  tensors["fc.bias"] = torch::zeros({3}, torch::kDouble);
  tensors["projection.weight"] = torch::zeros({1});
  const torch::Tensor before = net->conv->weight.detach().clone();
  const std::string text = error_text([&] { load_tensors(*net, tensors, "load_backbone: a.st"); });
  EXPECT_EQ(text,
            "load_backbone: a.st: the tensors do not fit the module: missing bn.running_var; "
            "missing bn.weight; fc.bias is Double [3], expected Float [3]; fc.weight is Float "
            "[4, 8], expected Float [3, 8]; unexpected projection.weight");
  EXPECT_TRUE(tensors_equal(net->conv->weight, before));
}

TEST(TensorProblems, AreNoneForAModulesOwn) {
  const SmallNet net;
  EXPECT_THAT(tensor_problems(*net, model_tensors(*net)), IsEmpty());
  EXPECT_THAT(error_text([&] { load_tensors(*SmallNet(), {}); }),
              HasSubstr("load_tensors: the tensors do not fit the module: missing bn.bias; "));
}

}  // namespace
}  // namespace lightly::training
