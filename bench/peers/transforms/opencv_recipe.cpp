#include "opencv_recipe.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace opencv_peer {
namespace {

constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406};
constexpr std::array<double, 3> kStd{0.229, 0.224, 0.225};

cv::Rect random_box(const cv::Size& size, cv::RNG& random) {
  for (int i = 0; i < 10; ++i) {
    const double area = size.area() * random.uniform(0.08, 1.0);
    const double aspect = std::exp(random.uniform(std::log(3.0 / 4.0), std::log(4.0 / 3.0)));
    const int width = cvRound(std::sqrt(area * aspect));
    const int height = cvRound(std::sqrt(area / aspect));
    if (width > 0 && height > 0 && width <= size.width && height <= size.height) {
      return {random.uniform(0, size.width - width + 1),
              random.uniform(0, size.height - height + 1), width, height};
    }
  }
  return {0, 0, size.width, size.height};
}

cv::Mat jitter(cv::Mat image, cv::RNG& random) {
  std::array<int, 4> order{0, 1, 2, 3};
  for (int i = 3; i > 0; --i) {
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(random.uniform(0, i + 1))]);
  }
  for (const int step : order) {
    switch (step) {
      case 0:
        image = adjust_brightness(image, random.uniform(0.6, 1.4));
        break;
      case 1:
        image = adjust_contrast(image, random.uniform(0.6, 1.4));
        break;
      case 2:
        image = adjust_saturation(image, random.uniform(0.6, 1.4));
        break;
      default:
        image = adjust_hue(image, random.uniform(-0.1, 0.1));
    }
  }
  return image;
}

}  // namespace

cv::Mat resize(const cv::Mat& image, int side, int interpolation) {
  cv::Mat result;
  cv::resize(image, result, {side, side}, 0.0, 0.0, interpolation);
  return result;
}

cv::Mat flip(const cv::Mat& image, int around) {
  cv::Mat result;
  cv::flip(image, result, around);
  return result;
}

cv::Mat grey(const cv::Mat& image) {
  cv::Mat luma;
  cv::Mat result;
  cv::cvtColor(image, luma, cv::COLOR_RGB2GRAY);
  cv::cvtColor(luma, result, cv::COLOR_GRAY2RGB);
  return result;
}

cv::Mat adjust_brightness(const cv::Mat& image, double factor) {
  cv::Mat result;
  cv::convertScaleAbs(image, result, factor);
  return result;
}

cv::Mat adjust_contrast(const cv::Mat& image, double factor) {
  cv::Mat luma;
  cv::cvtColor(image, luma, cv::COLOR_RGB2GRAY);
  cv::Mat result;
  image.convertTo(result, -1, factor, (1.0 - factor) * cv::mean(luma)[0]);
  return result;
}

cv::Mat adjust_saturation(const cv::Mat& image, double factor) {
  cv::Mat result;
  cv::addWeighted(image, factor, grey(image), 1.0 - factor, 0.0, result);
  return result;
}

cv::Mat adjust_hue(const cv::Mat& image, double factor) {
  cv::Mat table(1, 256, CV_8U);
  const int shift = static_cast<int>(std::lround(factor * 180.0)) + 180;
  for (int i = 0; i < 256; ++i) {
    table.at<unsigned char>(i) = static_cast<unsigned char>((i + shift) % 180);
  }
  cv::Mat hsv;
  cv::Mat hue;
  cv::Mat result;
  cv::cvtColor(image, hsv, cv::COLOR_RGB2HSV);
  // One channel: less work than a table of three for all.
  cv::extractChannel(hsv, hue, 0);
  cv::LUT(hue, table, hue);
  cv::insertChannel(hue, hsv, 0);
  cv::cvtColor(hsv, result, cv::COLOR_HSV2RGB);
  return result;
}

// Faster than cv::GaussianBlur, which computes the same in integers.
cv::Mat blur(const cv::Mat& image, double sigma) {
  const int side = 2 * static_cast<int>(std::ceil(2.0 * sigma)) + 1;
  const cv::Mat kernel = cv::getGaussianKernel(side, sigma, CV_32F);
  cv::Mat result;
  cv::sepFilter2D(image, result, -1, kernel, kernel);
  return result;
}

// One multiplication and addition a value. (convertTo, subtract and divide in place take three
// passes over the floats.)
void to_float(const cv::Mat& image, float* slot) {
  std::array<cv::Mat, 3> channels;
  cv::split(image, channels.data());
  for (std::size_t c = 0; c < channels.size(); ++c) {
    cv::Mat plane(image.rows, image.cols, CV_32F, slot + c * image.total());
    channels[c].convertTo(plane, CV_32F, 1.0 / (255.0 * kStd[c]), -kMean[c] / kStd[c]);
  }
}

void Recipe::operator()(const cv::Mat& image, cv::RNG& random, float* slot) const {
  const cv::Mat crop = image(random_box(image.size(), random));
  const bool shrinks = crop.cols >= side && crop.rows >= side;
  cv::Mat view =
      resize(crop, side, shrink == Shrink::kArea && shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  if (random.uniform(0.0, 1.0) < 0.5) {
    view = flip(view);
  }
  if (random.uniform(0.0, 1.0) < 0.8) {
    view = jitter(view, random);
  }
  if (random.uniform(0.0, 1.0) < 0.2) {
    view = grey(view);
  }
  if (random.uniform(0.0, 1.0) < gaussian_blur) {
    view = blur(view, random.uniform(0.2, 2.0));
  }
  to_float(view, slot);
}

}  // namespace opencv_peer
