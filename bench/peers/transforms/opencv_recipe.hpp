#pragma once

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

/// SimCLR's view in plain OpenCV, the way one writes it with it; what the comparisons of transforms
/// and of folders share. Images are uint8 RGB.
namespace opencv_peer {

cv::Mat resize(const cv::Mat& image, int side, int interpolation = cv::INTER_LINEAR);
cv::Mat flip(const cv::Mat& image, int around = 1);
cv::Mat grey(const cv::Mat& image);
cv::Mat adjust_brightness(const cv::Mat& image, double factor);
cv::Mat adjust_contrast(const cv::Mat& image, double factor);
cv::Mat adjust_saturation(const cv::Mat& image, double factor);
cv::Mat adjust_hue(const cv::Mat& image, double factor);
cv::Mat blur(const cv::Mat& image, double sigma);

/// Normalised, to three planes of floats, which is what a batch holds.
void to_float(const cv::Mat& image, float* slot);

/// What makes a crop smaller: linear interpolation of its pixels, or the mean of those that a pixel
/// of the view covers.
enum class Shrink { kLinear, kArea };

struct Recipe {
  int side;
  double gaussian_blur;
  Shrink shrink = Shrink::kLinear;

  /// One view of the image, 3 * side * side floats from `slot` on.
  void operator()(const cv::Mat& image, cv::RNG& random, float* slot) const;
};

}  // namespace opencv_peer
