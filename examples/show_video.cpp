// Shows frames of a video as one picture, each with its number and its time, and says what the
// video is.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <span>

#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

struct Options {
  std::filesystem::path video;
  std::filesystem::path out = "sheet.png";
  std::int64_t frames = 24;
  data::FrameSelection selection;
  std::size_t columns = 6;
  std::int64_t size = 160;
  std::filesystem::path index_folder;
};

// 65.25 as 1:05.250, 3601 as 1:00:01.000.
std::string time_text(double seconds) {
  const auto milliseconds = std::llround(1000.0 * seconds);
  char text[16];
  std::snprintf(text, sizeof(text), ".%03d", static_cast<int>(milliseconds % 1000));
  return training::clock_text(static_cast<double>(milliseconds / 1000)) + text;
}

void print_facts(const Options& options, const media::VideoIndex& index) {
  std::cout << options.video.filename().string() << ": " << training::with_separators(index.size())
            << " frames of " << index.width << "x" << index.height;
  if (index.rotation != 0) {
    std::cout << " turned by " << index.rotation << " degrees";
  }
  const auto keys = std::count_if(index.frames.begin(), index.frames.end(),
                                  [](const media::VideoFrame& frame) { return frame.is_key; });
  std::cout << ", " << index.fps() << " a second, " << time_text(index.duration_seconds())
            << " long, key frames: " << training::with_separators(keys)
            << (index.is_suspicious ? ", looks damaged" : "")
            << (index.is_verified ? ", decoded once to be sure of its frames" : "") << '\n';
}

std::vector<std::int64_t> select(const Options& options, const media::VideoIndex& index) {
  data::FrameSelection selection = options.selection;
  if (!selection.every && !selection.fps && !selection.indices) {
    auto& frames = selection.indices.emplace();
    for (std::int64_t i = 0; i < options.frames; ++i) {
      frames.push_back(i * (index.size() - 1) / std::max<std::int64_t>(options.frames - 1, 1));
    }
  }
  return data::selected_frames(index, selection);
}

int show(const Options& options) {
  const auto index = std::make_shared<const media::VideoIndex>(
      options.index_folder.empty()
          ? media::read_video_index(options.video)
          : media::read_video_index_cached(options.video, options.index_folder));
  print_facts(options, *index);
  const std::vector<std::int64_t> selected = select(options, *index);
  TORCH_CHECK(selected.size() <= 1000, "a sheet has at most 1000 frames, not ", selected.size());

  // Decoded row by row, in the size of a cell, which has the video's shape.
  const std::int64_t longer = std::max({std::int64_t{1}, index->width, index->height});
  const auto scaled = [&](std::int64_t side) {
    return std::max(std::int64_t{1}, side * std::min(options.size, longer) / longer);
  };
  media::VideoReader video(options.video, index,
                           {.height = scaled(index->height), .width = scaled(index->width)});
  std::vector<std::vector<media::SheetCell>> rows;
  for (std::size_t begin = 0; begin < selected.size(); begin += options.columns) {
    const std::span numbers =
        std::span(selected).subspan(begin, std::min(options.columns, selected.size() - begin));
    const at::Tensor frames = video.frames(numbers);
    rows.emplace_back();
    for (const std::int64_t i : numbers) {
      rows.back().push_back({.image = frames[static_cast<std::int64_t>(rows.back().size())],
                             .caption = std::to_string(i) + "  " + time_text(index->seconds(i))});
    }
  }
  media::save_png(options.out, media::contact_sheet(rows, {.cell_px = video.width(),
                                                           .cell_height_px = video.height()}));
  std::cout << "wrote " << selected.size() << " frames to " << options.out.string() << '\n';
  return 0;
}

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Shows frames of a video as one picture and says what it is.", "show_video");
  app.option_defaults()->always_capture_default();
  app.add_option("video", options.video, "video file")->required();
  app.add_option("--out", options.out, "PNG to write");
  CLI::Option_group* what = app.add_option_group("frames", "which frames");
  what->add_option("--frames", options.frames,
                   "so many, evenly spread, the first and the last one too")
      ->check(CLI::Range(1, 1000));
  what->add_option("--every", options.selection.every, "every so many frames")
      ->check(CLI::PositiveNumber);
  what->add_option("--fps", options.selection.fps, "so many frames a second")
      ->check(CLI::PositiveNumber);
  what->add_option("--indices", options.selection.indices, "frame numbers: 1,5,10")->delimiter(',');
  what->require_option(0, 1);
  app.add_option("--columns", options.columns, "frames in a row")->check(CLI::Range(1, 1000));
  app.add_option("--size", options.size, "longer side of a frame, in pixels")
      ->check(CLI::Range(1, 4096));
  app.add_option("--index", options.index_folder, "folder to keep the video's index in");
  CLI11_PARSE(app, argc, argv);
  return examples::guarded("show_video", [&] { return show(options); });
}
