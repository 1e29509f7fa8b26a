// Proving archives: whole, damaged at every place, foreign.
#include "snapshot/verify.h"

#include <gtest/gtest.h>

#include <random>

#include "fakes/forged_tar.h"
#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"
#include "fakes/tree_facts.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    config_.registry = folder_ / "none.db";
    config_.state_dir = folder_ / "state";
    config_.min_free_bytes = 0;
    config_.database.admin = false;
    config_.site["example.com"].path = folder_ / "www";
    config_.site["example.com"].type = "php";
    std::mt19937 random(7);
    std::string noise(5'000'000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    folder_.write("www/htdocs/large", noise);
    for (std::size_t i = 0; i < 50; ++i) folder_.write("www/htdocs/f" + std::to_string(i), noise.substr(i * 1000, 800));
    std::filesystem::create_symlink("/etc", folder_ / "www/htdocs/link");
    Service service(config_);
    archive_ = service.create(service.site("example.com"), {}).archive;
    original_ = test::bytes_of_file(archive_);
  }
  Verified verify(VerifyOptions options = {}) { return Service(config_).verify(archive_, options); }
  // Of a copy elsewhere, whose sum nobody has recorded.
  Verified verify_stranger(const ByteVector& bytes) {
    const auto copy = folder_ / "copy.tar.zst";
    test::write_file(copy, bytes);
    return Service(config_).verify(copy, {});
  }

  test::ScratchFolder folder_;
  Config config_;
  std::filesystem::path archive_;
  ByteVector original_;
};

TEST_F(VerifyTest, WholeArchive_IsProven) {
  const Verified verified = verify();
  EXPECT_TRUE(verified.ok) << verified.problems.at(0).what;
  EXPECT_TRUE(verified.indexed);
  EXPECT_TRUE(verified.sum_compared);
  EXPECT_EQ(verified.members, 54U);  // large, f0 to f49, link, htdocs, vhost.json
}

TEST_F(VerifyTest, Progress_KnowsItsEnd) {
  std::optional<double> last;
  VerifyOptions options;
  options.on_progress = [&](const Progress& progress) { last = progress.fraction_done(); };
  EXPECT_TRUE(verify(options).ok);
  ASSERT_TRUE(last);
  EXPECT_GT(*last, 0.99);
}

// For users who may read an archive, but not write down what they found.
TEST_F(VerifyTest, ResultThatCannotBeRecorded_IsTold) {
  config_.state_dir = folder_.write("no folder", "") / "state";
  std::vector<std::string> warnings;
  const Verified verified = Service(config_, [&](LogLevel level, std::string_view text) {
                              if (level == LogLevel::warning) warnings.emplace_back(text);
                            }).verify(archive_, {});
  EXPECT_TRUE(verified.ok);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("the result was not recorded"), std::string::npos);
}

TEST_F(VerifyTest, Result_IsRememberedUntilTheFileChanges) {
  const Service service(config_);
  EXPECT_FALSE(service.last_verified(archive_));
  static_cast<void>(verify());
  static_cast<void>(verify({.level = VerifyLevel::quick}));
  ASSERT_TRUE(service.last_verified(archive_));
  EXPECT_EQ(service.last_verified(archive_)->level, VerifyLevel::data);
  EXPECT_TRUE(service.last_verified(archive_)->ok);
  ByteVector changed = original_;
  changed[original_.size() / 2] ^= std::byte{1};
  test::write_file(archive_, changed);
  EXPECT_FALSE(service.last_verified(archive_));
  EXPECT_FALSE(verify().ok);
  EXPECT_FALSE(service.last_verified(archive_)->ok);
}

// Damage stays known until all that it was found in has been looked at again.
TEST_F(VerifyTest, Damage_IsNotForgottenForAWeakerProof) {
  const Service service(config_);
  ByteVector changed = original_;
  changed[original_.size() / 2] ^= std::byte{1};
  test::write_file(archive_, changed);
  EXPECT_FALSE(verify().ok);
  EXPECT_EQ(word_for(service.last_verified(archive_)), "damaged");
  const auto time = std::filesystem::last_write_time(archive_);
  test::write_file(archive_, original_);
  std::filesystem::last_write_time(archive_, time);  // so that it counts as the same file
  EXPECT_TRUE(verify({.level = VerifyLevel::quick}).ok);
  EXPECT_TRUE(verify({.sample = 0.01}).ok);
  EXPECT_EQ(word_for(service.last_verified(archive_)), "damaged");
  EXPECT_TRUE(verify().ok);
  EXPECT_EQ(word_for(service.last_verified(archive_)), "verified");
}

TEST_F(VerifyTest, OneChangedBit_IsFoundWhereverItIs) {
  std::mt19937 random(11);
  for (int i = 0; i < 300; ++i) {
    ByteVector changed = original_;
    const std::size_t at = random() % changed.size();
    changed[at] ^= std::byte{1} << (random() % 8);
    const Verified verified = verify_stranger(changed);
    if (verified.ok) {
      // What zstd's frame headers leave unused may change. Then nothing else may.
      const auto target = folder_ / "restored";
      std::filesystem::remove_all(target);
      static_cast<void>(Service(config_).restore(folder_ / "copy.tar.zst", {.target = target}));
      EXPECT_EQ(test::facts_of(target / "htdocs"), test::facts_of(folder_ / "www/htdocs")) << "bit at " << at;
    }
  }
}

TEST_F(VerifyTest, CutOff_IsFoundWhereverItIs) {
  std::mt19937 random(13);
  for (int i = 0; i < 100; ++i) {
    const std::size_t size = random() % original_.size();
    EXPECT_FALSE(verify_stranger({original_.begin(), original_.begin() + static_cast<std::ptrdiff_t>(size)}).ok)
        << "cut off at " << size;
  }
}

TEST_F(VerifyTest, Damage_IsLocatedAndTheRestIsSalvaged) {
  ByteVector changed = original_;
  // In the middle lies the large file.
  std::fill_n(changed.begin() + static_cast<std::ptrdiff_t>(original_.size() / 2), 100, std::byte{0});
  test::write_file(archive_, changed);
  const Verified verified = verify();
  EXPECT_FALSE(verified.ok);
  std::set<std::string> lost;
  for (const VerifyProblem& problem : verified.problems) {
    if (!problem.path.empty()) lost.insert(problem.path);
  }
  EXPECT_EQ(lost, (std::set<std::string>{"htdocs/large"}));
  const Restored restored = Service(config_).restore(archive_, {.target = folder_ / "restored", .salvage = true});
  ASSERT_EQ(restored.missing_count, 1U);
  EXPECT_EQ(restored.missing[0].path, "htdocs/large");
  auto expected = test::facts_of(folder_ / "www/htdocs");
  expected.erase("large");
  EXPECT_EQ(test::facts_of(folder_ / "restored/htdocs"), expected);
}

TEST_F(VerifyTest, Sample_ReadsAPart) {
  const Verified verified = verify({.sample = 0.01});
  EXPECT_TRUE(verified.ok);
  EXPECT_FALSE(verified.sum_compared);
  EXPECT_LT(verified.bytes, 10'000'000U);
}

TEST_F(VerifyTest, ForeignTar_IsReadToItsEnd) {
  folder_.write("tree/2024-05-01_10-00-00/vhost.json", "{}");
  test::run_in(folder_ / "tree", {"tar", "--zstd", "-cf", "../foreign.tar.zst", "2024-05-01_10-00-00"});
  const Verified verified = Service(config_).verify(folder_ / "foreign.tar.zst", {});
  EXPECT_TRUE(verified.ok);
  EXPECT_FALSE(verified.indexed);
}

// Nothing is wrong with it, but it is not what was made here.
TEST_F(VerifyTest, ForeignTarInTheArchivesPlace_ProvesNothing) {
  test::forge(archive_, "example.com");
  for (const VerifyLevel level : {VerifyLevel::quick, VerifyLevel::data, VerifyLevel::drill}) {
    SCOPED_TRACE(std::string(name_of(level)));
    const Verified verified = verify({.level = level});
    EXPECT_FALSE(verified.ok);
    ASSERT_EQ(verified.problems.size(), 1U);
    EXPECT_EQ(verified.problems[0].what, "it is not the archive that was made here: it has no index");
    const auto record = Service(config_).last_verified(archive_);
    ASSERT_TRUE(record);
    EXPECT_FALSE(record->ok);
  }
}

TEST_F(VerifyTest, AnotherArchiveInItsPlace_IsFoundAtEveryLevel) {
  Service service(config_);
  folder_.write("www/htdocs/f0", "later");
  const std::filesystem::path later = service.create(service.site("example.com"), {}).archive;
  std::filesystem::copy_file(later, archive_, std::filesystem::copy_options::overwrite_existing);
  for (const VerifyOptions& options : {VerifyOptions{.level = VerifyLevel::quick}, VerifyOptions{.sample = 0.1},
                                       VerifyOptions{.level = VerifyLevel::data}}) {
    const Verified verified = verify(options);
    EXPECT_FALSE(verified.ok);
    ASSERT_EQ(verified.problems.size(), 1U);
    EXPECT_EQ(verified.problems[0].what, "it is not the archive that was made here: its manifest is another");
  }
}

// What a restore would refuse is known beforehand.
TEST_F(VerifyTest, ForeignTar_ThatLeadsOutside_IsNoGoodBackup) {
  folder_.write("tree/vhost.json", "{}");
  folder_.write("tree/a", "x");
  std::filesystem::create_directory_symlink("/tmp", folder_ / "tree/link");
  folder_.write("tree/real/file", "x");
  for (const char* transform : {"s,^a$,../a,", "s,^a$,/etc/a,", "s,^real/file,link/file,"}) {
    SCOPED_TRACE(transform);
    test::run_in(folder_ / "tree", {"tar", "--gzip", "-P", std::string("--transform=") + transform, "-cf",
                                    "../foreign.tar.gz", "vhost.json", "a", "link", "real/file"});
    const std::filesystem::path archive = folder_ / "foreign.tar.gz";
    const Verified verified = Service(config_).verify(archive, {});
    EXPECT_FALSE(verified.ok);
    ASSERT_EQ(verified.problems.size(), 1U);
    EXPECT_NE(verified.problems[0].what.find("a restore refuses it"), std::string::npos);
    EXPECT_THROW(static_cast<void>(Service(config_).restore(archive, {.target = folder_ / "restored"})), Error);
  }
}

}  // namespace
}  // namespace wobackup
