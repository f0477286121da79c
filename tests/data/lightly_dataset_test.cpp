#include "lightly/data/lightly_dataset.hpp"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "lightly/data/collate.hpp"
#include "lightly/data/data_loader.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using lightly::testing::large_test_data;
using lightly::testing::load_golden;
using lightly::testing::tensors_equal;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using Names = std::vector<std::string>;

// The strings of a uint8 tensor, each ended by a NUL.
Names unpacked(const at::Tensor& packed) {
  Names names;
  const std::string bytes(reinterpret_cast<const char*>(packed.const_data_ptr<std::uint8_t>()),
                          static_cast<std::size_t>(packed.numel()));
  for (std::size_t begin = 0; begin < bytes.size();) {
    names.emplace_back(bytes.c_str() + begin);
    begin += names.back().size() + 1;
  }
  return names;
}

std::vector<std::int64_t> integers(const at::Tensor& tensor) {
  const auto* begin = tensor.const_data_ptr<std::int64_t>();
  return {begin, begin + tensor.numel()};
}

std::string error_of(const ImageFolder& folder, const LightlyDatasetOptions& options = {}) {
  return error_text([&] { LightlyDataset(folder.path(), options); });
}

TEST(LightlyDataset, NamesTargetsAndClassesAreThoseOfPythonsLightly) {
  const core::Safetensors golden = load_golden("data/lightly_dataset_lightly_1.6.0.safetensors");
  const auto strings = [&](const std::string& name, const std::string& what) {
    return unpacked(golden.tensors.at(name + "." + what));
  };
  for (const std::string name : {"flat", "classes", "digits", "nested", "endings", "letters",
                                 "outputs", "links", "selected", "selected_flat"}) {
    const ImageFolder folder(strings(name, "files"));
    const Names links = strings(name, "links");
    for (std::size_t i = 0; i < links.size(); i += 2) {
      folder.link(links[i], links[i + 1]);
    }
    LightlyDatasetOptions options;
    if (golden.tensors.count(name + ".selected") == 1) {
      options.filenames = strings(name, "selected");
    }
    if (name == "nested") {
      options.empty_classes = EmptyClasses::kLeaveOut;
    }
    const LightlyDataset dataset(folder.path(), options);
    EXPECT_EQ(dataset.get_filenames(), strings(name, "names")) << name;
    EXPECT_EQ(dataset.targets(), integers(golden.tensors.at(name + ".targets"))) << name;
    EXPECT_EQ(dataset.classes(), strings(name, "classes")) << name;
  }
}

TEST(LightlyDataset, GivesImageTargetNameAndIndex) {
  const ImageFolder folder;
  folder.add_image("dogs/1.png", 10);
  folder.add_image("cats/tabby/2.png", 20);
  const LightlyDataset dataset(folder.path());
  ASSERT_EQ(dataset.size(), 2);
  const Sample sample = dataset.get(1);
  EXPECT_TRUE(tensors_equal(sample.pixels(), torch::full({3, 4, 3}, 10, torch::kByte)));
  EXPECT_EQ(sample.target, 1);
  EXPECT_EQ(sample.file_name, "dogs/1.png");
  EXPECT_EQ(sample.index, 1);
  EXPECT_EQ(dataset.file_name(0), "cats/tabby/2.png");
  EXPECT_EQ(dataset.path(0), folder / "cats/tabby/2.png");
  EXPECT_EQ(dataset.target(0), 0);
  EXPECT_EQ(dataset.input_dir(), folder.path());
  EXPECT_THAT(dataset.class_to_idx(), ElementsAre(Pair("cats", 0), Pair("dogs", 1)));
}

TEST(LightlyDataset, FeedsTheLoader) {
  const ImageFolder folder;
  for (int i = 0; i < 8; ++i) {
    folder.add_image("c" + std::to_string(i % 2) + "/" + std::to_string(i) + ".png", i);
  }
  DataLoader loader(std::make_shared<LightlyDataset>(folder.path()),
                    PlainCollateFunction({.normalize = std::nullopt}),
                    {.batch_size = 8, .num_workers = 2});
  for (const Batch& batch : loader.epoch(0)) {
    EXPECT_THAT(batch.file_names, ElementsAre("c0/0.png", "c0/2.png", "c0/4.png", "c0/6.png",
                                              "c1/1.png", "c1/3.png", "c1/5.png", "c1/7.png"));
    EXPECT_EQ(integers(batch.targets), (std::vector<std::int64_t>{0, 0, 0, 0, 1, 1, 1, 1}));
    EXPECT_FLOAT_EQ(batch.views[0][5][0][0][0].item<float>(), 3.0F / 255.0F);
  }
}

TEST(LightlyDataset, FindsEveryNameAndNoOther) {
  const ImageFolder folder(
      {"a/1.png", "a/b/1.png", "a/b-/1.png", "a-/1.png", "b/1.png", "b/2.png"});
  const LightlyDataset dataset(folder.path());
  for (std::int64_t index = 0; index < dataset.size(); ++index) {
    EXPECT_EQ(dataset.index_of(dataset.file_name(index)), index);
  }
  for (const char* name :
       {"", "/", "1.png", "a", "a/", "a/3.png", "/a/1.png", "./a/1.png", "a//1.png", "a/../a/1.png",
        "../a/1.png", "a/1.png/", "c/1.png", "b/10.png"}) {
    EXPECT_EQ(dataset.index_of(name), std::nullopt) << name;
  }
  EXPECT_EQ(dataset.index_of((folder / "a/1.png").string()), std::nullopt);
  const ImageFolder flat({"1.png"});
  EXPECT_EQ(LightlyDataset(flat.path()).index_of("1.png"), 0);
  EXPECT_EQ(LightlyDataset(flat.path()).index_of("/1.png"), std::nullopt);
}

TEST(LightlyDataset, ASelectionKeepsOrderAndClassIndices) {
  const ImageFolder folder({"a/1.png", "b/1.png", "b/2.png", "c/1.png"});
  const LightlyDataset dataset(folder.path(),
                               {.filenames = Names{"c/1.png", "b/2.png", "c/1.png"}});
  EXPECT_THAT(dataset.get_filenames(), ElementsAre("b/2.png", "c/1.png"));
  EXPECT_THAT(dataset.targets(), ElementsAre(1, 2));
  EXPECT_THAT(dataset.classes(), ElementsAre("a", "b", "c"));
  EXPECT_EQ(dataset.index_of("a/1.png"), std::nullopt);
  EXPECT_EQ(dataset.index_of("c/1.png"), 1);
}

TEST(LightlyDataset, SaysWhichSelectedNamesAreUnknown) {
  const ImageFolder folder({"a/1.png", "a/notes.txt"});
  const auto error = [&](const Names& names) { return error_of(folder, {.filenames = names}); };
  EXPECT_EQ(error({"a/1.png", "a/2.png", "1.png"}), "LightlyDataset: filenames must be in " +
                                                        folder.path().string() +
                                                        ", got 2 that are not: a/2.png, 1.png");
  EXPECT_THAT(error({"0", "1", "2", "3", "4", "5", "6"}),
              HasSubstr("got 7 that are not: 0, 1, 2, 3, 4 and 2 more"));
  // Nothing outside the folder, nor what is no image.
  for (const char* name : {"../1.png", "a/../a/1.png", "/etc/passwd", "a/notes.txt", ""}) {
    EXPECT_THAT(error({name}), HasSubstr("got 1 that are not: ")) << name;
  }
  EXPECT_THAT(error({}), HasSubstr("filenames must name at least one file, got none"));
}

TEST(LightlyDataset, NamesMayBeOnesOwn) {
  const ImageFolder folder({"a/1.png", "b/1.png"});
  const LightlyDataset dataset(
      folder.path(), {.index_to_filename = [](const std::string& path, std::int64_t index) {
        return std::to_string(9 - index) + ":" + path;
      }});
  EXPECT_THAT(dataset.get_filenames(), ElementsAre("9:a/1.png", "8:b/1.png"));
  EXPECT_EQ(dataset.index_of("8:b/1.png"), 1);
  EXPECT_EQ(dataset.index_of("b/1.png"), std::nullopt);
  EXPECT_EQ(dataset.path(1), folder / "b/1.png");
  EXPECT_EQ(error_of(folder, {.index_to_filename = [](const std::string& path,
                                                      std::int64_t) { return path.substr(2); }}),
            "LightlyDataset: index_to_filename must give each sample another name, got 1.png "
            "twice");
}

TEST(LightlyDataset, OtherEndingsReplaceTheDefault) {
  const ImageFolder folder({"1.PNG", "2.gif", "3.jpg"});
  EXPECT_THAT(LightlyDataset(folder.path(), {.extensions = {".Gif", ".png"}}).get_filenames(),
              ElementsAre("1.PNG", "2.gif"));
  EXPECT_THAT(error_of(folder, {.extensions = {}}), HasSubstr("extensions must be at least one"));
  EXPECT_THAT(error_of(folder, {.extensions = {".png", ""}}),
              HasSubstr("ending that is not empty, got \".png,\""));
  EXPECT_THAT(error_of(folder, {.image = {.max_pixels = 0}}), HasSubstr("max_pixels"));
}

TEST(LightlyDataset, RefusesAMissingFolderAndAFile) {
  EXPECT_EQ(error_text([] { LightlyDataset("/nonexistent/images"); }),
            "LightlyDataset: the input directory /nonexistent/images does not exist");
  EXPECT_THROW(LightlyDataset("/nonexistent/images"), c10::ValueError);
  const ImageFolder folder({"1.png"});
  EXPECT_EQ(error_text([&] { LightlyDataset(folder / "1.png"); }),
            "LightlyDataset: cannot open " + (folder / "1.png").string() + ": Not a directory");
}

TEST(LightlyDataset, RefusesAFolderWithoutImages) {
  const std::string extensions =
      "; supported extensions are .jpg,.jpeg,.png,.ppm,.bmp,.pgm,.tif,.tiff,.webp";
  const ImageFolder folder;
  const std::string found = "LightlyDataset: found 0 files in folder " + folder.path().string();
  EXPECT_EQ(error_of(folder), found + extensions);
  folder.add("notes.txt");
  EXPECT_EQ(error_of(folder), found + extensions);
  folder.add("1.png");
  folder.add("a/notes.txt");
  EXPECT_EQ(error_of(folder), found + "'s sub-folders, which are its classes" + extensions);
  EXPECT_THAT(error_of(folder, {.empty_classes = EmptyClasses::kKeep}), HasSubstr("found 0 files"));
}

TEST(LightlyDataset, AnEmptyClassIsRefusedLeftOutOrKept) {
  const ImageFolder folder({"a/1.png", "b/notes.txt", "b/x/notes.txt", "c/1.png"});
  std::filesystem::create_directory(folder / "d");
  EXPECT_THAT(error_of(folder), HasSubstr("found no file for the classes b, d in " +
                                          folder.path().string() + " (see empty_classes)"));
  const LightlyDataset left_out(folder.path(), {.empty_classes = EmptyClasses::kLeaveOut});
  EXPECT_THAT(left_out.classes(), ElementsAre("a", "c"));
  EXPECT_THAT(left_out.targets(), ElementsAre(0, 1));
  const LightlyDataset kept(folder.path(), {.empty_classes = EmptyClasses::kKeep});
  EXPECT_THAT(kept.classes(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(kept.targets(), ElementsAre(0, 2));
}

TEST(LightlyDataset, AFolderWithAVideoIsOneOfVideos) {
  for (const std::string video :
       {"1.mp4", "1.MOV", "1.avi", "1.mpg", "1.hevc", "1.m4v", "1.webm", "1.mpeg", "a/b/1.mp4"}) {
    const ImageFolder folder({"a/1.png", video});
#ifdef LIGHTLY_VIDEO
    EXPECT_THAT(error_of(folder), HasSubstr((folder / video).string()));
#else
    EXPECT_EQ(error_of(folder), "LightlyDataset: " + folder.path().string() +
                                    " holds videos, which this build leaves out (LIGHTLY_VIDEO), "
                                    "got " +
                                    video);
#endif
  }
  // A folder of frames is none, whatever it is called.
  const ImageFolder frames({"clip.mp4/1.png"});
  EXPECT_THAT(LightlyDataset(frames.path()).classes(), ElementsAre("clip.mp4"));
}

TEST(LightlyDataset, EarlierOutputsAreNoClass) {
  const ImageFolder folder({"a/1.png", "lightly_outputs/2.png", "a/lightly_outputs/3.png"});
  EXPECT_THAT(LightlyDataset(folder.path()).get_filenames(),
              ElementsAre("a/1.png", "a/lightly_outputs/3.png"));
}

TEST(LightlyDataset, ErrorsOfAnImageNameItsFile) {
  const ImageFolder folder;
  folder.add("a/1.png", "no image");
  folder.add_image("a/2.png", 1);
  const LightlyDataset dataset(folder.path(), {.image = {.max_pixels = 11}});
  EXPECT_THAT(error_text([&] { dataset.get(0); }), HasSubstr((folder / "a/1.png").string()));
  EXPECT_THAT(error_text([&] { dataset.get(1); }),
              AllOf(HasSubstr("a/2.png"), HasSubstr("at most 11 pixels, got 3 x 4")));
  std::filesystem::remove(folder / "a/2.png");
  EXPECT_THAT(error_text([&] { dataset.get(1); }), HasSubstr("a/2.png: No such file"));
}

TEST(LightlyDataset, RejectsAnIndexOutside) {
  const ImageFolder folder({"1.png", "2.png"});
  const LightlyDataset dataset(folder.path());
  EXPECT_THROW(dataset.get(2), c10::IndexError);
  EXPECT_THROW(dataset.path(-1), c10::IndexError);
  EXPECT_THROW(dataset.target(2), c10::IndexError);
  EXPECT_EQ(error_text([&] { dataset.file_name(-1); }),
            "LightlyDataset: index must be in [0, 2), got -1");
}

TEST(LightlyDataset, IsReadByManyThreadsAtOnce) {
  const ImageFolder folder;
  for (int i = 0; i < 6; ++i) {
    folder.add_image("a/" + std::to_string(i) + ".png", 40 * i);
  }
  const LightlyDataset dataset(folder.path());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (std::int64_t i = 0; i < 60; ++i) {
        const Sample sample = dataset.get(i % 6);
        count += sample.pixels().const_data_ptr<std::uint8_t>()[0] == 40 * (i % 6) ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(wrong, ElementsAre(0, 0, 0, 0));
}

TEST(LightlyDataset, ListsRealClassFolders) {
  const std::filesystem::path folder = large_test_data();
  if (folder.empty()) {
    GTEST_SKIP() << "LIGHTLY_TEST_DATA is not set";
  }
  const LightlyDataset dataset(folder / "imagenette/train");
  EXPECT_EQ(dataset.size(), 700);
  EXPECT_EQ(dataset.classes().size(), 10U);
  EXPECT_EQ(dataset.classes()[0], "n01440764");
  const Sample sample = dataset.get(699);
  EXPECT_EQ(sample.target, 9);
  EXPECT_EQ(sample.pixels().sizes(), (std::vector<std::int64_t>{3, 224, 224}));
}

}  // namespace
}  // namespace lightly::data
