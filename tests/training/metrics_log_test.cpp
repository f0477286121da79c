#include "lightly/training/metrics_log.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matchers.hpp"

namespace lightly::training {
namespace {

using lightly::testing::error_text;
using lightly::testing::read_file;
using lightly::testing::right_on_a_full_disk;
using lightly::testing::TemporaryFolder;
using lightly::testing::write_file;
using ::testing::HasSubstr;

TEST(MetricsLog, WritesOneObjectALineInTheGivenOrder) {
  const TemporaryFolder folder;
  MetricsLog log(folder / "m.jsonl");
  log.log({{"step", 1}, {"loss", 0.5}, {"done", false}, {"note", "a \"b\"\nc"}});
  EXPECT_EQ(read_file(folder / "m.jsonl"),
            "{\"step\":1,\"loss\":0.5,\"done\":false,\"note\":\"a \\\"b\\\"\\nc\"}\n");
  log.log({{"note", "x"}});
  EXPECT_THAT(read_file(folder / "m.jsonl"), ::testing::EndsWith("\n{\"note\":\"x\"}\n"));
}

TEST(MetricsLog, KeepsEveryDigitAndNamesWhatIsNoNumber) {
  const TemporaryFolder folder;
  const double infinity = std::numeric_limits<double>::infinity();
  MetricsLog log(folder / "m.jsonl");
  log.log({{"third", 1.0 / 3.0}, {"whole", 2.0}, {"large", std::int64_t{1} << 62}});
  log.log({{"a", std::nan("")}, {"b", infinity}, {"c", -infinity}});
  EXPECT_EQ(read_file(folder / "m.jsonl"),
            "{\"third\":0.3333333333333333,\"whole\":2.0,\"large\":4611686018427387904}\n"
            "{\"a\":\"NaN\",\"b\":\"Infinity\",\"c\":\"-Infinity\"}\n");
}

TEST(MetricsLog, ReplacesBytesThatAreNoText) {
  const TemporaryFolder folder;
  MetricsLog(folder / "m.jsonl").log({{"file", "\xff.jpg"}});
  EXPECT_EQ(read_file(folder / "m.jsonl"), "{\"file\":\"\xef\xbf\xbd.jpg\"}\n");
}

TEST(MetricsLog, AppendsToWhatIsThereAndDropsAHalfWrittenLine) {
  const TemporaryFolder folder;
  write_file(folder / "m.jsonl", "{\"step\":1}\n{\"step\":2,\"lo");
  MetricsLog(folder / "m.jsonl").log({{"step", 2}});
  EXPECT_EQ(read_file(folder / "m.jsonl"), "{\"step\":1}\n{\"step\":2}\n");
  write_file(folder / "half.jsonl", "{\"st");
  MetricsLog(folder / "half.jsonl").log({{"step", 1}});
  EXPECT_EQ(read_file(folder / "half.jsonl"), "{\"step\":1}\n");
}

TEST(MetricsLog, TruncateDropsWhatComesAfterTheResumePoint) {
  const TemporaryFolder folder;
  const std::string kept = "{\"seed\":9}\n{\"step\":1}\n{\"step\":2}\n{\"eval\":0.5,\"step\":2}\n";
  write_file(folder / "m.jsonl", kept + "{\"step\":3}\n{\"note\":\"x\"}\n{\"step\":4}\n");
  MetricsLog log(folder / "m.jsonl");
  log.truncate_after("step", 2);
  EXPECT_EQ(read_file(folder / "m.jsonl"), kept);
  log.truncate_after("step", 2);
  EXPECT_EQ(read_file(folder / "m.jsonl"), kept);
  log.log({{"step", 3}});
  EXPECT_EQ(read_file(folder / "m.jsonl"), kept + "{\"step\":3}\n");
  log.truncate_after("step", 0);
  EXPECT_EQ(read_file(folder / "m.jsonl"), "{\"seed\":9}\n");
}

TEST(MetricsLog, ReadsLogsLongerThanItsBlock) {
  const TemporaryFolder folder;
  {
    MetricsLog log(folder / "m.jsonl");
    for (int step = 0; step < 500; ++step) {
      log.log({{"step", step}, {"pad", std::string(400, 'x')}});
    }
  }
  const auto size = std::filesystem::file_size(folder / "m.jsonl");
  MetricsLog log(folder / "m.jsonl");
  log.truncate_after("step", 498);
  EXPECT_EQ(std::filesystem::file_size(folder / "m.jsonl"), size - 422);
}

TEST(MetricsLog, NamesFileAndLineOfDamage) {
  const TemporaryFolder folder;
  write_file(folder / "m.jsonl", "{\"step\":1}\nhello\n{\"step\":3}\n");
  MetricsLog log(folder / "m.jsonl");
  const std::string text = error_text([&] { log.truncate_after("step", 1); });
  EXPECT_THAT(text, HasSubstr("m.jsonl: line 2 is not a JSON object"));
}

TEST(MetricsLog, RejectsANameTwice) {
  const TemporaryFolder folder;
  MetricsLog log(folder / "m.jsonl");
  EXPECT_EQ(error_text([&] { log.log({{"a", 1}, {"a", 2}}); }),
            "MetricsLog: names must differ, got a twice");
  EXPECT_EQ(read_file(folder / "m.jsonl"), "");
}

TEST(MetricsLog, NamesFileAndReasonWhenItCannotWrite) {
  EXPECT_EQ(error_text([] { MetricsLog("/nonexistent-folder/m.jsonl"); }),
            "MetricsLog: cannot open /nonexistent-folder/m.jsonl: No such file or directory");
  const TemporaryFolder folder;
  EXPECT_THAT(error_text([&] { MetricsLog{folder.path()}; }), HasSubstr("Is a directory"));
}

TEST(MetricsLog, AFullDiskIsNamedAndLeavesWholeLines) {
  const TemporaryFolder folder;
  EXPECT_TRUE(right_on_a_full_disk(100, [&] {
    MetricsLog log(folder / "m.jsonl");
    log.log({{"step", 1}});
    const std::string text = error_text([&] { log.log({{"pad", std::string(200, 'x')}}); });
    log.log({{"step", 2}});
    return text.find("cannot write") != std::string::npos &&
           text.find("m.jsonl: File too large") != std::string::npos;
  }));
  EXPECT_EQ(read_file(folder / "m.jsonl"), "{\"step\":1}\n{\"step\":2}\n");
}

}  // namespace
}  // namespace lightly::training
