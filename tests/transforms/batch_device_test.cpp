// What BatchView asks of the device: no number comes back, one copy goes there. Proved on
// LibTorch's Meta device, whose tensors have a shape and no content, by an observer of every
// operator.

#include <algorithm>

#include <ATen/TensorIndexing.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <torch/library.h>

#include "lightly/transforms/batch.hpp"
#include "support/matchers.hpp"
#include "support/operator_observer.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::error_text;
using lightly::testing::OperatorObserver;
using ::testing::HasSubstr;

// The shapes of results that LibTorch knows for this device only in Python.
at::Tensor& shape_of_abs(const at::Tensor& /*self*/, at::Tensor& out) {
  return out;
}

at::Tensor shape_of_index_select(const at::Tensor& self, std::int64_t dim,
                                 const at::Tensor& index) {
  std::vector<std::int64_t> sizes = self.sizes().vec();
  sizes.at(static_cast<std::size_t>(dim)) = index.numel();
  return at::empty(sizes, self.options());
}

TORCH_LIBRARY_IMPL(aten, Meta, library) {
  library.impl("abs.out", shape_of_abs);
  library.impl("index_select", shape_of_index_select);
}

// Operators whose result needs the content of a tensor on the host.
std::vector<std::string> waits_in(const std::vector<std::string>& names) {
  std::vector<std::string> found;
  for (const std::string& name : names) {
    for (const char* wait : {"aten::_local_scalar_dense", "aten::item", "aten::is_nonzero",
                             "aten::nonzero", "aten::masked_select", "aten::equal", "aten::unique",
                             "aten::_unique2", "aten::allclose"}) {
      if (name == wait) {
        found.push_back(name);
      }
    }
  }
  return found;
}

// Every step happens to some of the samples and not to all.
const ImageViewOptions kBusy{.input_size = {24, 20},
                             .cj_prob = 0.8,
                             .random_gray_scale = 0.5,
                             .gaussian_blur = 0.5,
                             .vf_prob = 0.5,
                             .rr_prob = 0.5,
                             .rr_degrees = DegreeRange(-30.0, 30.0),
                             .solarization_prob = 0.5};
// To all.
const ImageViewOptions kAlways{.input_size = 24,
                               .cj_prob = 1.0,
                               .random_gray_scale = 1.0,
                               .gaussian_blur = 1.0,
                               .vf_prob = 1.0,
                               .hf_prob = 1.0,
                               .rr_prob = 1.0,
                               .solarization_prob = 1.0,
                               .interpolation = functional::Interpolation::kBicubic};

std::vector<std::int64_t> indices() {
  std::vector<std::int64_t> all(32);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

class BatchViewOnDevice : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef NDEBUG
    GTEST_SKIP()
        << "without NDEBUG an observer's RecordFunction is not the one LibTorch was built with";
#endif
  }
};

TEST_F(BatchViewOnDevice, NeedsNoContentOfATensor) {
  for (const ImageViewOptions& options : {kBusy, kAlways}) {
    for (const at::ScalarType dtype : {at::kByte, at::kFloat}) {
      const at::Tensor images =
          at::empty({32, 3, 40, 50}, at::TensorOptions(dtype).device(at::kMeta));
      const at::Tensor views = BatchView(options)(images, indices(), {.seed = 1});
      EXPECT_TRUE(views.is_meta());
      EXPECT_EQ(views.sizes(), (std::vector<std::int64_t>{32, 3, options.input_size.height,
                                                          options.input_size.width}));
    }
  }
}

TEST_F(BatchViewOnDevice, CopiesOnceFromTheHostAndNothingBack) {
  const at::Tensor images =
      at::empty({32, 3, 40, 50}, at::TensorOptions(at::kByte).device(at::kMeta));
  const BatchView view(kBusy);
  const OperatorObserver observer;
  view(images, indices(), {.seed = 1});
  EXPECT_EQ(OperatorObserver::copies(), 1);
  EXPECT_THAT(waits_in(OperatorObserver::names()), ::testing::IsEmpty());
  EXPECT_GT(OperatorObserver::names().size(), 100U);
}

TEST_F(BatchViewOnDevice, CallsNoOperatorThatWaits) {
  const at::Tensor images = at::empty({32, 3, 40, 50}, at::kByte).fill_(100);
  const BatchView view(kBusy);
  const OperatorObserver observer;
  view(images, indices(), {.seed = 1});
  EXPECT_THAT(waits_in(OperatorObserver::names()), ::testing::IsEmpty());
}

TEST_F(BatchViewOnDevice, CallsAsManyOperatorsForManySamplesAsForFew) {
  // A loop over samples would show.
  const BatchView view(kAlways);
  std::vector<std::size_t> calls;
  for (const std::int64_t copies : {1, 8}) {
    const at::Tensor images = at::empty({32 * copies, 3, 40, 50}, at::kByte).fill_(100);
    std::vector<std::int64_t> all;
    for (std::int64_t i = 0; i < copies; ++i) {
      const std::vector<std::int64_t> more = indices();
      all.insert(all.end(), more.begin(), more.end());
    }
    const OperatorObserver observer;
    view(images, all, {.seed = 1});
    calls.push_back(OperatorObserver::names().size());
  }
  EXPECT_EQ(calls[0], calls[1]);
}

TEST_F(BatchViewOnDevice, TheObserverSeesWhatItLooksFor) {
  const OperatorObserver observer;
  const at::Tensor one = at::ones({3});
  EXPECT_EQ(one.sum().item<float>(), 3.0F);
  one.index({one.gt(0.0)});
  one.to(at::kMeta);
  EXPECT_THAT(waits_in(OperatorObserver::names()),
              ::testing::AllOf(::testing::Contains("aten::item"),
                               ::testing::Contains("aten::_local_scalar_dense"),
                               ::testing::Contains("aten::nonzero")));
  EXPECT_EQ(OperatorObserver::copies(), 1);
  EXPECT_THAT(error_text([&] { one.to(at::kMeta).sum().item<float>(); }), HasSubstr("Meta"));
}

}  // namespace
}  // namespace lightly::transforms
