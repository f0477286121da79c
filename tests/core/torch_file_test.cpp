#include "lightly/core/torch_file.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "support/matchers.hpp"
#include "support/torch_bytes.hpp"

namespace lightly::core {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::torch_bytes;
using lightly::testing::write_file;
using lightly::testing::zip_bytes;
using lightly::testing::ZipItem;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace pickle = lightly::testing::pickle;

using TensorsByName = std::map<std::string, at::Tensor>;

std::filesystem::path golden_file(const std::string& name) {
  return std::filesystem::path(LIGHTLY_TESTS_DIR) / "golden/core/torch_files" / name;
}

TensorsByName load_bytes(const std::string& bytes, const TorchFileOptions& options = {}) {
  const TemporaryFolder folder;
  write_file(folder / "bad.pt", bytes);
  return load_torch_file(folder / "bad.pt", options);
}

// The error of a file with those bytes, which must name it.
std::string torch_error(const std::string& bytes) {
  const std::string text = error_text([&] { load_bytes(bytes); });
  EXPECT_THAT(text, AllOf(StartsWith("load_torch_file: "), HasSubstr("bad.pt")));
  return text;
}

std::string error_of(const std::string& object, const std::vector<std::string>& storages = {}) {
  return torch_error(torch_bytes(pickle::program(object), storages));
}

std::vector<std::string> names(const TensorsByName& tensors) {
  std::vector<std::string> list;
  for (const auto& [name, tensor] : tensors) {
    list.push_back(name);
  }
  return list;
}

const std::string kEightBytes(8, '\0');

// A tensor of two floats.
std::string two_floats(const std::string& key = "0") {
  return pickle::tensor(pickle::storage("FloatStorage", key, 2), 0, {2}, {1});
}

class TorchFile : public ::testing::TestWithParam<const char*> {};

TEST_P(TorchFile, HoldsWhatPythonSaved) {
  const std::string file = GetParam();
  const auto golden = load_golden("core/torch_files_expected.safetensors");
  const TensorsByName tensors = load_torch_file(golden_file(file));
  std::set<std::string> expected;
  for (const auto& [name, tensor] : golden.tensors) {
    if (name.starts_with(file + "/")) {
      expected.insert(name.substr(file.size() + 1));
    }
  }
  EXPECT_FALSE(expected.empty());
  EXPECT_THAT(names(tensors), ::testing::ElementsAreArray(expected));
  for (const std::string& name : expected) {
    const at::Tensor& wanted = golden.at(file + "/" + name);
    at::Tensor tensor = tensors.at(name);
    if (file == "rare_dtypes.pt") {
      tensor = tensor.view(at::kByte);
    }
    EXPECT_TRUE(tensors_equal(tensor, wanted)) << name;
    EXPECT_FALSE(tensor.requires_grad()) << name;
  }
  EXPECT_TRUE(is_torch_file(golden_file(file)));
}

INSTANTIATE_TEST_SUITE_P(Files, TorchFile,
                         ::testing::Values("every_dtype.pt", "rare_dtypes.pt", "views.pt",
                                           "tied.pt", "protocol_3.pt", "protocol_4.pt",
                                           "protocol_5.pt", "before_1.6.pt", "lightning.ckpt",
                                           "data_parallel.pth", "tensor.pt", "passed_over.pt",
                                           "no_checksums.pt"));

TEST(LoadTorchFile, KeepsSharedStoragesAndStrides) {
  const TensorsByName tied = load_torch_file(golden_file("tied.pt"));
  EXPECT_TRUE(tied.at("0.weight").is_alias_of(tied.at("1.weight")));
  const TensorsByName views = load_torch_file(golden_file("views.pt"));
  EXPECT_EQ(views.at("transposed").strides(), (std::vector<std::int64_t>{1, 12, 4}));
  EXPECT_EQ(views.at("expanded").strides(), (std::vector<std::int64_t>{1, 0}));
  EXPECT_TRUE(views.at("transposed").is_alias_of(views.at("sliced")));
}

TEST(LoadTorchFile, TakesTheSubtreeThatIsAskedFor) {
  const TensorsByName state = load_torch_file(golden_file("lightning.ckpt"));
  const TensorsByName all = load_torch_file(golden_file("lightning.ckpt"), {.subtree = ""});
  EXPECT_EQ(all.size(), state.size() + 4);  // and the momentum of four parameters
  EXPECT_TRUE(tensors_equal(all.at("state_dict.model.backbone.0.weight"),
                            state.at("model.backbone.0.weight")));
  EXPECT_TRUE(all.contains("optimizer_states.0.state.0.momentum_buffer"));
  EXPECT_EQ(names(load_torch_file(golden_file("data_parallel.pth"), {.subtree = "model"})),
            names(load_torch_file(golden_file("data_parallel.pth"))));
  EXPECT_THAT(error_text([] {
                load_torch_file(golden_file("lightning.ckpt"), {.subtree = "state_dict.other"});
              }),
              HasSubstr("lightning.ckpt: nothing is named state_dict.other"));
  // Lists and whole numbers as the reader names them.
  EXPECT_THAT(names(load_torch_file(golden_file("lightning.ckpt"),
                                    {.subtree = "optimizer_states.0.state.3"})),
              ElementsAre("momentum_buffer"));
  EXPECT_THAT(error_text([] {
                load_torch_file(golden_file("lightning.ckpt"), {.subtree = "optimizer_states.1"});
              }),
              HasSubstr("lightning.ckpt: nothing is named optimizer_states.1"));
  EXPECT_THAT(
      error_text([] { load_torch_file(golden_file("lightning.ckpt"), {.subtree = "callbacks"}); }),
      HasSubstr("lightning.ckpt: no tensors in callbacks"));
}

TEST(LoadTorchFile, SaysWhatAFileWithoutTensorsHolds) {
  EXPECT_THAT(
      error_text([] { load_torch_file(golden_file("foreign.pt")); }),
      HasSubstr("holds an object of __main__.Callback, not tensors; save its state_dict()"));
  EXPECT_THAT(error_of(pickle::dict({{pickle::text("epoch"), pickle::integer(3)},
                                     {pickle::text("model"), pickle::call("nets", "Net", {})}})),
              HasSubstr("holds an object of nets.Net, not tensors; save its state_dict()"));
  EXPECT_THAT(error_text([] { load_torch_file(golden_file("no_tensors.pt")); }),
              HasSubstr("no_tensors.pt: no tensors"));
}

TEST(LoadTorchFile, RefusesWhatIsNoFileOfTorchSave) {
  EXPECT_THAT(torch_error(""), HasSubstr("not a file of torch.save"));
  EXPECT_THAT(torch_error("Just a text that is long enough.\n"),
              HasSubstr("not a file of torch.save"));
  EXPECT_THAT(torch_error(zip_bytes({{.name = "a.txt", .bytes = "a"}})),
              HasSubstr("a ZIP file without data.pkl"));
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { load_torch_file(folder.path()); }), HasSubstr("not a regular file"));
  EXPECT_THAT(error_text([&] { load_torch_file(folder / "none.pt"); }),
              HasSubstr("none.pt: No such file"));
  write_file(folder / "empty", "");
  EXPECT_FALSE(is_torch_file(folder / "empty"));
}

TEST(LoadTorchFile, ExecutesNothing) {
  const TemporaryFolder folder;
  const std::string marker = (folder / "marker").string();
  const std::string command = pickle::text("touch " + marker);
  const std::string python = pickle::text("open('" + marker + "', 'w')");
  for (const std::string& attack :
       {pickle::call("os", "system", {command}), pickle::call("posix", "system", {command}),
        pickle::call("builtins", "eval", {python}), pickle::call("builtins", "exec", {python}),
        pickle::call("torch.hub", "load", {pickle::text("a/b"), pickle::text("c")}),
        pickle::call("torch._utils", "_rebuild_tensor_v2", {command}),
        pickle::global("subprocess", "Popen") + pickle::tuple({command}) + "\x81",
        pickle::call("torch._tensor", "_rebuild_from_type_v2",
                     {pickle::global("os", "system"), pickle::global("torch", "Tensor"),
                      pickle::tuple({command}), pickle::dict({})}),
        // The result of a call, called.
        pickle::call("builtins", "getattr", {pickle::global("os", "x"), pickle::text("system")}) +
            pickle::tuple({command}) + "R",
        // With a state, as __setstate__ would get it.
        pickle::call("os", "_wrap_close", {}) + pickle::dict({{pickle::text("a"), command}}) +
            "b"}) {
    const std::string bytes =
        torch_bytes(pickle::program(pickle::dict({{pickle::text("attack"), attack},
                                                  {pickle::text("weight"), two_floats()}})),
                    {kEightBytes});
    EXPECT_THAT(names(load_bytes(bytes)), ElementsAre("weight"));
    EXPECT_THAT(torch_error(torch_bytes(pickle::program(attack))),
                AnyOf(HasSubstr("holds an object of"), HasSubstr("no tensors")));
  }
  EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST(LoadTorchFile, RefusesATensorThatDoesNotLieInItsStorage) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  struct Case {
    std::int64_t offset;
    std::vector<std::int64_t> sizes;
    std::vector<std::int64_t> strides;
  };
  const std::string storage = pickle::storage("FloatStorage", "0", 2);
  for (const auto& [offset, sizes, strides] :
       {Case{0, {3}, {1}}, Case{1, {2}, {1}}, Case{2, {}, {}}, Case{-1, {2}, {1}},
        Case{0, {-2}, {1}}, Case{1, {2}, {-1}}, Case{0, {2, 2}, {1, 1}}, Case{0, {2}, {1, 1}},
        Case{0, {2}, {kHuge}}, Case{0, {kHuge, 2}, {kHuge, 1}}, Case{0, {kHuge, kHuge}, {0, 0}},
        Case{0, {kHuge}, {0}}, Case{3, {0}, {1}}, Case{kHuge, {0}, {1}}, Case{INT64_MAX, {2}, {1}},
        Case{0, {INT64_MIN}, {INT64_MIN}}}) {
    EXPECT_THAT(error_of(pickle::tensor(storage, offset, sizes, strides), {kEightBytes}),
                HasSubstr("does not lie inside its storage 0 of 8 bytes"))
        << offset << " " << at::IntArrayRef(sizes);
  }
  const std::vector<std::int64_t> many_axes(65, 1);
  EXPECT_THAT(error_of(pickle::tensor(storage, 0, many_axes, many_axes), {kEightBytes}),
              HasSubstr("must be whole numbers"));
  EXPECT_THAT(names(load_bytes(torch_bytes(pickle::program(pickle::tensor(storage, 2, {0}, {1})),
                                           {kEightBytes}))),
              ElementsAre(""));
}

TEST(LoadTorchFile, RefusesAStorageOfAnotherSize) {
  EXPECT_THAT(error_of(two_floats(), {std::string(7, 'x')}),
              HasSubstr("storage 0 must have 8 bytes, got 7"));
  EXPECT_THAT(error_of(two_floats(), {std::string(9, 'x')}),
              HasSubstr("storage 0 must have 8 bytes, got 9"));
  EXPECT_THAT(error_of(two_floats("1"), {kEightBytes}), HasSubstr("no storage 1"));
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  EXPECT_THAT(error_of(pickle::storage("FloatStorage", "0", kHuge)),
              HasSubstr("storage 0 of 46116"));
  EXPECT_THAT(error_of(pickle::storage("FloatStorage", "0", -1)),
              HasSubstr("storage 0 of -1 elements"));
  EXPECT_THAT(error_of(pickle::tensor(pickle::storage("ByteStorage", "0", kHuge), 0, {kHuge}, {1}),
                       {kEightBytes}),
              HasSubstr("storage 0 must have 4611686018427387904 bytes, got 8"));
  EXPECT_THAT(
      error_of(pickle::tensor(pickle::storage("BoolStorage", "0", 2), 0, {1}, {1}), {"\x01\x02"}),
      HasSubstr("storage 0 must hold bools of 0 or 1"));
}

TEST(LoadTorchFile, RefusesPicklesThatAreNone) {
  EXPECT_THAT(torch_error(torch_bytes("")),
              HasSubstr("bad pickle: 1 bytes needed where 0 are left"));
  EXPECT_THAT(torch_error(torch_bytes("\x80\x06.")), HasSubstr("protocol 6, expected 2 to 5"));
  EXPECT_THAT(torch_error(torch_bytes("I1\n.")),
              HasSubstr("opcode 73 is none of protocols 2 to 5"));
  EXPECT_THAT(error_of(""), HasSubstr("an operand is missing"));
  EXPECT_THAT(error_of("(N(R"), HasSubstr("an operand is missing"));
  EXPECT_THAT(error_of("Nt"), HasSubstr("a mark is missing"));
  EXPECT_THAT(error_of("}(Nu"), HasSubstr("a key without value"));
  EXPECT_THAT(error_of("h\x05"), HasSubstr("nothing in the memo under 5"));
  EXPECT_THAT(error_of("X\xff\xff\xff\xff"), HasSubstr("4294967295 bytes needed where 1 are left"));
  EXPECT_THAT(error_of("\x8d" + std::string(8, '\xff')),
              HasSubstr("18446744073709551615 bytes needed"));
  EXPECT_THAT(error_of("cos"), HasSubstr("a name without end"));
  EXPECT_THAT(error_of("NN\x93"), HasSubstr("the name of a class is no text"));
}

TEST(LoadTorchFile, ReadsTheOrderedDictsOfPython2) {
  const auto ordered_dict = [](const std::vector<std::string>& pairs) {
    return pickle::call("collections", "OrderedDict", {pickle::list(pairs)});
  };
  const std::string weight = pickle::list({"U\x06weight", two_floats()});
  const std::string inner = pickle::list({"U\x04head", ordered_dict({weight})});
  EXPECT_THAT(
      names(load_bytes(torch_bytes(pickle::program(ordered_dict({weight, inner})), {kEightBytes}))),
      ElementsAre("head.weight", "weight"));
  for (const std::string& no_pair : {pickle::list({"U\x06weight"}), std::string("N")}) {
    EXPECT_THAT(error_of(ordered_dict({weight, no_pair}), {kEightBytes}),
                HasSubstr("an OrderedDict must be made of pairs"));
  }
}

// `program` after it has been called `times` times: the callable and its arguments from the memo.
std::string called_often(const std::string& callable, const std::string& arguments, int times) {
  std::string calls = callable + "q\x01" + arguments + "q\x02";
  for (int i = 0; i < times; ++i) {
    calls += "h\x01h\x02R0";
  }
  return calls;
}

TEST(LoadTorchFile, IsNotBroughtDownByShortPicklesOfLargeObjects) {
  const std::string pair = pickle::list({pickle::integer(1), "N"});
  EXPECT_THAT(error_of(called_often(
                  pickle::global("collections", "OrderedDict"),
                  pickle::tuple({pickle::list(std::vector<std::string>(10'000, pair))}), 10'000)),
              HasSubstr("objects of more than 268435456 bytes"));
  const std::string axes = pickle::integers(std::vector<std::int64_t>(64, 1));
  const std::string arguments = pickle::tuple(
      {pickle::storage("FloatStorage", "0", 2), pickle::integer(0), axes, axes, "\x89", "}"});
  const std::string rebuild = pickle::global("torch._utils", "_rebuild_tensor_v2");
  EXPECT_THAT(error_of(called_often(rebuild, arguments, 300'000), {kEightBytes}),
              HasSubstr("objects of more than 268435456 bytes"));
  // One tensor of many axes, many times in a list.
  std::string often = rebuild + arguments + "Rq\x01](";
  for (int i = 0; i < 100'000; ++i) {
    often += "h\x01";
  }
  EXPECT_THAT(error_of(often + "e", {kEightBytes}), HasSubstr("bytes of names and shapes"));
}

TEST(LoadTorchFile, PassesOverLongListsOfNumbers) {
  const std::string indices = pickle::list(std::vector<std::string>(1'300'000, "K\x01"));
  const std::string net = pickle::dict({{pickle::text("weight"), two_floats()}});
  const std::string both =
      pickle::dict({{pickle::text("net"), net}, {pickle::text("indices"), indices}});
  EXPECT_THAT(names(load_bytes(torch_bytes(pickle::program(both), {kEightBytes}))),
              ElementsAre("net.weight"));
  // But not over one such list that is there many times.
  std::string often = pickle::list(std::vector<std::string>(10'000, "K\x01")) + "q\x01](";
  for (int i = 0; i < 10'000; ++i) {
    often += "h\x01";
  }
  EXPECT_THAT(error_of(often + "e"), HasSubstr("16777216 entries"));
}

TEST(LoadTorchFile, IsNotBroughtDownByNests) {
  constexpr std::size_t kDeep = 1'000'000;
  EXPECT_THAT(error_of(std::string(kDeep, '(') + std::string(kDeep, 't')),
              HasSubstr("more than 64 levels"));
  std::string tuples = "N";
  for (std::size_t i = 0; i < kDeep; ++i) {
    tuples += "\x85";
  }
  EXPECT_THAT(error_of(tuples), HasSubstr("more than 64 levels"));
  EXPECT_THAT(error_of(std::string(5'000'000, '(')), HasSubstr("more than 4194304 marks"));
  EXPECT_THAT(error_of(std::string(5'000'000, 'N')), HasSubstr("more than 4194304 objects"));
  // A list that holds itself.
  EXPECT_THAT(error_of("]q\x01h\x01"
                       "a"),
              HasSubstr("more than 64 levels"));
  // Each of 40 lists holds the one before twice: 2^40 paths.
  std::string laughs = "]";
  for (char i = 1; i <= 40; ++i) {
    laughs += std::string("q") + i + "0](h" + i + "h" + i + "e";
  }
  EXPECT_THAT(error_of(laughs), HasSubstr("16777216 entries"));
  // Long names of many levels add up.
  std::string long_names = two_floats();
  for (int i = 0; i < 60; ++i) {
    long_names = pickle::dict({{pickle::text(std::string(100'000, 'x')), long_names}});
  }
  EXPECT_THAT(error_of(long_names, {kEightBytes}), HasSubstr("bytes of names"));
}

TEST(LoadTorchFile, RefusesTwoTensorsOfOneName) {
  const auto twice =
      pickle::dict({{pickle::text("a"), two_floats()}, {pickle::text("a"), two_floats()}});
  EXPECT_THAT(error_of(twice, {kEightBytes}), HasSubstr("two tensors are named a"));
  const auto dotted =
      pickle::dict({{pickle::text("a.b"), two_floats()},
                    {pickle::text("a"), pickle::dict({{pickle::text("b"), two_floats()}})}});
  EXPECT_THAT(error_of(dotted, {kEightBytes}), HasSubstr("two tensors are named a.b"));
}

TEST(LoadTorchFile, PassesOverKeysThatAreNoNames) {
  const auto odd =
      pickle::dict({{"N", two_floats()},
                    {pickle::tuple({}), two_floats()},
                    {pickle::global("a", "B"), two_floats()},
                    {pickle::integer(-3), two_floats()},
                    {pickle::text("list"), pickle::tuple({two_floats(), "N", two_floats()})}});
  EXPECT_THAT(names(load_bytes(torch_bytes(pickle::program(odd), {kEightBytes}))),
              ElementsAre("-3", "list.0", "list.2"));
}

TEST(LoadTorchFile, RefusesAZipThatLies) {
  const std::string program = pickle::program(two_floats());
  const ZipItem pickled{.name = "a/data.pkl", .bytes = program};
  const ZipItem storage{.name = "a/data/0", .bytes = kEightBytes};
  ASSERT_THAT(names(load_bytes(zip_bytes({pickled, storage}))), ElementsAre(""));

  ZipItem lie = storage;
  lie.claimed_bytes = 0xfffffff0;
  EXPECT_THAT(torch_error(zip_bytes({pickled, lie})),
              HasSubstr("a/data/0 claims 4294967280 bytes"));
  lie = storage;
  lie.method = 8;
  EXPECT_THAT(torch_error(zip_bytes({pickled, lie})),
              HasSubstr("a/data/0 is compressed or encrypted"));
  lie = storage;
  lie.flags = 1;
  EXPECT_THAT(torch_error(zip_bytes({pickled, lie})),
              HasSubstr("a/data/0 is compressed or encrypted"));
  lie = storage;
  lie.crc32 = 7;
  EXPECT_THAT(torch_error(zip_bytes({pickled, lie})),
              HasSubstr("storage 0 is damaged: its CRC-32 must be 7, got"));
  lie = storage;
  lie.local_name = "a/data/1";
  EXPECT_THAT(torch_error(zip_bytes({pickled, lie})),
              HasSubstr("a/data/0 has another name in its header: a/data/1"));
  EXPECT_THAT(torch_error(zip_bytes({pickled, storage, storage})),
              HasSubstr("two entries are named a/data/0"));
  lie = storage;
  lie.header_begin = 0;
  lie.local_name = "a/data/0";
  EXPECT_THAT(torch_error(zip_bytes({storage, pickled, lie})),
              HasSubstr("lies over the entry before"));
  lie = storage;
  lie.header_begin = 5;
  EXPECT_THAT(torch_error(zip_bytes({pickled, lie})), HasSubstr("no header before a/data/0"));
  lie = pickled;
  lie.bytes += zip_bytes({storage});  // an entry inside another
  ZipItem inner = storage;
  inner.header_begin = 30 + lie.name.size() + program.size();
  EXPECT_THAT(torch_error(zip_bytes({lie, inner})), HasSubstr("lies over the entry before"));
}

TEST(LoadTorchFile, RefusesADamagedDirectory) {
  const std::string good = read_file(golden_file("tied.pt"));
  const auto with = [&](std::size_t from_end, char byte) {
    std::string bad = good;
    bad[bad.size() - from_end] = byte;
    return bad;
  };
  EXPECT_THAT(torch_error(with(22, 'X')), HasSubstr("no ZIP directory"));
  // The ZIP64 record counts, whose locator lies 42 and whose own beginning lies 98 bytes before.
  EXPECT_THAT(torch_error(with(98, 'X')), HasSubstr("damaged end of the ZIP64 directory"));
  EXPECT_THAT(torch_error(with(98 - 55, '\x7f')), HasSubstr("the ZIP directory claims"));
  EXPECT_THAT(torch_error(with(42 - 15, '\x7f')), HasSubstr("the ZIP64 directory's end needs"));
}

TEST(LoadTorchFile, RefusesTheOtherByteOrder) {
  const std::string program = pickle::program(two_floats());
  EXPECT_THAT(torch_error(zip_bytes({{.name = "a/data.pkl", .bytes = program},
                                     {.name = "a/byteorder", .bytes = "big"},
                                     {.name = "a/data/0", .bytes = kEightBytes}})),
              HasSubstr("the byte order must be little"));
  std::string old = read_file(golden_file("before_1.6.pt"));
  const std::size_t at = old.find("little_endian");
  const std::size_t value = old.find('\x88', at);
  ASSERT_NE(value, std::string::npos);
  old[value] = '\x89';
  EXPECT_THAT(torch_error(old), HasSubstr("the byte order must be little"));
}

TEST(LoadTorchFile, RefusesEveryCutOffFile) {
  for (const char* name : {"views.pt", "lightning.ckpt", "before_1.6.pt"}) {
    const TemporaryFolder folder;
    std::filesystem::copy_file(golden_file(name), folder / name);
    for (std::uintmax_t size = std::filesystem::file_size(folder / name); size-- > 0;) {
      std::filesystem::resize_file(folder / name, size);
      EXPECT_THAT(error_text([&] { load_torch_file(folder / name); }),
                  AllOf(StartsWith("load_torch_file: "), HasSubstr(name)))
          << size;
    }
  }
}

TEST(LoadTorchFile, RefusesAnOldFileWhoseStoragesHaveAnotherLength) {
  std::string bytes = read_file(golden_file("before_1.6.pt"));
  // The storages end the file, the number of elements before each.
  std::map<const void*, std::size_t> storages;
  for (const auto& [name, tensor] : load_bytes(bytes, {.subtree = ""})) {
    storages[tensor.storage().unsafeGetStorageImpl()] = tensor.storage().nbytes();
  }
  std::size_t first = bytes.size();
  for (const auto& [storage, nbytes] : storages) {
    first -= sizeof(std::int64_t) + nbytes;
  }
  bytes[first] = static_cast<char>(bytes[first] + 1);
  EXPECT_THAT(torch_error(bytes), AllOf(HasSubstr(" must have "), HasSubstr(" elements, got ")));
}

TEST(LoadTorchFile, RandomDamageIsAnErrorOrAReadableFileNeverACrash) {
  Random random(1);
  for (const char* name : {"views.pt", "before_1.6.pt"}) {
    const std::string good = read_file(golden_file(name));
    int errors = 0;
    for (int i = 0; i < 500; ++i) {
      std::string bad = good;
      for (int k = 0; k <= i % 3; ++k) {
        bad[random.below(bad.size())] = static_cast<char>(random.bits());
      }
      errors += error_text([&] { load_bytes(bad); }) != "no error" ? 1 : 0;
    }
    EXPECT_GT(errors, 100) << name;
  }
}

TEST(LoadTorchFile, NoticesChangedWeights) {
  std::string changed = read_file(golden_file("tied.pt"));
  // Eight in little-endian float32, the last weight.
  const std::size_t at = changed.find(std::string("\0\0\0\x41", 4));
  ASSERT_NE(at, std::string::npos);
  changed[at] = '\x01';
  EXPECT_THAT(torch_error(changed), HasSubstr("storage 0 is damaged"));
}

}  // namespace
}  // namespace lightly::core
