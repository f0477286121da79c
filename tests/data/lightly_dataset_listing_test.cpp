// How LightlyDataset lists a folder: order, bytes, links, what cannot be read.
#include <sys/stat.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "data/image_folder.hpp"
#include "lightly/core/random.hpp"
#include "lightly/data/lightly_dataset.hpp"
#include "support/matchers.hpp"

namespace lightly::data {
namespace {

using lightly::testing::error_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

std::string listing_error(const ImageFolder& folder, const LightlyDatasetOptions& options = {}) {
  return error_text([&] { LightlyDataset(folder.path(), options); });
}

TEST(LightlyDatasetListing, NamesAreBytesThatNeedNotBeText) {
  const ImageFolder folder({"a/\xff.png", "a/\xc3\xa4.png", "a/z.png", "\x80/1.png"});
  const LightlyDataset dataset(folder.path());
  EXPECT_THAT(dataset.get_filenames(),
              ElementsAre("a/z.png", "a/\xc3\xa4.png", "a/\xff.png", "\x80/1.png"));
  EXPECT_EQ(dataset.index_of("a/\xff.png"), 2);
}

TEST(LightlyDatasetListing, FollowsLinksAndSurvivesLoops) {
  const ImageFolder folder({"a/1.png", "a/x/2.png", "b/3.png"});
  folder.link("a/back", "..");
  folder.link("a/x/up", "../../a");
  folder.link("a/self", ".");
  folder.link("b/to_a", "../a");
  folder.link("root", ".");
  folder.link("b/itself.png", "itself.png");
  const LightlyDataset dataset(folder.path());
  EXPECT_THAT(dataset.classes(), ElementsAre("a", "b"));
  EXPECT_THAT(dataset.get_filenames(),
              ElementsAre("a/1.png", "a/x/2.png", "b/3.png", "b/itself.png", "b/to_a/1.png",
                          "b/to_a/x/2.png"));
  EXPECT_THAT(error_text([&] { dataset.get(3); }), HasSubstr("b/itself.png"));
  // A link back is no class, so that this folder is flat.
  const ImageFolder flat({"1.png"});
  flat.link("loop", ".");
  EXPECT_THAT(LightlyDataset(flat.path()).get_filenames(), ElementsAre("1.png"));
}

TEST(LightlyDatasetListing, PassesOverWhatIsNoFile) {
  const ImageFolder folder({"a/1.png"});
  ASSERT_EQ(::mkfifo((folder / "a/2.png").c_str(), 0600), 0);
  folder.link("a/3.png", "2.png");
  EXPECT_THAT(LightlyDataset(folder.path()).get_filenames(), ElementsAre("a/1.png"));
}

TEST(LightlyDatasetListing, AnUnreadableFolderIsRefusedOrPassedOver) {
  const ImageFolder folder({"a/1.png", "a/2.png", "a/closed/3.png"});
  folder.link("a/gone.png", "nowhere");
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(folder / "a/2.png", std::filesystem::perms::none);
  std::filesystem::permissions(folder / "a/closed", std::filesystem::perms::none);
  EXPECT_TRUE(right_without_privileges([&] {
    return listing_error(folder) ==
           "LightlyDataset: cannot open " + (folder / "a/closed").string() + ": Permission denied";
  }));
  EXPECT_TRUE(right_without_privileges([&] {
    const LightlyDataset dataset(folder.path(), {.unreadable = Unreadable::kSkip});
    return dataset.get_filenames() == Names{"a/1.png"};
  }));
  std::filesystem::remove(folder / "a/closed/3.png");
  std::filesystem::remove(folder / "a/closed");
  EXPECT_TRUE(right_without_privileges([&] {
    const LightlyDataset dataset(folder.path());
    const std::string text = error_text([&] { dataset.get(1); });
    return dataset.get_filenames() == Names{"a/1.png", "a/2.png", "a/gone.png"} &&
           text.find("a/2.png: Permission denied") != std::string::npos;
  }));
  std::filesystem::permissions(folder.path(), std::filesystem::perms::none);
  EXPECT_TRUE(right_without_privileges([&] {
    return listing_error(folder, {.unreadable = Unreadable::kSkip}) ==
           "LightlyDataset: cannot open " + folder.path().string() + ": Permission denied";
  }));
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
}

// The names as the rule says it, file by file, in the sense of Python's sorted(os.walk()).
Names expected_names(const ImageFolder& folder) {
  struct File {
    std::string top, parent, name;
    auto operator<=>(const File&) const = default;
  };
  std::vector<File> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    const std::filesystem::path path = entry.path().lexically_relative(folder.path());
    if (entry.is_regular_file() && path.has_parent_path() && path.extension() == ".png") {
      files.push_back({path.begin()->string(), path.parent_path().string(), path.filename()});
    }
  }
  std::sort(files.begin(), files.end());
  Names names;
  for (const File& file : files) {
    names.push_back(file.parent + "/" + file.name);
  }
  return names;
}

TEST(LightlyDatasetListing, RandomTreesAreListedInOrderAndEveryNameIsFound) {
  core::Random random(7);
  constexpr std::string_view kLetters = "ab-.AZ09 \xc3\xff";
  const auto word = [&] {
    std::string text(1, "xyz"[random.below(3)]);
    for (std::uint64_t i = random.below(12); i > 0; --i) {
      text += kLetters[random.below(kLetters.size())];
    }
    return text;
  };
  for (int trial = 0; trial < 20; ++trial) {
    const ImageFolder folder;
    Names folders{word()};
    for (int i = 0; i < 12; ++i) {
      folders.push_back((random.bernoulli(0.7) ? folders[random.below(folders.size())] + "/" : "") +
                        word());
    }
    for (int i = 0; i < 80; ++i) {
      folder.add(folders[random.below(folders.size())] + "/" + word() +
                 (random.bernoulli(0.8) ? ".png" : ".txt"));
    }
    const LightlyDataset dataset(folder.path(), {.empty_classes = EmptyClasses::kLeaveOut});
    const Names names = dataset.get_filenames();
    ASSERT_EQ(names, expected_names(folder));
    Names selected;
    for (std::int64_t index = 0; index < dataset.size(); ++index) {
      const std::string& name = names[static_cast<std::size_t>(index)];
      EXPECT_EQ(dataset.index_of(name), index) << name;
      EXPECT_EQ(dataset.index_of(name + "x"), std::nullopt);
      EXPECT_EQ(dataset.classes().at(static_cast<std::size_t>(dataset.target(index))),
                name.substr(0, name.find('/')));
      if (random.bernoulli(0.5)) {
        selected.push_back(name);
      }
    }
    const Names in_order = selected;
    std::reverse(selected.begin(), selected.end());
    if (!selected.empty()) {
      const LightlyDataset some(folder.path(),
                                {.filenames = selected, .empty_classes = EmptyClasses::kLeaveOut});
      EXPECT_EQ(some.get_filenames(), in_order);
      EXPECT_EQ(some.classes(), dataset.classes());
    }
  }
}

}  // namespace
}  // namespace lightly::data
