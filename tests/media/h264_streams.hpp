#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// H.264 streams that no encoder here makes: pictures of 16 x 32 pixels, two blocks of one grey.
namespace lightly::testing {

/// A sequence's and its pictures' parameters.
struct H264Form {
  /// Of frame numbers, [4, 16].
  int number_bits = 4;
  /// Whether pictures may be fields.
  bool has_fields = true;
};

enum class H264Structure { kFrame, kTop, kBottom };

struct H264Picture {
  H264Structure structure = H264Structure::kFrame;
  int number = 0;
  /// In order of presentation, in [0, 16), fields each for itself.
  int order = 0;
  bool is_idr = false;
  /// Whether other pictures may refer to it.
  bool is_reference = true;
  /// Takes a frame's lower block from the picture before.
  bool is_predicted = false;
  /// Whether numbers and orders begin anew after it (memory management control operation 5).
  bool forgets = false;
  /// In [1, 256).
  int grey = 128;
};

/// NAL units without start codes or lengths.
std::vector<std::string> h264_parameters(const H264Form& form);
std::string h264_picture(const H264Picture& picture, const H264Form& form);

/// Behind a start code.
std::string h264_unit(const std::string& nal);

/// A part of an mp4 file with parameters of its own.
struct Mp4Part {
  int width = 0;
  int height = 0;
  /// The content of its avcC.
  std::string description = {};
  std::vector<std::string> samples = {};
  /// Of each sample, when it is shown: any numbers, no two the same.
  std::vector<std::int64_t> times = {};
  std::vector<bool> are_keys = {};
};

/// Of pictures that are shown in the order in which they are sent, each a frame.
Mp4Part mp4_part(const std::vector<H264Picture>& pictures, const H264Form& form);

/// An mp4 file of H.264 with one sample description for each part.
std::string mp4_file(const std::vector<Mp4Part>& parts);

}  // namespace lightly::testing
