#include "support/view_steps.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

#include "lightly/transforms/image_view.hpp"
#include "support/matchers.hpp"

namespace lightly::testing {
namespace {

using transforms::ImageView;
using transforms::ImageViewOptions;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.9g", value);
  return text;
}

std::string span(double low, double high) {
  return number(low) + ".." + number(high);
}

std::string around_one(double strength) {
  return strength == 0.0 ? "none" : span(std::max(0.0, 1.0 - strength), 1.0 + strength);
}

std::string listed(const std::array<double, 3>& values) {
  return number(values[0]) + " " + number(values[1]) + " " + number(values[2]);
}

std::string crop_step(const ImageViewOptions& view) {
  const auto [low, high] = transforms::RandomResizedCropOptions().ratio;
  const bool cubic = view.interpolation == transforms::functional::Interpolation::kBicubic;
  return "RandomResizedCrop(size=" + std::to_string(view.input_size.height) + "x" +
         std::to_string(view.input_size.width) + ", scale=" + span(view.min_scale, view.max_scale) +
         ", ratio=" + span(low, high) + ", interpolation=" + (cubic ? "bicubic" : "bilinear") + ")";
}

std::string rotation_step(const ImageViewOptions& view) {
  const std::string prob = "(prob=" + number(view.rr_prob);
  return view.rr_degrees
             ? "RandomRotateDegrees" + prob +
                   ", degrees=" + span(view.rr_degrees->low, view.rr_degrees->high) + ")"
             : "RandomRotate" + prob + ", angle=90)";
}

std::string jitter_step(const ImageViewOptions& view) {
  const std::string hue = view.cj_hue == 0.0 ? "none" : span(-view.cj_hue, view.cj_hue);
  return "RandomApply(p=" + number(view.cj_prob) +
         ", ColorJitter(brightness=" + around_one(view.cj_bright) +
         ", contrast=" + around_one(view.cj_contrast) + ", saturation=" + around_one(view.cj_sat) +
         ", hue=" + hue + "))";
}

std::string blur_step(const ImageViewOptions& view) {
  const std::string prob = "GaussianBlur(prob=" + number(view.gaussian_blur);
  if (!view.early_blur_radius) {
    return prob + ", sigmas=" + span(view.sigmas[0], view.sigmas[1]) + ")";
  }
  const auto side = std::max(view.input_size.height, view.input_size.width);
  return prob + ", kernel_size=" + number(view.kernel_size * static_cast<double>(side)) +
         ", scale=" + number(transforms::EarlyBlurRadius().scale) + ")";
}

ViewSteps steps_of(const ImageViewOptions& view) {
  ViewSteps steps{crop_step(view)};
  const auto add_rotation_at = [&](transforms::RotationPlace place) {
    if (view.rotation == place) {
      steps.push_back(rotation_step(view));
    }
  };
  const auto add_solarization_at = [&](transforms::SolarizationPlace place) {
    if (view.solarization == place && view.solarization_prob > 0.0) {
      steps.push_back("RandomSolarization(prob=" + number(view.solarization_prob) +
                      ", threshold=" + std::to_string(view.solarization_threshold) + ")");
    }
  };
  add_rotation_at(transforms::RotationPlace::kBeforeFlips);
  steps.push_back("RandomHorizontalFlip(p=" + number(view.hf_prob) + ")");
  steps.push_back("RandomVerticalFlip(p=" + number(view.vf_prob) + ")");
  add_rotation_at(transforms::RotationPlace::kAfterFlips);
  steps.push_back(jitter_step(view));
  steps.push_back("RandomGrayscale(p=" + number(view.random_gray_scale) + ")");
  add_solarization_at(transforms::SolarizationPlace::kBeforeBlur);
  steps.push_back(blur_step(view));
  add_solarization_at(transforms::SolarizationPlace::kAfterBlur);
  return steps;
}

bool does_nothing(const std::string& step) {
  return step.starts_with("RandomSolarization(prob=0,") ||
         step == "ColorJitter(brightness=none, contrast=none, saturation=none, hue=none)";
}

}  // namespace

std::vector<ViewSteps> view_steps(const transforms::MultiViewTransform& views) {
  std::vector<ViewSteps> result;
  for (const transforms::ImageTransform& transform : views.transforms) {
    const auto* view = transform.target<ImageView>();
    if (view == nullptr) {
      result.push_back({"not an ImageView"});
      continue;
    }
    ViewSteps steps = steps_of(view->options());
    steps.emplace_back("ToTensor()");
    if (views.normalize) {
      steps.push_back("Normalize(mean=" + listed(views.normalize->mean) +
                      ", std=" + listed(views.normalize->std) + ")");
    }
    result.push_back(std::move(steps));
  }
  return result;
}

std::vector<ViewSteps> load_view_steps(const std::string& file, const std::string& name,
                                       const std::string& variant) {
  const std::filesystem::path path = std::filesystem::path(LIGHTLY_TESTS_DIR) / "golden" / file;
  const nlohmann::json content = nlohmann::json::parse(read_file(path));
  auto views = content.at(name).at(variant).get<std::vector<ViewSteps>>();
  for (ViewSteps& view : views) {
    std::erase_if(view, does_nothing);
  }
  return views;
}

}  // namespace lightly::testing
