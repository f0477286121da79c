#include "jpeg_files.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>

namespace lightly::testing {

std::vector<JpegKind> every_jpeg_kind() {
  std::vector<JpegKind> kinds;
  const std::vector<JpegKind> layouts = {
      {.name = "444"},
      {.name = "422", .horizontal = 2},
      {.name = "420", .horizontal = 2, .vertical = 2},
      {.name = "440", .vertical = 2},
      {.name = "411", .horizontal = 4},
      {.name = "410", .horizontal = 4, .vertical = 2},
      {.name = "114", .vertical = 4},
      {.name = "311", .horizontal = 3},
      {.name = "grey", .components = 1},
      {.name = "grey_2x2", .components = 1, .horizontal = 2, .vertical = 2},
      {.name = "ycck", .components = 4},
      {.name = "ycck_2x2", .components = 4, .horizontal = 2, .vertical = 2},
  };
  for (const JpegKind& layout : layouts) {
    kinds.push_back(layout);
    kinds.push_back(layout);
    kinds.back().name += "_progressive";
    kinds.back().progressive = true;
    kinds.push_back(layout);
    kinds.back().name += "_restart";
    kinds.back().restart_interval = 3;
  }
  kinds.push_back({.name = "420_scans", .horizontal = 2, .vertical = 2, .scan_each = true});
  kinds.push_back({.name = "422_scans", .horizontal = 2, .scan_each = true});
#ifdef C_ARITH_CODING_SUPPORTED
  kinds.push_back({.name = "420_arithmetic", .horizontal = 2, .vertical = 2, .arithmetic = true});
#endif
  return kinds;
}

std::vector<std::uint8_t> make_jpeg(const at::Tensor& pixels, const JpegKind& kind) {
  jpeg_error_mgr errors;
  jpeg_compress_struct info;
  info.err = jpeg_std_error(&errors);  // ends the process, with a message
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_height = static_cast<JDIMENSION>(pixels.size(0));
  info.image_width = static_cast<JDIMENSION>(pixels.size(1));
  info.input_components = kind.components;
  info.in_color_space = kind.components == 1   ? JCS_GRAYSCALE
                        : kind.components == 3 ? JCS_RGB
                                               : JCS_CMYK;
  jpeg_set_defaults(&info);
  if (kind.components == 4) {
    jpeg_set_colorspace(&info, JCS_YCCK);
  }
  jpeg_set_quality(&info, 85, TRUE);
  for (int i = 0; i < info.num_components; ++i) {
    const bool full = i == 0 || i == 3;  // K as Y
    info.comp_info[i].h_samp_factor = full ? kind.horizontal : 1;
    info.comp_info[i].v_samp_factor = full ? kind.vertical : 1;
  }
  info.restart_interval = static_cast<unsigned>(kind.restart_interval);
  info.arith_code = kind.arithmetic ? TRUE : FALSE;
  std::array<jpeg_scan_info, 3> scans = {};
  if (kind.progressive) {
    jpeg_simple_progression(&info);
  } else if (kind.scan_each) {
    for (int i = 0; i < 3; ++i) {
      scans[static_cast<std::size_t>(i)] = {
          .comps_in_scan = 1, .component_index = {i}, .Ss = 0, .Se = 63, .Ah = 0, .Al = 0};
    }
    info.scan_info = scans.data();
    info.num_scans = 3;
  }
  jpeg_start_compress(&info, TRUE);
  auto* rows = const_cast<std::uint8_t*>(pixels.const_data_ptr<std::uint8_t>());
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = rows + info.next_scanline * static_cast<std::size_t>(pixels.stride(0));
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  std::vector<std::uint8_t> bytes(memory, memory + size);
  std::free(memory);
  jpeg_destroy_compress(&info);
  return bytes;
}

}  // namespace lightly::testing
