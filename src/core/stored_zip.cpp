#include "core/stored_zip.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>
#include <zlib.h>

namespace lightly::core {
namespace {

static_assert(std::endian::native == std::endian::little, "ZIP is little-endian");

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::uint64_t kLocalHeaderBytes = 30;
constexpr std::uint64_t kCentralHeaderBytes = 46;
constexpr std::uint64_t kEndBytes = 22;
constexpr std::uint64_t kEnd64Bytes = 56;
constexpr std::uint64_t kEnd64LocatorBytes = 20;
constexpr std::uint64_t kMostCommentBytes = 0xffff;
// This value of a field of 32 bits says that the ZIP64 field holds it.
constexpr std::uint32_t kIn64 = 0xffffffff;
constexpr std::uint16_t kExtra64 = 1;
constexpr std::uint16_t kEncrypted = 1;
// What torch.save writes after set_crc32_options(False).
constexpr std::uint32_t kNoCrc = 0;

// Takes integers and texts from bytes, each checked for its length.
class Fields {
 public:
  Fields(const std::string& where, std::string_view bytes) : where_(where), bytes_(bytes) {}

  template <typename Integer>
  Integer take() {
    Integer value{};
    const std::string_view taken = take(sizeof(value));
    std::memcpy(&value, taken.data(), taken.size());
    return value;
  }

  std::string_view take(std::size_t count) {
    TORCH_CHECK(count <= bytes_.size(), where_, ": damaged ZIP directory, ", count,
                " bytes needed where ", bytes_.size(), " are left");
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  bool empty() const { return bytes_.empty(); }

 private:
  const std::string& where_;
  std::string_view bytes_;
};

struct Directory {
  std::uint64_t begin;
  std::uint64_t bytes;
};

// The directory as the record at the file's end tells, or the ZIP64 one before it.
Directory find_directory(InputFile& file) {
  const std::string& where = file.where();
  const std::uint64_t tail_bytes = std::min(file.size(), kEndBytes + kMostCommentBytes);
  const std::uint64_t tail_begin = file.size() - tail_bytes;
  const std::string tail = file.read(tail_begin, tail_bytes, "the end of the ZIP directory");
  std::string signature(sizeof(kEnd), '\0');
  std::memcpy(signature.data(), &kEnd, sizeof(kEnd));
  const std::size_t at =
      tail_bytes < kEndBytes ? std::string::npos : tail.rfind(signature, tail_bytes - kEndBytes);
  TORCH_CHECK(at != std::string::npos, where, ": no ZIP directory; the file may be cut off");
  Fields end(where, std::string_view(tail).substr(at + sizeof(kEnd)));
  end.take(8);  // numbers of disks and counts of entries
  const std::uint64_t bytes = end.take<std::uint32_t>();
  const std::uint64_t begin = end.take<std::uint32_t>();
  const std::uint64_t end_begin = tail_begin + at;
  Directory directory{.begin = begin, .bytes = bytes};
  std::uint64_t limit = end_begin;
  if (end_begin >= kEnd64LocatorBytes) {
    const std::string locator_text =
        file.read(end_begin - kEnd64LocatorBytes, kEnd64LocatorBytes, "the ZIP64 locator");
    Fields locator(where, locator_text);
    if (locator.take<std::uint32_t>() == kEnd64Locator) {
      locator.take(4);
      limit = locator.take<std::uint64_t>();
      const std::string end64_text = file.read(limit, kEnd64Bytes, "the ZIP64 directory's end");
      Fields end64(where, end64_text);
      TORCH_CHECK(end64.take<std::uint32_t>() == kEnd64, where,
                  ": damaged end of the ZIP64 directory");
      end64.take(36);  // its own size, versions, numbers of disks and counts of entries
      directory.bytes = end64.take<std::uint64_t>();
      directory.begin = end64.take<std::uint64_t>();
    }
  }
  TORCH_CHECK(directory.begin <= limit && directory.bytes <= limit - directory.begin, where,
              ": the ZIP directory claims ", directory.bytes, " bytes from ", directory.begin,
              " on, its end lies at ", limit);
  return directory;
}

struct ZipEntry {
  std::string name;
  std::uint64_t header_begin;
  FileRecord record;
};

// One header of the directory; sizes and place are still only what it claims.
ZipEntry take_entry(const std::string& where, Fields& fields) {
  TORCH_CHECK(fields.take<std::uint32_t>() == kCentralHeader, where,
              ": damaged ZIP directory, an entry has no signature");
  fields.take(4);  // versions
  const auto flags = fields.take<std::uint16_t>();
  const auto method = fields.take<std::uint16_t>();
  fields.take(4);  // time
  const auto crc = fields.take<std::uint32_t>();
  std::uint64_t packed = fields.take<std::uint32_t>();
  std::uint64_t bytes = fields.take<std::uint32_t>();
  const auto name_bytes = fields.take<std::uint16_t>();
  const auto extra_bytes = fields.take<std::uint16_t>();
  const auto comment_bytes = fields.take<std::uint16_t>();
  fields.take(8);  // disk and attributes
  std::uint64_t header_begin = fields.take<std::uint32_t>();
  std::string name(fields.take(name_bytes));
  Fields extra(where, fields.take(extra_bytes));
  fields.take(comment_bytes);
  while (!extra.empty()) {
    const auto id = extra.take<std::uint16_t>();
    Fields field(where, extra.take(extra.take<std::uint16_t>()));
    if (id == kExtra64) {
      for (std::uint64_t* value : {&bytes, &packed, &header_begin}) {
        *value = *value == kIn64 ? field.take<std::uint64_t>() : *value;
      }
    }
  }
  TORCH_CHECK(method == 0 && packed == bytes && (flags & kEncrypted) == 0, where, ": ", name,
              " is compressed or encrypted; torch.save stores every entry as it is");
  return {
      .name = std::move(name),
      .header_begin = header_begin,
      .record = {
          .begin = 0, .bytes = bytes, .crc32 = crc == kNoCrc ? std::nullopt : std::optional(crc)}};
}

// Reads the header before the entry's bytes, which says where those begin.
void locate(InputFile& file, const Directory& directory, ZipEntry& entry) {
  const std::string& where = file.where();
  const std::string text = file.read(entry.header_begin, kLocalHeaderBytes, entry.name);
  Fields header(where, text);
  TORCH_CHECK(header.take<std::uint32_t>() == kLocalHeader, where, ": no header before ",
              entry.name);
  header.take(22);  // what the directory says too
  const auto name_bytes = header.take<std::uint16_t>();
  const auto extra_bytes = header.take<std::uint16_t>();
  const std::string name =
      file.read(entry.header_begin + kLocalHeaderBytes, name_bytes, entry.name);
  TORCH_CHECK(name == entry.name, where, ": ", entry.name,
              " has another name in its header: ", name);
  FileRecord& record = entry.record;
  record.begin = entry.header_begin + kLocalHeaderBytes + name_bytes + extra_bytes;
  TORCH_CHECK(record.begin <= directory.begin && record.bytes <= directory.begin - record.begin,
              where, ": ", entry.name, " claims ", record.bytes, " bytes from ", record.begin,
              " on, the entries end at ", directory.begin);
}

}  // namespace

void read_record(InputFile& file, std::string_view name, const FileRecord& record, void* into) {
  file.read(record.begin, into, record.bytes, name);
  const auto crc = crc32_z(0, static_cast<const Bytef*>(into), record.bytes);
  TORCH_CHECK(record.crc32.value_or(crc) == crc, file.where(), ": ", name,
              " is damaged: its CRC-32 must be ", record.crc32.value_or(0), ", got ", crc);
}

std::map<std::string, FileRecord> read_zip_directory(InputFile& file) {
  const Directory directory = find_directory(file);
  const std::string text = file.read(directory.begin, directory.bytes, "the ZIP directory");
  std::vector<ZipEntry> entries;
  for (Fields fields(file.where(), text); !fields.empty();) {
    entries.push_back(take_entry(file.where(), fields));
    locate(file, directory, entries.back());
  }
  std::ranges::sort(entries, {}, &ZipEntry::header_begin);
  std::uint64_t end = 0;
  std::map<std::string, FileRecord> records;
  for (const ZipEntry& entry : entries) {
    TORCH_CHECK(entry.header_begin >= end, file.where(), ": ", entry.name,
                " lies over the entry before it");
    end = entry.record.begin + entry.record.bytes;
    TORCH_CHECK(records.emplace(entry.name, entry.record).second, file.where(),
                ": two entries are named ", entry.name);
  }
  return records;
}

}  // namespace lightly::core
