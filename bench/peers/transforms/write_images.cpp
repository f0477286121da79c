// Writes the images of transforms_bench.cpp as PNG files for its peers: `views_<side>.png` is all
// images of a recipe, one below the other; `image_<side>.png` and `larger_<side>.png` are an
// operation's. lightly_write_images <folder>

#include <cstdio>
#include <filesystem>
#include <string>

#include <ATen/ops/cat.h>

#include "common/images.hpp"
#include "lightly/media/image_io.hpp"

int main(int argc, char** argv) {
  using namespace lightly;
  if (argc != 2) {
    std::fprintf(stderr, "write_images: one argument, the folder to write to\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  std::filesystem::create_directories(folder);
  for (const std::int64_t side : {32, 64, 96, 224}) {
    const std::string end = "_" + std::to_string(side) + ".png";
    const bench::OperationImages operation = bench::images_for_operations(side);
    media::save_png(folder / ("image" + end), operation.image);
    media::save_png(folder / ("larger" + end), operation.larger);
    media::save_png(folder / ("views" + end), at::cat(bench::images_for_views(side), /*dim=*/1));
  }
}
