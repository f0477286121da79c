// Saves frames of the videos in a folder as images: those of a list of names, or by their number.

#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/program.hpp"
#include "lightly/lightly.hpp"

using namespace lightly;

struct Options {
  std::filesystem::path videos;
  std::filesystem::path names;
  std::vector<std::int64_t> indices;
  std::int64_t every = 0;
  double fps = 0.0;
  std::filesystem::path output = "frames";
  std::string format = "png";
  std::int64_t quality = 75;
  std::int64_t resize = 0;
  std::int64_t workers = 0;
  std::filesystem::path index_folder;
};

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream file(path);
  TORCH_CHECK(file.is_open(), "cannot open ", path.string());
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    if (!line.empty()) {
      lines.push_back(line);
    }
  }
  return lines;
}

data::FoundFrames select(const data::VideoDataset& videos, const Options& options) {
  if (!options.names.empty()) {
    return data::find_frames(videos, read_lines(options.names));
  }
  data::FrameSelection selection;
  if (options.every > 0) {
    selection.every = options.every;
  } else if (options.fps > 0.0) {
    selection.fps = options.fps;
  } else {
    selection.indices = options.indices;
  }
  return data::select_frames(videos, selection);
}

int extract(const Options& options) {
  const data::VideoDataset videos(options.videos, {.reader = {.index_folder = options.index_folder},
                                                   .num_threads = options.workers});
  const data::FoundFrames found = select(videos, options);
  data::DumpFramesOptions writing{.jpeg_quality = options.quality, .num_threads = options.workers};
  writing.format = options.format == "jpg" ? data::DumpFormat::kJpeg : data::DumpFormat::kPng;
  if (options.resize > 0) {
    writing.shorter_side = options.resize;
  }
  std::optional<training::Progress> progress;
  writing.progress = [&](std::int64_t, std::int64_t total) {
    if (!progress) {
      progress.emplace(std::cout,
                       training::ProgressOptions{.label = "extract",
                                                 .unit = "frames",
                                                 .total = total,
                                                 .columns = training::terminal_columns(1)});
    }
    progress->advance(1);
  };
  const data::DumpFramesReport report =
      data::dump_frames(videos, found.frames, options.output, writing);
  progress.reset();
  std::cout << "wrote " << report.written << " frames to " << options.output.string() << ", "
            << report.kept << " were there\n";
  for (const auto* problems : {&found.unknown, &report.failed}) {
    for (const data::FrameProblem& problem : *problems) {
      std::cerr << "extract_frames: " << problem.name << ": " << problem.reason << '\n';
    }
  }
  return found.unknown.empty() && report.failed.empty() ? 0 : 1;
}

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Saves frames of the videos in a folder as images.", "extract_frames");
  app.option_defaults()->always_capture_default();
  app.add_option("videos", options.videos, "folder of videos")->required();
  CLI::Option_group* what = app.add_option_group("frames", "which frames");
  what->add_option("--names", options.names, "file of names, one a line, as the data set has them");
  what->add_option("--indices", options.indices, "frame numbers, in every video: 1,5,10")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 31));
  what->add_option("--every", options.every, "every so many frames")->check(CLI::PositiveNumber);
  what->add_option("--fps", options.fps, "so many frames a second")->check(CLI::PositiveNumber);
  what->require_option(1);
  app.add_option("--out", options.output, "folder to write to; files that are there are kept");
  app.add_option("--format", options.format, "png or jpg")->check(CLI::IsMember({"png", "jpg"}));
  app.add_option("--quality", options.quality, "of jpg")->check(CLI::Range(1, 100));
  app.add_option("--resize", options.resize, "shorter side, in pixels; 0: as it is")
      ->check(CLI::Range(0, 1 << 14));
  app.add_option("--workers", options.workers, "threads; 0: one for each processor")
      ->check(CLI::Range(0, 4096));
  app.add_option("--index", options.index_folder, "folder to keep the videos' indices in");
  CLI11_PARSE(app, argc, argv);
  return examples::guarded("extract_frames", [&] { return extract(options); });
}
