#include "lightly/core/safetensors.hpp"

#include <array>
#include <cstdint>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lightly/core/random.hpp"
#include "support/matchers.hpp"

namespace lightly::core {
namespace {

using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::read_file;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::write_file;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string with_header(const std::string& header, const std::string& data) {
  const std::uint64_t size = header.size();
  std::string bytes(sizeof(size), '\0');
  std::memcpy(bytes.data(), &size, sizeof(size));
  return bytes + header + data;
}

std::string load_error(const std::string& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "bad.safetensors", bytes);
  const std::string text = error_text([&] { load_safetensors(folder / "bad.safetensors"); });
  EXPECT_THAT(text, HasSubstr("bad.safetensors"));  // "no error" has it not
  return text;
}

TEST(Safetensors, ReadsWhatPythonWrote) {
  const Safetensors golden = load_golden("core/safetensors_0.8_every_dtype.safetensors");
  EXPECT_EQ(golden.metadata.at("made_by"), "safetensors");
  for (const auto& [name, type] : std::map<std::string, at::ScalarType>{{"F64", at::kDouble},
                                                                        {"F32", at::kFloat},
                                                                        {"F16", at::kHalf},
                                                                        {"BF16", at::kBFloat16},
                                                                        {"I64", at::kLong},
                                                                        {"I32", at::kInt},
                                                                        {"I16", at::kShort},
                                                                        {"I8", at::kChar},
                                                                        {"U8", at::kByte},
                                                                        {"BOOL", at::kBool}}) {
    const torch::Tensor expected = (torch::arange(6).view({2, 3}) % 5).to(type);
    EXPECT_TRUE(tensors_equal(golden.at(name), expected)) << name;
  }
  EXPECT_EQ(golden.at("scalar").dim(), 0);
  EXPECT_EQ(golden.at("empty").sizes(), (std::vector<std::int64_t>{0, 4}));
}

TEST(Safetensors, RoundTripKeepsValuesOrderOfAxesAndMetadata) {
  const TemporaryFolder folder;
  Safetensors content;
  content.tensors["odd"] = torch::arange(3, torch::kByte);
  content.tensors["permuted"] = torch::arange(24, torch::kFloat).view({2, 3, 4}).permute({2, 0, 1});
  content.tensors["scalar"] = torch::tensor(int64_t{7});
  content.metadata["note"] = "quotes \" and\nlines";
  save_safetensors(folder / "x.safetensors", content);
  const Safetensors loaded = load_safetensors(folder / "x.safetensors");
  ASSERT_EQ(loaded.tensors.size(), 3U);
  for (const auto& [name, tensor] : content.tensors) {
    EXPECT_TRUE(tensors_equal(loaded.at(name), tensor)) << name;
  }
  EXPECT_EQ(loaded.metadata, content.metadata);
}

TEST(Safetensors, NamesFileAndReasonOnEveryLie) {
  EXPECT_THAT(load_error(""), HasSubstr("too short for a header, 0 bytes"));
  EXPECT_THAT(load_error(std::string(8, '\xff')), HasSubstr("the header claims"));
  EXPECT_THAT(load_error(with_header("[1]", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(load_error(with_header("{\"a\":", "")), HasSubstr("not a JSON object"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"F32","shape":[2]}})", "")),
              HasSubstr("bad entry a"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"X9","shape":[2],"data_offsets":[0,8]}})",
                                     std::string(8, 'x'))),
              HasSubstr("unsupported type X9 of a"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                                     std::string(7, 'x'))),
              HasSubstr("a lies at [0, 8), the file holds 7 bytes"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})",
                                     std::string(8, 'x'))),
              HasSubstr("the shape of a does not fit its 8 bytes"));
  // 2^62 elements of four bytes overflow to zero bytes.
  EXPECT_THAT(
      load_error(with_header(
          R"({"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}})", "")),
      HasSubstr("does not fit"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})",
                                     std::string(8, 'x'))),
              HasSubstr("bad entry a: sizes and offsets must be whole numbers >= 0, got -2"));
  // Entries that share their bytes would need more memory than the file has.
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},)"
                                     R"("b":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}})",
                                     std::string(8, 'x'))),
              HasSubstr("b must begin at 8, got 0"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                                     std::string(8, 'x'))),
              HasSubstr("the tensors end at 2, the data at 8"));
  EXPECT_THAT(load_error(with_header(R"({"a":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}})",
                                     std::string("\x01\x02", 2))),
              HasSubstr("a must hold bools of 0 or 1"));
  EXPECT_THAT(error_text([] { load_safetensors("/nonexistent/x.safetensors"); }),
              HasSubstr("cannot open /nonexistent/x.safetensors"));
}

TEST(Safetensors, RefusesHostileHeaders) {
  std::string huge(8, '\0');
  huge[7] = '\x10';  // 2^60 bytes
  EXPECT_THAT(load_error(huge + "{}"),
              HasSubstr("the header claims 1152921504606846976 bytes, the file has 10"));
  const std::string entry = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_THAT(load_error(with_header(R"({"a":)" + entry + R"(,"a":)" + entry + "}", "")),
              HasSubstr("the header names a twice"));
  EXPECT_THAT(load_error(with_header(
                  R"({"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}})", "")),
              HasSubstr("the header names dtype twice"));
  EXPECT_THAT(load_error(with_header("{\"\xff\":" + entry + "}", "")),
              HasSubstr("the header is not a JSON object"));
  constexpr std::size_t kDeep = 1'000'000;
  for (const std::string open : {"[", R"({"a":)"}) {
    std::string nest;
    for (std::size_t i = 0; i < kDeep; ++i) {
      nest += open;
    }
    EXPECT_THAT(load_error(with_header(nest, "")), HasSubstr("nested deeper than 3 levels"));
  }
  // Three sizes whose product is 2^64, which is 0 in 64 bits.
  EXPECT_THAT(
      load_error(with_header(
          R"({"a":{"dtype":"U8","shape":[4194304,4194304,1048576],"data_offsets":[0,0]}})", "")),
      HasSubstr("does not fit"));
  // An empty axis does not save LibTorch from multiplying the others.
  EXPECT_THAT(load_error(with_header(
                  R"({"a":{"dtype":"U8","shape":[4611686018427387904,4611686018427387904,0],)"
                  R"("data_offsets":[0,0]}})",
                  "")),
              HasSubstr("the shape of a does not fit its 0 bytes"));
  std::string axes = "1";
  for (int i = 1; i < 65; ++i) {
    axes += ",1";
  }
  EXPECT_THAT(load_error(with_header(
                  R"({"a":{"dtype":"U8","shape":[)" + axes + R"(],"data_offsets":[0,1]}})", "x")),
              HasSubstr("bad entry a: 65 axes, more than 64"));
  for (const auto& [shape, offsets, text] : std::vector<std::array<std::string, 3>>{
           {"[2.9]", "[0,2]", "sizes and offsets must be whole numbers >= 0, got 2.9"},
           {"[1e300]", "[0,2]", "sizes and offsets must be whole numbers >= 0, got 1e+300"},
           {"[true]", "[0,2]", "sizes and offsets must be whole numbers >= 0, got boolean"},
           {"[2]", "[-1,2]", "sizes and offsets must be whole numbers >= 0, got -1"},
           {"[2]", "[0,2.0]", "sizes and offsets must be whole numbers >= 0, got 2.0"},
           {"{\"x\":2}", "[0,2]", "sizes and offsets must be lists, got object"},
           {"2", "[0,2]", "sizes and offsets must be lists, got number"},
           {"[2]", "[0,2,2]", "data_offsets must be two numbers, got 3"}}) {
    const std::string header =
        R"({"a":{"dtype":"U8","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
    EXPECT_THAT(load_error(with_header(header, "xx")), HasSubstr("bad entry a: " + text));
  }
  EXPECT_THAT(
      load_error(with_header(
          R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]}})", "x")),
      HasSubstr("a lies at [0, 18446744073709551615), the file holds 1 bytes"));
  EXPECT_THAT(
      load_error(with_header(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}})", "x")),
      HasSubstr("a lies at [1, 0)"));
}

TEST(Safetensors, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { load_safetensors(folder.path()); }),
              HasSubstr("not a regular file"));
  const std::string long_name(300, 'x');
  EXPECT_THAT(error_text([&] { load_safetensors(folder / long_name); }),
              AllOf(HasSubstr("load_safetensors: cannot open "),
                    HasSubstr(long_name + ": File name too long")));
}

TEST(Safetensors, RefusesEveryCutOffFile) {
  const std::string good = read_file(std::filesystem::path(LIGHTLY_TESTS_DIR) /
                                     "golden/core/safetensors_0.8_every_dtype.safetensors");
  for (std::size_t size = 0; size < good.size(); ++size) {
    load_error(good.substr(0, size));
  }
}

TEST(Safetensors, RandomDamageIsAnErrorOrAReadableFileNeverACrash) {
  const TemporaryFolder folder;
  Safetensors content;
  content.tensors["weight"] = torch::ones({4, 5});
  content.tensors["bias"] = torch::zeros({4}, torch::kLong);
  save_safetensors(folder / "good", content);
  const std::string good = read_file(folder / "good");
  Random random(1);
  int errors = 0;
  for (int i = 0; i < 500; ++i) {
    std::string bad = good;
    bad[random.below(bad.size())] = static_cast<char>(random.bits());
    if (i % 3 == 0) {
      bad.resize(random.below(bad.size()));
    }
    write_file(folder / "bad", bad);
    errors += error_text([&] { load_safetensors(folder / "bad"); }) != "no error" ? 1 : 0;
  }
  EXPECT_GT(errors, 200);
}

TEST(Safetensors, NamesTheFileWhenTextIsNotUtf8) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { save_safetensors(folder / "a", {.metadata = {{"note", "\xff"}}}); }),
              AllOf(HasSubstr("save_safetensors: "),
                    HasSubstr("a: names and metadata must be UTF-8, got ")));
  EXPECT_THAT(
      error_text([&] { save_safetensors(folder / "a", {.tensors = {{"\xff", at::zeros({1})}}}); }),
      HasSubstr("a: names and metadata must be UTF-8, got "));
}

TEST(Safetensors, AtNamesTheMissingTensor) {
  EXPECT_THAT(error_text([] { Safetensors().at("x.weight"); }),
              HasSubstr("no tensor named x.weight"));
}

}  // namespace
}  // namespace lightly::core
