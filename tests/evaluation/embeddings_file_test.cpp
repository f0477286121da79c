#include "lightly/evaluation/embeddings_file.hpp"

#include <cmath>
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "evaluation/labels.hpp"
#include "lightly/core/random.hpp"
#include "support/matchers.hpp"

namespace lightly::evaluation {
namespace {

using lightly::testing::count_files;
using lightly::testing::error_text;
using lightly::testing::load_golden;
using lightly::testing::read_file;
using lightly::testing::right_on_a_full_disk;
using lightly::testing::TemporaryFolder;
using lightly::testing::tensors_equal;
using lightly::testing::write_file;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string golden_csv(const std::string& name) {
  return read_file(std::filesystem::path(LIGHTLY_TESTS_DIR) / "golden" / "evaluation" / name);
}

// What Python saved.
Embeddings golden_embeddings() {
  const core::Safetensors golden = load_golden("evaluation/embeddings_file.safetensors");
  Embeddings embeddings{.features = golden.at("features"), .labels = golden.at("labels")};
  const torch::Tensor& bytes = golden.at("file_names");
  std::string name;
  for (std::int64_t i = 0; i < bytes.numel(); ++i) {
    const char letter = static_cast<char>(bytes.const_data_ptr<std::uint8_t>()[i]);
    if (letter == '\0') {
      embeddings.file_names.push_back(std::exchange(name, {}));
    } else {
      name += letter;
    }
  }
  return embeddings;
}

// The bits of every number are compared, but for those of a NaN: its text is always "nan".
::testing::AssertionResult same_features(const torch::Tensor& actual,
                                         const torch::Tensor& expected) {
  return tensors_equal(actual.masked_fill(actual.isnan(), 0.5),
                       expected.masked_fill(expected.isnan(), 0.5))
             ? tensors_equal(actual.isnan(), expected.isnan())
             : tensors_equal(actual, expected);
}

std::string saved_text(const Embeddings& embeddings, const SaveEmbeddingsOptions& options = {}) {
  const TemporaryFolder folder;
  save_embeddings(folder / "e.csv", embeddings, options);
  return read_file(folder / "e.csv");
}

Embeddings loaded(const std::string& text) {
  const TemporaryFolder folder;
  write_file(folder / "e.csv", text);
  return load_embeddings(folder / "e.csv");
}

// The error of reading that text as e.csv.
std::string load_error(const std::string& text) {
  const TemporaryFolder folder;
  write_file(folder / "e.csv", text);
  std::string error = error_text([&] { load_embeddings(folder / "e.csv"); });
  const std::string path = folder.path().string() + "/";
  if (const std::size_t at = error.find(path); at != std::string::npos) {
    error.erase(at, path.size());
  }
  return error;
}

torch::Tensor random_bit_patterns(std::int64_t rows, std::int64_t columns) {
  core::Random random(7);
  torch::Tensor numbers = torch::empty({rows, columns});
  for (std::int64_t i = 0; i < numbers.numel(); ++i) {
    const std::uint32_t bits = random.bits();
    std::memcpy(numbers.mutable_data_ptr<float>() + i, &bits, sizeof(bits));
  }
  return numbers;
}

TEST(SaveEmbeddings, WritesHeaderQuotedNamesAndShortestNumbers) {
  const Embeddings embeddings{
      .features = torch::tensor({{1.0F / 3.0F, 1e-5F}, {-0.0F, 123456.79F}, {2.0F, 1e16F}}),
      .labels = labels_of({0, -1, 12}),
      .file_names = {"a/1,2.png", "b \"2\".png", "c.png"}};
  EXPECT_EQ(saved_text(embeddings),
            "filenames,embedding_0,embedding_1,labels\r\n"
            "\"a/1,2.png\",0.33333334,1e-05,0\r\n"
            "\"b \"\"2\"\".png\",-0.0,123456.79,-1\r\n"
            "c.png,2.0,1e+16,12\r\n");
}

TEST(SaveEmbeddings, EqualsPythonsFileByteForByte) {
  const Embeddings embeddings = golden_embeddings();
  EXPECT_TRUE(saved_text(embeddings) == golden_csv("embeddings_lightly_1.1.0_numpy_1.24.4.csv"));
  EXPECT_TRUE(saved_text(embeddings, {.numbers = NumpyFloatText::kSince2_3}) ==
              golden_csv("embeddings_lightly_1.6.0_numpy_2.4.6.csv"));
}

TEST(SaveEmbeddings, TakesAnyStridesAndRequiresGrad) {
  const torch::Tensor wide = torch::arange(12, torch::kFloat).view({3, 4}).requires_grad_();
  const torch::Tensor labels = torch::arange(6).view({3, 2});
  const std::vector<std::string> names{"a", "b", "c"};
  EXPECT_EQ(
      saved_text(
          {.features = wide.slice(1, 1, 4, 2), .labels = labels.select(1, 1), .file_names = names}),
      "filenames,embedding_0,embedding_1,labels\r\n"
      "a,1.0,3.0,1\r\nb,5.0,7.0,3\r\nc,9.0,11.0,5\r\n");
}

TEST(SaveEmbeddings, WithoutRowsWritesTheHeaderAlone) {
  EXPECT_EQ(saved_text({.features = torch::empty({0, 1}), .labels = labels_of({})}),
            "filenames,embedding_0,labels\r\n");
}

TEST(SaveEmbeddings, KeepsTheOldFileWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  write_file(folder / "e.csv", "old");
  const Embeddings embeddings{.features = torch::ones({1000, 8}),
                              .labels = torch::zeros({1000}, torch::kLong),
                              .file_names = std::vector<std::string>(1000, "name")};
  EXPECT_TRUE(right_on_a_full_disk(5000, [&] {
    return error_text([&] {
             save_embeddings(folder / "e.csv", embeddings);
           }).find("e.csv: File too large") != std::string::npos;
  }));
  EXPECT_EQ(read_file(folder / "e.csv"), "old");
  EXPECT_EQ(count_files(folder.path()), 1U);
}

TEST(SaveEmbeddings, NamesRuleAndValueOnBadInput) {
  const torch::Tensor features = torch::ones({2, 3});
  const torch::Tensor labels = labels_of({0, 1});
  const auto text = [](const Embeddings& embeddings) {
    return error_text([&] { save_embeddings("/nonexistent-folder/e.csv", embeddings); });
  };
  EXPECT_EQ(text({.features = features, .labels = labels, .file_names = {"a", "b", "c"}}),
            "save_embeddings: Length of embeddings, labels, and filenames should be equal  but are "
            "not: (2, 3, 2)");
  EXPECT_THAT(text({.features = features, .labels = labels_of({0}), .file_names = {"a", "b"}}),
              HasSubstr("(2, 2, 1)"));
  EXPECT_EQ(text({.labels = labels, .file_names = {"a", "b"}}),
            "save_embeddings: features and labels must be tensors, got none");
  EXPECT_EQ(text({.features = features.to(torch::kDouble), .labels = labels}),
            "save_embeddings: features must be float32 [N, D] with D >= 1, got Double [2, 3]");
  EXPECT_THAT(text({.features = torch::ones({2, 0}), .labels = labels}), HasSubstr("[2, 0]"));
  EXPECT_THAT(text({.features = torch::ones({2}), .labels = labels}), HasSubstr("got Float [2]"));
  EXPECT_EQ(text({.features = features, .labels = torch::zeros({2})}),
            "save_embeddings: labels must be int64 [N], got Float [2]");
  EXPECT_EQ(text({.features = features, .labels = labels, .file_names = {"a", "b"}}),
            "AtomicFile: cannot create /nonexistent-folder/e.csv: No such file or directory");
}

TEST(LoadEmbeddings, ReadsPythonsFilesExactly) {
  const Embeddings expected = golden_embeddings();
  for (const std::string file : {"1.1.0_numpy_1.24.4", "1.6.0_numpy_2.4.6"}) {
    const Embeddings actual = loaded(golden_csv("embeddings_lightly_" + file + ".csv"));
    EXPECT_TRUE(same_features(actual.features, expected.features)) << file;
    EXPECT_TRUE(tensors_equal(actual.labels, expected.labels)) << file;
    EXPECT_TRUE(actual.file_names == expected.file_names) << file;
  }
}

TEST(LoadEmbeddings, GivesEveryBitPatternBack) {
  const torch::Tensor features = random_bit_patterns(20'000, 10);
  for (const NumpyFloatText numbers : {NumpyFloatText::kUpTo2_2, NumpyFloatText::kSince2_3}) {
    const Embeddings embeddings{.features = features,
                                .labels = torch::arange(20'000),
                                .file_names = std::vector<std::string>(20'000, "a")};
    EXPECT_TRUE(
        same_features(loaded(saved_text(embeddings, {.numbers = numbers})).features, features));
  }
}

TEST(LoadEmbeddings, ReadsRecordsThatStraddleBlocks) {
  core::Random random(3);
  Embeddings embeddings{.features = random_bit_patterns(30'000, 2),
                        .labels = torch::arange(30'000)};
  for (std::int64_t i = 0; i < 30'000; ++i) {
    std::string name;
    for (std::uint64_t left = random.below(200); left > 0; --left) {
      name += "ab,\"\r\n"[random.below(6)];
    }
    embeddings.file_names.push_back(name);
  }
  embeddings.file_names[100] = std::string(3'000'000, '"');
  embeddings.file_names[200] = std::string(2'000'000, 'x');
  const std::string text = saved_text(embeddings);
  ASSERT_GT(text.size(), 10'000'000U);
  const Embeddings actual = loaded(text);
  EXPECT_TRUE(same_features(actual.features, embeddings.features));
  EXPECT_TRUE(tensors_equal(actual.labels, embeddings.labels));
  EXPECT_TRUE(actual.file_names == embeddings.file_names);
}

TEST(LoadEmbeddings, TakesOtherLineEndsAMarkAndNoneAtTheEnd) {
  for (const std::string text : {"filenames,embedding_0,labels\na,1.5,3\n\"b\n\",2,-4\n",
                                 "filenames,embedding_0,labels\r\na,1.5,3\n\"b\n\",2,-4",
                                 "filenames,embedding_0,labels\na,1.5,3\n\"b\n\",2,-4\r",
                                 "\xEF\xBB\xBF"
                                 "filenames,embedding_0,labels\r\na,1.5,3\r\n\"b\n\",2,-4\r\n"}) {
    const Embeddings embeddings = loaded(text);
    EXPECT_TRUE(tensors_equal(embeddings.features, torch::tensor({{1.5F}, {2.0F}}))) << text;
    EXPECT_TRUE(tensors_equal(embeddings.labels, labels_of({3, -4}))) << text;
    EXPECT_THAT(embeddings.file_names, ElementsAre("a", "b\n")) << text;
  }
}

TEST(LoadEmbeddings, RoundsFloat64TextOnce) {
  // The first is a hair above the middle of 1 and the next float32, which its nearest float64 is.
  const Embeddings embeddings = loaded(
      "filenames,embedding_0,embedding_1,embedding_2,embedding_3,labels\n"
      "a,1.00000005960464477539062500000001,0.3333333333333333,-1e-60,2.5e-45,0\n");
  EXPECT_TRUE(tensors_equal(embeddings.features, torch::tensor({{std::nextafter(1.0F, 2.0F),
                                                                 1.0F / 3.0F, -0.0F, 2.8e-45F}})));
}

TEST(LoadEmbeddings, NamesFileLineAndRuleOfABadHeader) {
  EXPECT_EQ(load_error(""), "load_embeddings: e.csv: the file is empty");
  EXPECT_EQ(load_error("\xEF\xBB\xBF"), "load_embeddings: e.csv: the file is empty");
  EXPECT_EQ(load_error("filenames,labels\na,0\n"),
            "load_embeddings: e.csv: line 1: the header must be filenames,embedding_0,...,labels, "
            "got \"filenames,labels\"");
  EXPECT_THAT(load_error("\n"), HasSubstr("line 1: the header must be"));
  EXPECT_EQ(load_error("filename,embedding_0,labels\na,1,0\n"),
            "load_embeddings: e.csv: line 1: field 1 of the header must be filenames, got "
            "\"filename\"");
  EXPECT_EQ(load_error("filenames,embedding_0,embedding_2,labels\na,1,1,0\n"),
            "load_embeddings: e.csv: line 1: field 3 of the header must be embedding_1, got "
            "\"embedding_2\"");
  EXPECT_EQ(load_error("filenames,embedding_0,embedding_1\na,1,1\n"),
            "load_embeddings: e.csv: line 1: field 3 of the header must be labels, got "
            "\"embedding_1\"");
  EXPECT_THAT(load_error("filenames,embedding_0,labels,\na,1,0\n"),
              HasSubstr("field 3 of the header must be embedding_1, got \"labels\""));
  EXPECT_THAT(load_error("filenames, embedding_0,labels\na,1,0\n"),
              HasSubstr("must be embedding_0, got \" embedding_0\""));
  EXPECT_EQ(load_error("filenames,embedding_0,labels\r\n"),
            "load_embeddings: e.csv: no rows behind the header");
}

TEST(LoadEmbeddings, NamesFileLineAndRuleOfABadRow) {
  const auto second = [](const std::string& row) {
    return load_error("filenames,embedding_0,embedding_1,labels\r\n\"a\nb\",1,2,0\r\n" + row +
                      "\r\nc,1,2,0\r\n");
  };
  EXPECT_EQ(second("a,1,2"), "load_embeddings: e.csv: line 4: a row must have 4 fields, got 3");
  EXPECT_EQ(second("a,1.25,2.5,0,9"),
            "load_embeddings: e.csv: line 4: a row must have 4 fields, got 5");
  EXPECT_EQ(second("abcdefgh"), "load_embeddings: e.csv: line 4: a row must have 4 fields, got 1");
  EXPECT_EQ(second(""), "load_embeddings: e.csv: line 4: the line is empty");
  EXPECT_EQ(second("a,1,two,0"),
            "load_embeddings: e.csv: line 4: embedding_1 must be a number, got \"two\"");
  EXPECT_THAT(second("a,1,,0"), HasSubstr("embedding_1 must be a number, got \"\""));
  EXPECT_THAT(second("a, 1,2,0"), HasSubstr("embedding_0 must be a number, got \" 1\""));
  EXPECT_THAT(second("a,1x,2,0"), HasSubstr("embedding_0 must be a number, got \"1x\""));
  EXPECT_THAT(second("a,\"1\",2,0"), HasSubstr("embedding_0 must be a number, got \"\"1\"\""));
  EXPECT_THAT(second("a,1," + std::string(60, 'z') + ",0"),
              HasSubstr("got \"" + std::string(40, 'z') + "...\""));
  EXPECT_EQ(second("a,1e39,2,0"),
            "load_embeddings: e.csv: line 4: embedding_0 is out of range, got \"1e39\"");
  EXPECT_THAT(second("a,1,-1e999,0"), HasSubstr("embedding_1 is out of range, got \"-1e999\""));
  EXPECT_EQ(second("a,1,2,0.5"),
            "load_embeddings: e.csv: line 4: the label must be a whole number, got \"0.5\"");
  EXPECT_THAT(second("a,1,2,"), HasSubstr("the label must be a whole number, got \"\""));
  EXPECT_THAT(second("a,1,2,9223372036854775808"), HasSubstr("the label is out of range, got"));
  EXPECT_EQ(second("\"a\"b,1,2,0"),
            "load_embeddings: e.csv: line 4: a comma must follow the quoted name, got \"b,1,2,0\"");
  EXPECT_EQ(second("\"a,1,2,0"),
            "load_embeddings: e.csv: line 4: the quote that opens the line is not closed");
  EXPECT_EQ(load_error("filenames,embedding_0,labels\na,1,0\n\n"),
            "load_embeddings: e.csv: line 3: the line is empty");
}

TEST(LoadEmbeddings, AsksForNoMemoryThatTheFileHasNoBytesFor) {
  // 100,000 columns and 1,000,000 rows would be 400 GB.
  std::string text = "filenames";
  for (int i = 0; i < 100'000; ++i) {
    text += ",embedding_" + std::to_string(i);
  }
  text += ",labels\na,1,0\n" + std::string(1'000'000, '\n');
  EXPECT_EQ(load_error(text),
            "load_embeddings: e.csv: line 2: a row must have 100002 fields, got 3");
}

TEST(LoadEmbeddings, NamesAFileThatCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { load_embeddings(folder / "none.csv"); }),
              ::testing::AllOf(StartsWith("load_embeddings: cannot open "),
                               HasSubstr("none.csv: No such file or directory")));
  EXPECT_THAT(error_text([&] { load_embeddings(folder.path()); }), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace lightly::evaluation
