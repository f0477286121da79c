// Shows what a method, or one augmentation alone, makes of images: a picture with a row an image,
// first the image itself, then random views of it.

#include <functional>
#include <iostream>
#include <map>

#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "common/report.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;
using transforms::MultiViewTransform;

struct Options {
  std::vector<std::filesystem::path> images;
  std::string method = "simclr";
  std::filesystem::path out = "views.png";
  std::size_t views = 0;
  std::int64_t size = 128;
  std::uint64_t seed = 1;
};

// The whole image with nothing random but what `change` adds.
template <typename Change>
MultiViewTransform only(std::int64_t size, const Change& change) {
  transforms::ImageViewOptions view{.input_size = size,
                                    .cj_prob = 0.0,
                                    .min_scale = 1.0,
                                    .random_gray_scale = 0.0,
                                    .gaussian_blur = 0.0,
                                    .hf_prob = 0.0};
  change(view);
  return {.transforms = {transforms::ImageView(view)}};
}

// Every method by the size of its (large) views in pixels; small ones are 3/7 of it, as 96 of 224.
const std::map<std::string, std::function<MultiViewTransform(std::int64_t)>> kMethods{
    {"simclr", [](auto size) { return transforms::SimCLRTransform({.input_size = size}); }},
    {"moco-v1", [](auto size) { return transforms::MoCoV1Transform({.input_size = size}); }},
    {"moco", [](auto size) { return transforms::MoCoV2Transform({.input_size = size}); }},
    {"simsiam", [](auto size) { return transforms::SimSiamTransform({.input_size = size}); }},
    {"fastsiam", [](auto size) { return transforms::FastSiamTransform({.input_size = size}); }},
    {"vicreg", [](auto size) { return transforms::VICRegTransform({.input_size = size}); }},
    {"byol",
     [](auto size) {
       return transforms::BYOLTransform(
           {.view_1_transform = {.input_size = size}, .view_2_transform = {.input_size = size}});
     }},
    {"swav",
     [](auto size) { return transforms::SwaVTransform({.crop_sizes = {size, size * 3 / 7}}); }},
    {"dino",
     [](auto size) {
       return transforms::DINOTransform(
           {.global_crop_size = size, .local_crop_size = size * 3 / 7});
     }},
    {"crop", [](auto size) { return only(size, [](auto& view) { view.min_scale = 0.08; }); }},
    {"flip",
     [](auto size) { return only(size, [](auto& view) { view.hf_prob = view.vf_prob = 0.5; }); }},
    {"rotation",
     [](auto size) {
       return only(size, [](auto& view) {
         view.rr_prob = 1.0;
         view.rr_degrees = 90.0;
       });
     }},
    {"blur", [](auto size) { return only(size, [](auto& view) { view.gaussian_blur = 1.0; }); }},
    {"jitter", [](auto size) { return only(size, [](auto& view) { view.cj_prob = 1.0; }); }},
    {"grayscale",
     [](auto size) { return only(size, [](auto& view) { view.random_gray_scale = 1.0; }); }},
    {"solarization",
     [](auto size) { return only(size, [](auto& view) { view.solarization_prob = 1.0; }); }},
};

int show(const Options& options) {
  std::vector<data::Sample> samples;
  for (const auto& path : options.images) {
    samples.push_back({.image = media::load_image(path),
                       .file_name = path.string(),
                       .index = static_cast<std::int64_t>(samples.size())});
  }
  const MultiViewTransform method = kMethods.at(options.method)(options.size);
  MultiViewTransform shown{.transforms = {}, .normalize = std::nullopt};
  const std::size_t own = method.transforms.size();
  for (std::size_t v = 0; v < (options.views > 0 ? options.views : own); ++v) {
    shown.transforms.push_back(method.transforms[v % own]);
  }
  examples::save_views(options.out, samples, shown,
                       {.seed = options.seed,
                        .layout = evaluation::ViewsSheetLayout::kImagesInRows,
                        .sheet = {.cell_px = options.size}});
  std::cout << "wrote " << options.out.string() << '\n';
  return 0;
}

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Shows the views that a method makes of images, as one picture.", "show_views");
  app.option_defaults()->always_capture_default();
  app.add_option("images", options.images, "image files, a row each")->required();
  app.add_option("--method", options.method, "a method, or one augmentation alone")
      ->check(CLI::IsMember(kMethods));
  app.add_option("--out", options.out, "PNG to write");
  app.add_option("--views", options.views, "views an image; 0: as many as the method makes")
      ->check(CLI::Range(0, 1000));
  app.add_option("--size", options.size, "side of a view, in pixels")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "of the views");
  CLI11_PARSE(app, argc, argv);
  return examples::guarded("show_views", [&] { return show(options); });
}
