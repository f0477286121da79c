// JPEGs in memory to pixels, images/s of one thread: this library, libjpeg-turbo alone and OpenCV.
//
// `full/<images>/<decoder>`: the whole image. `crop/<images>/<decoder>`: the part that SimCLR's
// random crop shows (a share of 0.08 to 1 of the area); OpenCV has no such thing. `libjpeg` is what
// can be had: one decompressor and one buffer for all images, with no check of the data below.
// LIGHTLY_BENCH_DATA names a folder with `native_photos` and `imagenette`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>
#include <jpeglib.h>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgcodecs.hpp>

#include "lightly/transforms/random_resized_crop.hpp"
#include "media/jpeg.hpp"

namespace {

using namespace lightly;
namespace fs = std::filesystem;

using FileBytes = std::vector<std::uint8_t>;

std::vector<FileBytes> read_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".jpg" || extension == ".JPEG") {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  std::vector<FileBytes> files;
  for (const fs::path& path : paths) {
    std::ifstream stream(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return files;
}

// One decompressor for all images; errors end the process.
class PlainJpeg {
 public:
  PlainJpeg() {
    info_.err = jpeg_std_error(&errors_);
    jpeg_create_decompress(&info_);
  }
  ~PlainJpeg() { jpeg_destroy_decompress(&info_); }
  PlainJpeg(const PlainJpeg&) = delete;
  PlainJpeg& operator=(const PlainJpeg&) = delete;

  const std::uint8_t* full(const FileBytes& file) {
    start(file);
    read(info_.output_height);
    jpeg_finish_decompress(&info_);
    return pixels_.data();
  }

  const std::uint8_t* part(const FileBytes& file, const media::Region& region) {
    start(file);
    auto left = static_cast<JDIMENSION>(std::max<std::int64_t>(region.left - 1, 0));
    auto width = static_cast<JDIMENSION>(
                     std::min<std::int64_t>(region.left + region.width + 1, info_.output_width)) -
                 left;
    jpeg_crop_scanline(&info_, &left, &width);
    jpeg_skip_scanlines(&info_, static_cast<JDIMENSION>(region.top));
    read(static_cast<JDIMENSION>(region.height));
    jpeg_abort_decompress(&info_);
    return pixels_.data();
  }

 private:
  void start(const FileBytes& file) {
    jpeg_mem_src(&info_, file.data(), file.size());
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = JCS_RGB;
    jpeg_start_decompress(&info_);
  }

  void read(JDIMENSION rows) {
    const std::size_t row_bytes = std::size_t{3} * info_.output_width;
    pixels_.resize(std::max(pixels_.size(), rows * row_bytes));
    const JDIMENSION begin = info_.output_scanline;
    while (info_.output_scanline < begin + rows) {
      const JDIMENSION done = info_.output_scanline - begin;
      JSAMPROW targets[16];
      const JDIMENSION count = std::min<JDIMENSION>(16, rows - done);
      for (JDIMENSION i = 0; i < count; ++i) {
        targets[i] = pixels_.data() + (done + i) * row_bytes;
      }
      jpeg_read_scanlines(&info_, targets, count);
    }
  }

  jpeg_error_mgr errors_ = {};
  jpeg_decompress_struct info_ = {};
  FileBytes pixels_;
};

// The crops of one image after the other, the same for every decoder.
class Crops {
 public:
  media::Region next(const media::JpegHeader& size) {
    core::Random random({.seed = 1, .index = count_++});
    const auto box = crop_.sample({size.height, size.width}, random);
    return {box.top, box.left, box.height, box.width};
  }

 private:
  transforms::RandomResizedCrop crop_;
  std::uint64_t count_ = 0;
};

template <typename Decode>
void measure(benchmark::State& state, const std::vector<FileBytes>& files, const Decode& decode) {
  std::vector<media::JpegHeader> sizes;
  for (const FileBytes& file : files) {
    sizes.push_back(media::read_jpeg_header(file, "decode_bench"));
  }
  Crops crops;
  std::size_t next = 0;
  for (auto _ : state) {
    decode(files[next], crops.next(sizes[next]));
    next = (next + 1) % files.size();
  }
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  const char* data = std::getenv("LIGHTLY_BENCH_DATA");
  if (data == nullptr) {
    std::cerr << "decode_bench: LIGHTLY_BENCH_DATA must name a folder with native_photos and "
                 "imagenette\n";
    return 2;
  }
  at::set_num_threads(1);
  cv::setNumThreads(1);
  PlainJpeg plain;
  using Region = media::Region;
  for (const std::string folder : {"native_photos", "imagenette"}) {
    const std::vector<FileBytes> files = read_folder(fs::path(data) / folder);
    const auto add = [&](const std::string& name, const auto& decode) {
      benchmark::RegisterBenchmark(name.c_str(), [files, decode](benchmark::State& state) {
        measure(state, files, decode);
      })->Unit(benchmark::kMicrosecond);
    };
    add("full/" + folder + "/lightly", [](const FileBytes& file, const Region&) {
      benchmark::DoNotOptimize(media::decode_jpeg(file, "decode_bench"));
    });
    add("full/" + folder + "/libjpeg",
        [&](const FileBytes& file, const Region&) { benchmark::DoNotOptimize(plain.full(file)); });
    add("full/" + folder + "/opencv", [](const FileBytes& file, const Region&) {
      benchmark::DoNotOptimize(
          cv::imdecode(file, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION));
    });
    add("crop/" + folder + "/lightly", [](const FileBytes& file, const Region& region) {
      benchmark::DoNotOptimize(media::decode_jpeg_part(file, "decode_bench", region, 1));
    });
    add("crop/" + folder + "/libjpeg", [&](const FileBytes& file, const Region& region) {
      benchmark::DoNotOptimize(plain.part(file, region));
    });
  }
  benchmark::RunSpecifiedBenchmarks();
}
