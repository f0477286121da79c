#include "lightly/media/image_io.hpp"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <c10/util/Exception.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "lightly/core/atomic_file.hpp"
#include "lightly/core/check.hpp"
#include "media/image_header.hpp"
#include "media/opencv.hpp"

namespace lightly::media {
namespace {

std::vector<std::uint8_t> read_bytes(const std::string& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  TORCH_CHECK(stream, "load_image: cannot open ", file, ": ", std::strerror(errno));
  const std::streamoff size = stream.tellg();
  TORCH_CHECK(size >= 0 && size <= std::numeric_limits<int>::max(), "load_image: cannot read ",
              file, ": not a file below 2 GiB");
  TORCH_CHECK(size > 0, "load_image: cannot decode ", file, ": the file is empty");
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  stream.seekg(0);
  TORCH_CHECK(stream.read(reinterpret_cast<char*>(bytes.data()), size), "load_image: cannot read ",
              file, ": ", std::strerror(errno));
  return bytes;
}

void check_size(const std::string& file, std::int64_t width, std::int64_t height,
                std::int64_t max_pixels) {
  TORCH_CHECK(width >= 1 && height >= 1, "load_image: cannot decode ", file,
              ": its header claims a size of ", width, " x ", height);
  TORCH_CHECK(width <= max_pixels / height, "load_image: ", file, " must have at most ", max_pixels,
              " pixels, got ", width, " x ", height);
}

}  // namespace

void LoadImageOptions::check() const {
  core::check_at_least("load_image", "max_pixels", max_pixels, 1);
}

at::Tensor load_image(const std::filesystem::path& path, const LoadImageOptions& options) {
  options.check();
  const std::string file = path.string();
  const std::vector<std::uint8_t> bytes = read_bytes(file);
  if (const std::optional<ImageHeader> header = read_image_header(bytes)) {
    check_size(file, header->width, header->height, options.max_pixels);
    TORCH_CHECK(header->complete, "load_image: cannot decode ", file, ": the file is cut short");
  }
  cv::Mat decoded;
  try {
    decoded = cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    TORCH_CHECK(false, "load_image: cannot decode ", file, ": ", error.err);
  }
  TORCH_CHECK(!decoded.empty() && decoded.type() == CV_8UC3, "load_image: cannot decode ", file,
              ": damaged, or of no known format");
  check_size(file, decoded.cols, decoded.rows, options.max_pixels);
  const at::Tensor pixels =
      at::empty({decoded.rows, decoded.cols, 3}, at::TensorOptions().dtype(at::kByte));
  cv::Mat target = mat_over(pixels);
  cv::cvtColor(decoded, target, cv::COLOR_BGR2RGB);
  return pixels.permute({2, 0, 1});
}

void save_png(const std::filesystem::path& path, const at::Tensor& image) {
  core::check_image("save_png", image);
  TORCH_CHECK_VALUE(image.size(1) <= std::numeric_limits<int>::max() &&
                        image.size(2) <= std::numeric_limits<int>::max(),
                    "save_png: image must have sides below 2^31, got ", image.sizes());
  const at::Tensor pixels = image.permute({1, 2, 0}).contiguous();
  std::vector<std::uint8_t> bytes;
  try {
    cv::Mat reversed;
    cv::cvtColor(mat_over(pixels), reversed, cv::COLOR_RGB2BGR);
    TORCH_CHECK(cv::imencode(".png", reversed, bytes), "save_png: cannot encode ", path.string());
  } catch (const cv::Exception& error) {
    TORCH_CHECK(false, "save_png: cannot encode ", path.string(), ": ", error.err);
  }
  core::AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  file.commit();
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
