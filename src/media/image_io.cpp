#include "lightly/media/image_io.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "lightly/core/atomic_file.hpp"
#include "lightly/core/check.hpp"
#include "media/jpeg.hpp"
#include "media/opencv.hpp"

namespace lightly::media {
namespace {

void write_whole(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  core::AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  file.commit();
}

std::vector<std::uint8_t> png_of(const char* callee, const at::Tensor& image) {
  core::check_image(callee, image);
  TORCH_CHECK_VALUE(image.size(1) <= std::numeric_limits<int>::max() &&
                        image.size(2) <= std::numeric_limits<int>::max(),
                    callee, ": image must have sides below 2^31, got ", image.sizes());
  const at::Tensor pixels = image.permute({1, 2, 0}).contiguous();
  std::vector<std::uint8_t> bytes;
  try {
    cv::Mat reversed;
    cv::cvtColor(mat_over(pixels), reversed, cv::COLOR_RGB2BGR);
    TORCH_CHECK(cv::imencode(".png", reversed, bytes), callee, ": cannot encode the image");
  } catch (const cv::Exception& error) {
    TORCH_CHECK(false, callee, ": cannot encode the image: ", error.err);
  }
  return bytes;
}

}  // namespace

at::Tensor load_image(const std::filesystem::path& path, const EncodedImageOptions& options) {
  return read_encoded_image(path, options).decode();
}

std::vector<std::uint8_t> encode_png(const at::Tensor& image) {
  return png_of("encode_png", image);
}

void save_png(const std::filesystem::path& path, const at::Tensor& image) {
  write_whole(path, png_of("save_png", image));
}

void JpegOptions::check() const {
  TORCH_CHECK_VALUE(quality >= 1 && quality <= 100,
                    "encode_jpeg: quality must be in [1, 100], got ", quality);
}

std::vector<std::uint8_t> encode_jpeg(const at::Tensor& image, const JpegOptions& options) {
  options.check();
  return encode_jpeg(image, options.quality);
}

void save_jpeg(const std::filesystem::path& path, const at::Tensor& image,
               const JpegOptions& options) {
  write_whole(path, encode_jpeg(image, options));
}

void ToImageOptions::check() const {
  for (std::size_t channel = 0; channel < 3; ++channel) {
    TORCH_CHECK_VALUE(std::isfinite(mean[channel]), "to_image: mean must be finite, got ",
                      mean[channel]);
    core::check_positive("to_image", "std", std[channel]);
  }
}

at::Tensor to_image(const at::Tensor& view, const ToImageOptions& options) {
  options.check();
  TORCH_CHECK_VALUE(view.defined(), "to_image: view must be floating point [3, h, w], got none");
  TORCH_CHECK_VALUE(view.dim() == 3 && view.size(0) == 3 && at::isFloatingType(view.scalar_type()),
                    "to_image: view must be floating point [3, h, w], got ", view.scalar_type(),
                    " ", view.sizes());
  const at::NoGradGuard no_grad;
  const auto per_channel = [](const std::array<double, 3>& values) {
    return at::tensor(at::ArrayRef<double>(values), at::TensorOptions().dtype(at::kDouble))
        .view({3, 1, 1});
  };
  const at::Tensor scaled =
      view.cpu().to(at::kDouble) * per_channel(options.std) + per_channel(options.mean);
  const at::Tensor bytes = (scaled * 255.0).round().clamp(0.0, 255.0).to(at::kByte);
  return bytes.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
}

}  // namespace lightly::media
