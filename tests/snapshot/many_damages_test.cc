// Thousands of changed bits, cuts and overwritten ranges: each is found, or changes nothing that would be restored.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>

#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"
#include "fakes/tree_facts.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

class ManyDamagesTest : public ::testing::Test {
 protected:
  // Some frames of files that compress, some that do not, links, a sparse file; small, so that thousands take seconds.
  ManyDamagesTest() {
    config_.registry = folder_ / "none.db";
    config_.state_dir = folder_ / "state";
    config_.backup_root = folder_ / "archives";
    config_.min_free_bytes = 0;
    config_.threads = 2;
    config_.database.admin = false;
    config_.site["example.com"].path = folder_ / "www";
    config_.site["example.com"].type = "php";
    for (int i = 0; i < 30; ++i) {
      folder_.write("www/htdocs/d" + std::to_string(i % 3) + "/f" + std::to_string(i), noise(i * 300));
    }
    folder_.write("www/htdocs/text", std::string(20'000, 't'));
    folder_.write("www/htdocs/sparse", "x");
    if (::truncate((folder_ / "www/htdocs/sparse").c_str(), 3'000'000) != 0) throw std::runtime_error("no hole");
    std::filesystem::create_hard_link(folder_ / "www/htdocs/text", folder_ / "www/htdocs/z-link");
    std::filesystem::create_symlink("/etc/passwd", folder_ / "www/htdocs/symlink");
    Service service(config_);
    original_ = test::bytes_of_file(service.create(service.site("example.com"), {}).archive);
    expected_ = restored(original_);
  }

  std::string noise(int size) {
    std::string text(static_cast<std::size_t>(size), ' ');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }
  Verified verify(const ByteVector& bytes) const {
    test::write_file(folder_ / "copy.tar.zst", bytes);
    return Service(config_).verify(folder_ / "copy.tar.zst", {});
  }
  std::map<std::string, std::string> restored(const ByteVector& bytes, Restored* result = nullptr) const {
    const auto target = folder_ / "restored";
    std::filesystem::remove_all(target);
    test::write_file(folder_ / "copy.tar.zst", bytes);
    const Restored all = Service(config_).restore(folder_ / "copy.tar.zst", {.target = target, .salvage = true});
    if (result != nullptr) *result = all;
    return test::facts_of(target);
  }
  // Found, or without any effect. Whether it was found.
  bool expect_found_or_harmless(const ByteVector& bytes, const std::string& what) const {
    if (!verify(bytes).ok) return true;
    EXPECT_EQ(restored(bytes), expected_) << what;
    return false;
  }

  std::mt19937 random_{17};
  test::ScratchFolder folder_;
  Config config_;
  ByteVector original_;
  std::map<std::string, std::string> expected_;
};

TEST_F(ManyDamagesTest, ChangedBits) {
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    ByteVector changed = original_;
    const std::size_t at = random_() % changed.size();
    changed[at] ^= std::byte{1} << (random_() % 8);
    found += expect_found_or_harmless(changed, "bit at " + std::to_string(at)) ? 1 : 0;
  }
  EXPECT_GT(found, 1900);
}

TEST_F(ManyDamagesTest, CutsAtEveryKindOfPlace) {
  for (int i = 0; i < 1000; ++i) {
    const std::size_t size =
        i < 200 ? original_.size() - 1 - static_cast<std::size_t>(i) : random_() % original_.size();
    EXPECT_FALSE(verify({original_.begin(), original_.begin() + static_cast<std::ptrdiff_t>(size)}).ok)
        << "cut off at " << size;
  }
}

TEST_F(ManyDamagesTest, OverwrittenRanges) {
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    ByteVector changed = original_;
    const std::size_t at = random_() % changed.size();
    const std::size_t size = std::min<std::size_t>(1 + random_() % 600, changed.size() - at);
    const std::size_t from = random_() % (changed.size() - size);
    for (std::size_t k = 0; k < size; ++k) {
      // With zeros, with noise, with another part of the archive.
      changed[at + k] = i % 3 == 0   ? std::byte{0}
                        : i % 3 == 1 ? static_cast<std::byte>(random_())
                                     : original_[from + k];
    }
    found += expect_found_or_harmless(changed, std::to_string(size) + " bytes at " + std::to_string(at)) ? 1 : 0;
  }
  EXPECT_GT(found, 900);
}

// Whatever is lost is named, and all else comes back as it was.
TEST_F(ManyDamagesTest, Salvage_BringsBackAllThatIsWhole) {
  int salvaged = 0, without_end = 0;
  for (int i = 0; i < 300; ++i) {
    ByteVector changed = original_;
    const std::size_t at = random_() % changed.size();
    changed[at] ^= std::byte{0x55};
    std::set<std::string> lost;
    const Verified verified = verify(changed);
    for (const VerifyProblem& problem : verified.problems) lost.insert(problem.path);
    Restored result;
    const std::map<std::string, std::string> facts = restored(changed, &result);
    EXPECT_FALSE(verified.ok && !result.complete);
    if (!result.damage.empty()) {
      // Its end is damaged: everything is there, as no frame is.
      ++without_end;
      EXPECT_EQ(facts, expected_) << "byte " << at;
      // A damaged list may name what never was.
      for (const PathNote& note : result.missing) {
        EXPECT_FALSE(expected_.contains(note.path)) << "byte " << at << ": " << note.path << " " << note.what;
      }
      EXPECT_FALSE(result.complete);
      continue;
    }
    ++salvaged;
    std::set<std::string> missing;
    for (const PathNote& note : result.missing) missing.insert(note.path);
    for (const auto& [path, fact] : expected_) {
      const bool is_there = facts.contains(path);
      EXPECT_TRUE(is_there || missing.contains(path)) << path << " is neither restored nor named, byte " << at;
      EXPECT_FALSE(is_there && missing.contains(path) && !fact.starts_with("d")) << path;
      // A first name that is lost takes its other names' count of links with it; folders keep theirs.
      if (is_there && path != "htdocs/text" && path != "htdocs/z-link") {
        EXPECT_EQ(facts.at(path), fact) << path;
      }
      EXPECT_TRUE(is_there || lost.contains(path) || path == "htdocs/z-link") << path << " is intact, byte " << at;
    }
  }
  EXPECT_GT(salvaged, 100);
  EXPECT_GT(without_end, 0);
}

}  // namespace
}  // namespace wobackup
