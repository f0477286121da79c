// BatchView on a CUDA device: as exact as on the CPU, whatever the batch and the process's
// precision, and without waiting for the device. Nothing here names CUDA's libraries, so that it is
// compiled everywhere.

#include <numeric>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "lightly/transforms/batch.hpp"
#include "support/matchers.hpp"
#include "transforms/formula_image.hpp"

namespace lightly::transforms {
namespace {

using lightly::testing::scene_image;
using lightly::testing::tensors_equal;

constexpr std::int64_t kScenes = 24;

// Every step happens, to some of the samples only.
ImageViewOptions busy_at(functional::Interpolation interpolation) {
  return {.input_size = 96,
          .cj_prob = 0.8,
          .random_gray_scale = 0.3,
          .gaussian_blur = 0.5,
          .vf_prob = 0.5,
          .rr_prob = 0.5,
          .rr_degrees = DegreeRange(-45.0, 45.0),
          .rotation = RotationPlace::kAfterFlips,
          .solarization_prob = 0.3,
          .interpolation = interpolation,
          // In levels of 255.
          .normalize = Normalization{.std = {1.0 / 255.0, 1.0 / 255.0, 1.0 / 255.0}}};
}

class BatchViewOnCuda : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!at::hasCUDA()) {
      GTEST_SKIP() << "this machine has no CUDA device, or LibTorch none of its libraries";
    }
    std::vector<at::Tensor> scenes;
    for (std::int64_t i = 0; i < kScenes; ++i) {
      scenes.push_back(scene_image(static_cast<std::uint32_t>(i), {120, 140}));
    }
    images_ = at::stack(scenes).to(at::kCUDA);
    std::iota(indices_.begin(), indices_.end(), 0);
  }

  at::Tensor images_;
  std::vector<std::int64_t> indices_ = std::vector<std::int64_t>(kScenes);
};

double mean_of(const at::Tensor& tensor) {
  return tensor.to(at::kDouble).mean().item<double>();
}

TEST_F(BatchViewOnCuda, IsAsNearToPillowAsOnTheCpu) {
  for (const auto interpolation :
       {functional::Interpolation::kNearest, functional::Interpolation::kBilinear,
        functional::Interpolation::kBicubic}) {
    const BatchView view(busy_at(interpolation));
    const auto params = view.sample({120, 140}, indices_, {.seed = 1});
    const at::Tensor on_host = images_.cpu();
    std::vector<at::Tensor> exact;
    for (std::size_t i = 0; i < params.size(); ++i) {
      exact.push_back(ImageView(view.options())
                          .apply(on_host[static_cast<std::int64_t>(i)], params[i])
                          .to(at::kFloat));
    }
    const at::Tensor expected = at::stack(exact);
    const at::Tensor made = view.apply(images_, params);
    EXPECT_TRUE(made.is_cuda());
    EXPECT_TRUE(made.is_contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor error = (made.cpu() - expected).abs();
    const at::Tensor cpu_error = (view.apply(on_host, params) - expected).abs();
    EXPECT_LE(mean_of(error), mean_of(cpu_error) + 0.02);
    EXPECT_GE(mean_of(error.lt(0.5)), mean_of(cpu_error.lt(0.5)) - 0.01);
    EXPECT_LE(error.max().item<double>(), cpu_error.max().item<double>() + 10.0);
  }
}

TEST_F(BatchViewOnCuda, ASampleDependsOnItsBatchByRoundingAtMost) {
  const BatchView view(busy_at(functional::Interpolation::kBilinear));
  const at::Tensor together = view(images_, indices_, {.seed = 3});
  for (std::int64_t i = 0; i < kScenes; ++i) {
    const at::Tensor alone = view(images_.narrow(0, i, 1), {i}, {.seed = 3});
    const at::Tensor difference = (alone - together.narrow(0, i, 1)).abs();
    EXPECT_LE(mean_of(difference), 0.01) << i;
    EXPECT_GE(mean_of(difference.lt(0.5)), 0.99) << i;
  }
  EXPECT_TRUE(tensors_equal(view(images_, indices_, {.seed = 3}).cpu(), together.cpu()));
}

// The process's setting while it lives.
class AllowTF32 {
 public:
  AllowTF32() { at::globalContext().setAllowTF32CuBLAS(true); }
  ~AllowTF32() { at::globalContext().setAllowTF32CuBLAS(false); }
  AllowTF32(const AllowTF32&) = delete;
  AllowTF32& operator=(const AllowTF32&) = delete;
};

TEST_F(BatchViewOnCuda, TF32ChangesNothing) {
  const BatchView view(busy_at(functional::Interpolation::kBilinear));
  const at::Tensor usual = view(images_, indices_, {.seed = 1});
  const AllowTF32 allow_tf32;
  EXPECT_TRUE(tensors_equal(view(images_, indices_, {.seed = 1}).cpu(), usual.cpu()));
}

TEST_F(BatchViewOnCuda, ReturnsWhileTheDeviceIsStillBusy) {
  const BatchView view(busy_at(functional::Interpolation::kBilinear));
  const c10::Stream stream = c10::impl::VirtualGuardImpl(at::kCUDA).getStream(images_.device());
  const at::Tensor matrix = at::rand({8192, 8192}, images_.options().dtype(at::kFloat));
  at::Tensor product = at::mm(matrix, matrix);
  // What the first call allocates and loads may be waited for.
  view(images_, indices_, {.seed = 1});
  stream.synchronize();
  // Longer than the calls that follow take, which a single wait among them would show.
  for (int i = 0; i < 50; ++i) {
    at::mm_out(product, matrix, matrix);
  }
  const at::Tensor views = view(images_, indices_, {.seed = 1});
  EXPECT_FALSE(stream.query()) << "the views were waited for";
  stream.synchronize();
  EXPECT_TRUE(views.isfinite().all().item<bool>());
}

}  // namespace
}  // namespace lightly::transforms
