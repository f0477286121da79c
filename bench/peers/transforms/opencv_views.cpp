// transforms_bench.cpp in plain OpenCV: the same operations and the same recipe the way one writes
// them with it, its own threads off. Its pixels are others: the resizes are without antialiasing,
// the blur a Gaussian kernel of 4 sigma, the hue has 180 steps, equalizeHist leaves out the least
// value.
// LIGHTLY_BENCH_PNG names the folder that lightly_write_images wrote.

#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "opencv_recipe.hpp"

namespace {

using namespace opencv_peer;

constexpr int kSides[] = {32, 64, 96, 224};
constexpr int kBatch = 256;

cv::Mat read_image(const std::string& name) {
  const char* folder = std::getenv("LIGHTLY_BENCH_PNG");
  const std::string path = std::string(folder != nullptr ? folder : ".") + "/" + name;
  cv::Mat image = cv::imread(path, cv::IMREAD_COLOR);
  CV_Assert(!image.empty());
  cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
  return image;
}

// All images of a recipe; they lie one below the other in the file, which is read once.
const std::vector<cv::Mat>& images_for_views(int side) {
  static std::map<int, std::vector<cv::Mat>> read;
  std::vector<cv::Mat>& images = read[side];
  if (images.empty()) {
    const cv::Mat all = read_image("views_" + std::to_string(side) + ".png");
    const int height = side == 224 ? 375 : side;
    for (int y = 0; y < all.rows; y += height) {
      images.push_back(all.rowRange(y, y + height).clone());
    }
  }
  return images;
}

// Of a larger image, the central four fifths of each side.
cv::Rect central_box(const cv::Mat& image) {
  return {image.cols / 10, image.rows / 10, image.cols * 8 / 10, image.rows * 8 / 10};
}

cv::Mat center_crop(const cv::Mat& image, int side) {
  return image({(image.cols - side) / 2, (image.rows - side) / 2, side, side}).clone();
}

cv::Mat rotate90(const cv::Mat& image) {
  cv::Mat result;
  cv::rotate(image, result, cv::ROTATE_90_COUNTERCLOCKWISE);
  return result;
}

cv::Mat rotate(const cv::Mat& image, double degrees) {
  const cv::Point2f centre(static_cast<float>(image.cols - 1) / 2.0F,
                           static_cast<float>(image.rows - 1) / 2.0F);
  cv::Mat result;
  cv::warpAffine(image, result, cv::getRotationMatrix2D(centre, degrees, 1.0), image.size(),
                 cv::INTER_NEAREST);
  return result;
}

cv::Mat solarize(const cv::Mat& image) {
  cv::Mat table(1, 256, CV_8U);
  for (int i = 0; i < 256; ++i) {
    table.at<unsigned char>(i) = static_cast<unsigned char>(i < 128 ? i : 255 - i);
  }
  cv::Mat result;
  cv::LUT(image, table, result);
  return result;
}

cv::Mat posterize(const cv::Mat& image, int bits) {
  cv::Mat result;
  cv::bitwise_and(image, cv::Scalar::all(255 & ~(255 >> bits)), result);
  return result;
}

// `step` on each of the three channels.
template <typename Step>
cv::Mat by_channel(const cv::Mat& image, Step step) {
  std::array<cv::Mat, 3> channels;
  cv::split(image, channels.data());
  for (cv::Mat& channel : channels) {
    step(channel);
  }
  cv::Mat result;
  cv::merge(channels.data(), channels.size(), result);
  return result;
}

cv::Mat equalize(const cv::Mat& image) {
  return by_channel(image, [](cv::Mat& channel) { cv::equalizeHist(channel, channel); });
}

cv::Mat autocontrast(const cv::Mat& image) {
  return by_channel(image, [](cv::Mat& channel) {
    double least = 0.0;
    double largest = 0.0;
    cv::minMaxLoc(channel, &least, &largest);
    if (largest > least) {
      const double scale = 255.0 / (largest - least);
      channel.convertTo(channel, -1, scale, -least * scale);
    }
  });
}

cv::Mat invert(const cv::Mat& image) {
  cv::Mat result;
  cv::bitwise_not(image, result);
  return result;
}

struct Operation {
  std::string name;
  std::function<cv::Mat(const cv::Mat& image, const cv::Mat& larger)> apply;
};

std::vector<Operation> every_operation() {
  using cv::Mat;
  return {
      {"resize", [](const Mat& i, const Mat& larger) { return resize(larger, i.rows); }},
      {"resize_bicubic",
       [](const Mat& i, const Mat& larger) { return resize(larger, i.rows, cv::INTER_CUBIC); }},
      {"resize_nearest",
       [](const Mat& i, const Mat& larger) { return resize(larger, i.rows, cv::INTER_NEAREST); }},
      {"crop",
       [](const Mat&, const Mat& larger) { return Mat(larger(central_box(larger)).clone()); }},
      {"center_crop", [](const Mat& i, const Mat& larger) { return center_crop(larger, i.rows); }},
      {"hflip", [](const Mat& i, const Mat&) { return flip(i); }},
      {"vflip", [](const Mat& i, const Mat&) { return flip(i, 0); }},
      {"rotate90", [](const Mat& i, const Mat&) { return rotate90(i); }},
      {"rotate_30", [](const Mat& i, const Mat&) { return rotate(i, 30.0); }},
      {"resized_crop_flip",
       [](const Mat& i, const Mat& larger) {
         return flip(resize(larger(central_box(larger)), i.rows));
       }},
      {"hue", [](const Mat& i, const Mat&) { return adjust_hue(i, 0.1); }},
      {"saturation", [](const Mat& i, const Mat&) { return adjust_saturation(i, 1.3); }},
      {"contrast", [](const Mat& i, const Mat&) { return adjust_contrast(i, 1.3); }},
      {"brightness", [](const Mat& i, const Mat&) { return adjust_brightness(i, 1.3); }},
      {"grayscale", [](const Mat& i, const Mat&) { return grey(i); }},
      {"blur_0.8", [](const Mat& i, const Mat&) { return blur(i, 0.8); }},
      {"blur_1.8", [](const Mat& i, const Mat&) { return blur(i, 1.8); }},
      {"solarize", [](const Mat& i, const Mat&) { return solarize(i); }},
      {"posterize", [](const Mat& i, const Mat&) { return posterize(i, 4); }},
      {"equalize", [](const Mat& i, const Mat&) { return equalize(i); }},
      {"autocontrast", [](const Mat& i, const Mat&) { return autocontrast(i); }},
      {"invert", [](const Mat& i, const Mat&) { return invert(i); }},
      {"to_float",
       [](const Mat& i, const Mat&) {
         Mat result(3 * i.rows, i.cols, CV_32F);
         to_float(i, result.ptr<float>());
         return result;
       }},
  };
}

void measure_operation(benchmark::State& state, const Operation& operation, int side) {
  const cv::Mat image = read_image("image_" + std::to_string(side) + ".png");
  const cv::Mat larger = read_image("larger_" + std::to_string(side) + ".png");
  for (auto _ : state) {
    benchmark::DoNotOptimize(operation.apply(image, larger).data);
  }
  state.SetItemsProcessed(state.iterations());
}

void measure_views(benchmark::State& state, const Recipe& recipe) {
  const std::vector<cv::Mat>& images = images_for_views(recipe.side);
  const std::size_t view_floats = 3 * static_cast<std::size_t>(recipe.side * recipe.side);
  std::vector<float> slots(2 * kBatch * view_floats);
  cv::RNG random(1);
  std::size_t next = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < 2 * kBatch; ++i) {
      recipe(images[next], random, slots.data() + i * view_floats);
      if (i % 2 == 1 && ++next == images.size()) {
        next = 0;
      }
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * 2 * kBatch);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  cv::setNumThreads(1);
  for (const Operation& operation : every_operation()) {
    for (const int side : kSides) {
      benchmark::RegisterBenchmark((operation.name + "/" + std::to_string(side)).c_str(),
                                   measure_operation, operation, side)
          ->Unit(benchmark::kMicrosecond);
    }
  }
  for (const auto& [name, blur] :
       {std::pair("simclr_no_blur/", 0.0), std::pair("simclr_blur/", 0.5)}) {
    for (const int side : kSides) {
      benchmark::RegisterBenchmark((name + std::to_string(side)).c_str(), measure_views,
                                   Recipe{side, blur})
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
