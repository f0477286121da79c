#include "lightly/core/torch_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include "core/input_file.hpp"
#include "core/pickle.hpp"
#include "core/stored_zip.hpp"

namespace lightly::core {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are read as they lie");

using pickle::Ref;

constexpr std::string_view kZipMagic = "PK\3\4";
// The pickled number 0x1950a86a20f9469cfc6c, with which torch before 1.6 begins.
constexpr std::string_view kLegacyMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
                                        15);
constexpr std::int64_t kLegacyProtocol = 1001;
// The pickles of an old file come first; those of any network are far shorter.
constexpr std::uint64_t kMostLegacyPickleBytes = std::uint64_t{64} << 20;
// Limits of what is walked and named: a dict that holds one other many times, nested, is short in
// the file, and so is a list that holds one tensor many times.
constexpr int kMostLevels = 64;
constexpr std::uint64_t kMostEntries = std::uint64_t{1} << 24;
constexpr std::uint64_t kMostNameBytes = std::uint64_t{128} << 20;
// What LibTorch keeps of a tensor beside its values, sizes and strides, and the map of its name.
constexpr std::uint64_t kTensorBytes = 512;

constexpr std::array<std::string_view, 4> kUsualSubtrees{"state_dict", "model_state_dict", "model",
                                                         "teacher"};

using Records = std::map<std::string, FileRecord, std::less<>>;

// A file's objects and the places of its storages.
struct Content {
  explicit Content(const std::string& where) : objects(where) {}

  std::string pickle;
  pickle::Objects objects;
  Ref root = pickle::kNothing;
  Records storages;
};

std::string read_small(InputFile& file, const std::string& name, const FileRecord& record) {
  std::string text(record.bytes, '\0');
  read_record(file, name, record, text.data());
  return text;
}

void read_zip(InputFile& file, Content& content) {
  constexpr std::string_view kPickle = "/data.pkl";
  const std::map<std::string, FileRecord> records = read_zip_directory(file);
  // <archive>/data.pkl, <archive>/data/<key>, <archive>/byteorder
  const auto found = std::ranges::find_if(records, [&](const auto& item) {
    return item.first.find('/') + kPickle.size() == item.first.size() &&
           item.first.ends_with(kPickle);
  });
  TORCH_CHECK(found != records.end(), file.where(),
              ": a ZIP file without data.pkl, not one of torch.save");
  const std::string archive = found->first.substr(0, found->first.find('/') + 1);
  if (const auto order = records.find(archive + "byteorder"); order != records.end()) {
    const std::string text =
        order->second.bytes == 6 ? read_small(file, order->first, order->second) : "";
    TORCH_CHECK(text == "little", file.where(), ": the byte order must be little");
  }
  const std::string data = archive + "data/";
  for (auto record = records.lower_bound(data);
       record != records.end() && record->first.starts_with(data); ++record) {
    content.storages.emplace(record->first.substr(data.size()), record->second);
  }
  content.pickle = read_small(file, found->first, found->second);
  std::string_view bytes = content.pickle;
  content.root = pickle::load(content.objects, bytes);
}

bool is_little_endian(const pickle::Objects& objects, Ref system) {
  const auto* entries = objects.get<pickle::Dict>(system);
  return entries != nullptr && std::ranges::any_of(entries->items, [&](const auto& entry) {
           const auto* key = objects.get<std::string_view>(entry.first);
           const auto* value = objects.get<bool>(entry.second);
           return key != nullptr && *key == "little_endian" && value != nullptr && *value;
         });
}

// Five pickles (magic, protocol, system, object, keys of the storages), then for each key its
// number of elements and its bytes.
void read_legacy(InputFile& file, Content& content) {
  const std::string& where = file.where();
  pickle::Objects& objects = content.objects;
  content.pickle = file.read(0, std::min(file.size(), kMostLegacyPickleBytes), "the pickles");
  std::string_view bytes = content.pickle;
  pickle::load(objects, bytes);
  const auto* protocol = objects.get<std::int64_t>(pickle::load(objects, bytes));
  TORCH_CHECK(protocol != nullptr && *protocol == kLegacyProtocol, where, ": the protocol must be ",
              kLegacyProtocol);
  TORCH_CHECK(is_little_endian(objects, pickle::load(objects, bytes)), where,
              ": the byte order must be little");
  content.root = pickle::load(objects, bytes);
  const auto* keys = objects.get<pickle::Sequence>(pickle::load(objects, bytes));
  TORCH_CHECK(keys != nullptr, where, ": no list of storages");

  std::map<std::string_view, const pickle::Storage*> known;
  for (Ref ref = 0; ref < objects.size(); ++ref) {
    if (const auto* storage = objects.get<pickle::Storage>(ref)) {
      known.emplace(storage->key, storage);
    }
  }
  std::uint64_t begin = content.pickle.size() - bytes.size();
  for (const Ref ref : keys->items) {
    const auto* key = objects.get<std::string_view>(ref);
    const auto found = key == nullptr ? known.end() : known.find(*key);
    TORCH_CHECK(found != known.end(), where, ": a storage of unknown kind");
    const std::uint64_t size = found->second->bytes;
    const std::uint64_t width = c10::elementSize(found->second->type.value_or(at::kByte));
    std::uint64_t elements = 0;
    file.read(begin, &elements, sizeof(elements), c10::str("the length of storage ", *key));
    TORCH_CHECK(elements == size / width, where, ": storage ", *key, " must have ", size / width,
                " elements, got ", elements);
    const std::uint64_t data_begin = begin + sizeof(elements);
    TORCH_CHECK(size <= file.size() - data_begin, where, ": storage ", *key, " claims ", size,
                " bytes from ", data_begin, " on, the file has ", file.size());
    TORCH_CHECK(
        content.storages.emplace(*key, FileRecord{.begin = data_begin, .bytes = size}).second,
        where, ": two storages are named ", *key);
    begin = data_begin + size;
  }
}

bool is_named(const pickle::Objects& objects, Ref key, std::string_view wanted) {
  if (const auto* text = objects.get<std::string_view>(key)) {
    return *text == wanted;
  }
  const auto* number = objects.get<std::int64_t>(key);
  return number != nullptr && std::to_string(*number) == wanted;
}

// A dict's last value under the key or a list's at the position, kNothing when there is none.
Ref value_of(const pickle::Objects& objects, Ref parent, std::string_view wanted) {
  Ref value = pickle::kNothing;
  if (const auto* dict = objects.get<pickle::Dict>(parent)) {
    for (const auto& [key, item] : dict->items) {
      value = is_named(objects, key, wanted) ? item : value;
    }
  } else if (const auto* list = objects.get<pickle::Sequence>(parent)) {
    std::size_t position = list->items.size();
    std::from_chars(wanted.data(), wanted.data() + wanted.size(), position);
    if (position < list->items.size() && std::to_string(position) == wanted) {
      value = list->items[position];
    }
  }
  return value;
}

Ref find_subtree(const Content& content, const std::optional<std::string>& path) {
  const pickle::Objects& objects = content.objects;
  if (path) {
    Ref ref = content.root;
    for (std::string_view rest = *path; !rest.empty();) {
      const std::size_t length = std::min(rest.find('.'), rest.size());
      ref = value_of(objects, ref, rest.substr(0, length));
      TORCH_CHECK(ref != pickle::kNothing, objects.where(), ": nothing is named ", *path);
      rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    return ref;
  }
  for (const std::string_view name : kUsualSubtrees) {
    const Ref ref = value_of(objects, content.root, name);
    const auto* entries = objects.get<pickle::Dict>(ref);
    if (entries != nullptr && std::ranges::any_of(entries->items, [&](const auto& entry) {
          return objects.get<pickle::Tensor>(entry.second) != nullptr;
        })) {
      return ref;
    }
  }
  return content.root;
}

// The object of a class that was saved whole, or is under a usual name in what was saved; null when
// there is none.
const pickle::Foreign* find_foreign(const pickle::Objects& objects, Ref subtree) {
  const auto* foreign = objects.get<pickle::Foreign>(subtree);
  for (const std::string_view name : kUsualSubtrees) {
    foreign = foreign != nullptr ? foreign
                                 : objects.get<pickle::Foreign>(value_of(objects, subtree, name));
  }
  return foreign;
}

// Walks a tree of dicts and lists and reads its tensors.
class TensorReader {
 public:
  TensorReader(InputFile& file, const Content& content) : file_(file), content_(content) {}

  void read(Ref ref, const std::string& name, int level = 0) {
    const pickle::Objects& objects = content_.objects;
    const std::string prefix = level == 0 ? "" : name + ".";
    if (const auto* tensor = objects.get<pickle::Tensor>(ref)) {
      charge(level, 0,
             name.size() + kTensorBytes + 2 * tensor->sizes.size() * sizeof(tensor->sizes[0]));
      TORCH_CHECK(!tensors_.contains(name), file_.where(), ": two tensors are named ", name);
      tensors_.emplace(name, view(*tensor));
    } else if (const auto* dict = objects.get<pickle::Dict>(ref)) {
      charge(level, dict->items.size(), name.size());
      for (const auto& [key, item] : dict->items) {
        if (!may_hold_tensors(item)) {
          continue;
        }
        if (const auto* text = objects.get<std::string_view>(key)) {
          read(item, c10::str(prefix, *text), level + 1);
        } else if (const auto* number = objects.get<std::int64_t>(key)) {
          read(item, c10::str(prefix, *number), level + 1);
        }
      }
    } else if (const auto* list = objects.get<pickle::Sequence>(ref)) {
      charge(level, list->items.size(), name.size());
      for (std::size_t i = 0; i < list->items.size(); ++i) {
        if (may_hold_tensors(list->items[i])) {
          read(list->items[i], c10::str(prefix, i), level + 1);
        }
      }
    }
  }

  std::map<std::string, at::Tensor> take() { return std::move(tensors_); }

 private:
  struct Loaded {
    at::Tensor bytes;
    bool holds_bools = false;
  };

  bool may_hold_tensors(Ref ref) const {
    const pickle::Objects& objects = content_.objects;
    return objects.get<pickle::Tensor>(ref) != nullptr ||
           objects.get<pickle::Dict>(ref) != nullptr ||
           objects.get<pickle::Sequence>(ref) != nullptr;
  }

  void charge(int level, std::uint64_t entries, std::uint64_t bytes) {
    entries_ += entries;
    name_bytes_ += bytes;
    TORCH_CHECK(level <= kMostLevels && entries_ <= kMostEntries && name_bytes_ <= kMostNameBytes,
                file_.where(), ": more than ", kMostLevels, " levels, ", kMostEntries,
                " entries or ", kMostNameBytes, " bytes of names and shapes");
  }

  Loaded& storage(const pickle::Storage& wanted) {
    const auto record = content_.storages.find(wanted.key);
    TORCH_CHECK(record != content_.storages.end(), file_.where(), ": no storage ", wanted.key);
    TORCH_CHECK(record->second.bytes == wanted.bytes, file_.where(), ": storage ", wanted.key,
                " must have ", wanted.bytes, " bytes, got ", record->second.bytes);
    const auto [loaded, is_new] = loaded_.try_emplace(wanted.key);
    if (is_new) {
      loaded->second.bytes = at::empty({static_cast<std::int64_t>(wanted.bytes)}, at::kByte);
      read_record(file_, c10::str("storage ", wanted.key), record->second,
                  loaded->second.bytes.mutable_data_ptr());
    }
    return loaded->second;
  }

  at::Tensor view(const pickle::Tensor& tensor) {
    Loaded& loaded = storage(tensor.storage);
    if (tensor.type == at::kBool && !loaded.holds_bools) {
      const auto* bytes = static_cast<const std::uint8_t*>(loaded.bytes.const_data_ptr());
      TORCH_CHECK(
          std::all_of(bytes, bytes + loaded.bytes.numel(), [](auto byte) { return byte <= 1; }),
          file_.where(), ": storage ", tensor.storage.key, " must hold bools of 0 or 1");
      loaded.holds_bools = true;
    }
    return at::empty({0}, tensor.type)
        .set_(loaded.bytes.storage(), tensor.offset, tensor.sizes, tensor.strides);
  }

  InputFile& file_;
  const Content& content_;
  std::map<std::string, at::Tensor> tensors_;
  std::map<std::string_view, Loaded> loaded_;
  std::uint64_t entries_ = 0;
  std::uint64_t name_bytes_ = 0;
};

std::string first_bytes(InputFile& file) {
  return file.read(0, std::min<std::uint64_t>(file.size(), kLegacyMagic.size()), "the beginning");
}

}  // namespace

std::map<std::string, at::Tensor> load_torch_file(const std::filesystem::path& path,
                                                  const TorchFileOptions& options) {
  InputFile file("load_torch_file", path);
  Content content(file.where());
  const std::string magic = first_bytes(file);
  if (magic.starts_with(kZipMagic)) {
    read_zip(file, content);
  } else if (magic == kLegacyMagic) {
    read_legacy(file, content);
  } else {
    TORCH_CHECK(false, file.where(), ": not a file of torch.save");
  }
  const Ref subtree = find_subtree(content, options.subtree);
  TensorReader reader(file, content);
  reader.read(subtree, "");
  std::map<std::string, at::Tensor> tensors = reader.take();
  if (tensors.empty()) {
    const pickle::Foreign* foreign = find_foreign(content.objects, subtree);
    TORCH_CHECK(foreign == nullptr, file.where(), ": holds an object of ", foreign->type.module,
                ".", foreign->type.name, ", not tensors; save its state_dict() in Python");
    TORCH_CHECK(false, file.where(), ": no tensors",
                options.subtree ? " in " + *options.subtree : "");
  }
  return tensors;
}

bool has_torch_signature(InputFile& file) {
  const std::string magic = first_bytes(file);
  return magic.starts_with(kZipMagic) || magic == kLegacyMagic;
}

bool is_torch_file(const std::filesystem::path& path) {
  InputFile file("is_torch_file", path);
  return has_torch_signature(file);
}

}  // namespace lightly::core
