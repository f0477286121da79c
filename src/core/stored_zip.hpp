#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/input_file.hpp"

namespace lightly::core {

/// Where a piece of a file lies.
struct FileRecord {
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  /// The CRC-32 that its bytes must have.
  std::optional<std::uint32_t> crc32 = {};
};

/// Fills `into` with the record's bytes and compares their checksum; `name` is for the error.
void read_record(InputFile& file, std::string_view name, const FileRecord& record, void* into);

/// The entries of a ZIP file (APPNOTE 6.3.10, with ZIP64) whose entries are stored as they are, as
/// `torch.save` writes them, by name.
///
/// Every entry lies inside the file, and no two share a byte or a name: all of them together need
/// no more memory than the file has bytes. Anything else, and a compressed or encrypted entry,
/// gives a c10::Error.
std::map<std::string, FileRecord> read_zip_directory(InputFile& file);

}  // namespace lightly::core
