// What is left of archives that have lost their end, restored to folders.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "age/made_age.h"
#include "container/container_reader.h"
#include "fakes/memory_file.h"
#include "fakes/one_site.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/tree_facts.h"
#include "store/archive/made_members.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

class SalvageTest : public ::testing::Test, protected test::OneSite {
 protected:
  SalvageTest() {
    std::mt19937 random(11);
    for (int i = 0; i < 6; ++i)
      write("htdocs/d" + std::to_string(i % 3) + "/f" + std::to_string(i), noise(random, 1'100'000));
    write("htdocs/large", noise(random, 9'000'000));
    write("htdocs/m/first", "linked");
    write("htdocs/text", std::string(20'000, 't'));
    write("htdocs/wp-content/last", noise(random, 3'000'000));
    write("wp-config.php", "<?php");
    const auto place = site() / "htdocs";
    std::filesystem::create_hard_link(place / "m/first", place / "m/second");
    std::filesystem::create_symlink("/etc/passwd", place / "m/symlink");
    std::filesystem::permissions(place / "d1", std::filesystem::perms::owner_all);
    Service service(config_);
    archive_ = service.create(service.site("example.com"), {}).archive;
    original_ = test::bytes_of_file(archive_);
    const test::MemoryFile file(original_);
    const ContainerReader container(file);
    frames_ = container.frames();
    manifest_begin_ = container.locator().manifest_offset;
    static_cast<void>(service.restore(archive_, {.target = folder_ / "whole"}));
    expected_ = test::facts_of(folder_ / "whole");
  }

  static std::string noise(std::mt19937& random, std::size_t size) {
    std::string text(size, ' ');
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }
  [[nodiscard]] ByteVector cut(std::size_t size) const {
    return {original_.begin(), original_.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  Restored salvage(ByteSpan bytes, RestoreOptions options = {}) {
    std::filesystem::remove_all(target());
    test::write_file(folder_ / "copy.tar.zst", bytes);
    options.target = target();
    options.salvage = true;
    return Service(config_).restore(folder_ / "copy.tar.zst", options);
  }
  [[nodiscard]] std::filesystem::path target() const { return folder_ / "restored"; }
  [[nodiscard]] std::map<std::string, std::string> facts() const { return test::facts_of(target()); }
  static bool says(const std::vector<PathNote>& notes, const std::string& text) {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const PathNote& note) { return note.what.find(text) != std::string::npos; });
  }

  std::filesystem::path archive_;
  ByteVector original_;
  std::vector<SeekFrame> frames_;
  std::uint64_t manifest_begin_ = 0;
  std::map<std::string, std::string> expected_;
};

TEST_F(SalvageTest, LostIndex_BringsBackEverythingAsItWas) {
  const Restored restored = salvage(cut(manifest_begin_ - 8));
  EXPECT_EQ(facts(), expected_);
  EXPECT_FALSE(restored.complete);
  EXPECT_NE(restored.damage.find("the list of what was in it is lost"), std::string::npos) << restored.damage;
  EXPECT_TRUE(says(restored.notes, "restored without comparing hashes"));
  EXPECT_EQ(restored.missing_count, 0U);
}

TEST_F(SalvageTest, CutByOneByte_ComparesAllHashesAndKnowsThatNothingIsMissing) {
  const Restored restored = salvage(cut(original_.size() - 1));
  EXPECT_EQ(facts(), expected_);
  EXPECT_FALSE(restored.complete);
  EXPECT_FALSE(says(restored.notes, "without comparing"));
  EXPECT_EQ(restored.damage.find("missing is not known"), std::string::npos) << restored.damage;
}

TEST_F(SalvageTest, OneChangedBitInTheManifest_BringsBackEverything) {
  ByteVector bytes = original_;
  bytes[manifest_begin_ + 600] ^= std::byte{4};
  const Restored restored = salvage(bytes);
  EXPECT_EQ(facts(), expected_);
  EXPECT_NE(restored.damage.find("its manifest is damaged"), std::string::npos) << restored.damage;
}

TEST_F(SalvageTest, FileThatWasCut_IsNamedAndNotThere) {
  // The frame before the last one of the large file.
  std::size_t large = 1;
  while (frames_[large].plain_bytes < (4U << 20U)) ++large;
  const Restored restored = salvage(cut(frames_[large + 1].offset + 100));
  EXPECT_FALSE(restored.complete);
  ASSERT_EQ(restored.missing_count, 1U);
  EXPECT_EQ(restored.missing[0].path, "htdocs/large");
  for (const auto& [path, fact] : facts()) EXPECT_EQ(fact.substr(0, 5), expected_.at(path).substr(0, 5)) << path;
  EXPECT_FALSE(std::filesystem::exists(target() / "htdocs/large"));
  EXPECT_FALSE(std::filesystem::exists(target() / "htdocs/text"));
  EXPECT_EQ(facts().at("htdocs/d0/f0"), expected_.at("htdocs/d0/f0"));
  EXPECT_EQ(facts().at("vhost.json"), expected_.at("vhost.json"));
  // Nothing half is left under another name.
  for (const auto& item : std::filesystem::recursive_directory_iterator(target())) {
    EXPECT_TRUE(expected_.contains(item.path().lexically_relative(target()))) << item.path();
  }
}

TEST_F(SalvageTest, WithoutSalvage_IsRefusedAsEver) {
  test::write_file(folder_ / "copy.tar.zst", cut(original_.size() - 1));
  const auto restore = [&] {
    static_cast<void>(Service(config_).restore(folder_ / "copy.tar.zst", {.target = target()}));
  };
  EXPECT_NE(test::refusal(restore, ErrorKind::verification), "");
  EXPECT_FALSE(std::filesystem::exists(target()));
}

TEST_F(SalvageTest, PartAndDryRun) {
  const ByteVector bytes = cut(manifest_begin_ - 8);
  const Restored would = salvage(bytes, {.dry_run = true});
  EXPECT_FALSE(std::filesystem::exists(target()));
  const Restored all = salvage(bytes);
  EXPECT_EQ(would.files, all.files);
  EXPECT_EQ(would.bytes, all.bytes);
  const Restored part = salvage(bytes, {.include = {"htdocs/d1", "htdocs/gone"}});
  EXPECT_EQ(part.files, 2U);
  EXPECT_EQ(facts().at("htdocs/d1"), expected_.at("htdocs/d1"));
  ASSERT_EQ(part.missing_count, 1U);
  EXPECT_EQ(part.missing[0].path, "htdocs/gone");
}

TEST_F(SalvageTest, Verify_TellsWhatCouldBeSaved) {
  test::write_file(folder_ / "copy.tar.zst", cut(manifest_begin_ - 8));
  const Verified verified = Service(config_).verify(folder_ / "copy.tar.zst", {});
  EXPECT_FALSE(verified.ok);
  ASSERT_EQ(verified.problem_count, 2U);
  EXPECT_NE(verified.problems[0].what.find("its end is missing"), std::string::npos) << verified.problems[0].what;
  EXPECT_NE(verified.problems[1].what.find("files could be saved with restore --target DIR --salvage"),
            std::string::npos)
      << verified.problems[1].what;
  EXPECT_GT(verified.members, 10U);
}

TEST_F(SalvageTest, Encrypted_TooAndVerified) {
  const auto identity_file = folder_ / "key.txt";
  const std::string recipient = generate_identity(identity_file);
  Recipients recipients;
  recipients.push_back(std::make_unique<const X25519Recipient>(X25519Recipient::parse(recipient).value()));
  const ByteVector sealed = test::encrypted(original_, recipients);
  config_.keys = Keys({.identity_files = {identity_file}});
  const auto path = folder_ / "copy.tar.zst.age";
  test::write_file(path, ByteSpan(sealed).first(sealed.size() - 1));
  const Restored restored = Service(config_).restore(path, {.target = target(), .salvage = true});
  EXPECT_FALSE(restored.complete);
  EXPECT_EQ(facts(), expected_);
  EXPECT_FALSE(Service(config_).verify(path, {}).ok);
  EXPECT_GT(Service(config_).verify(path, {}).members, 10U);
  const auto strict = [&] { static_cast<void>(Service(config_).restore(path, {.target = folder_ / "strict"})); };
  EXPECT_NE(test::refusal(strict, ErrorKind::verification), "");
}

// A hostile archive without an end: what leads outside is left out, nothing is written through links, no program of
// somebody's is made.
TEST_F(SalvageTest, HostileMembers_StayInside) {
  const test::ScratchFolder elsewhere;
  test::MadeMembers made;
  made.add(test::MadeMembers::file("../outside", 3), "bad");
  Entry link = test::MadeMembers::file("htdocs/way-out", 0);
  link.type = EntryType::symlink;
  link.link = elsewhere.path().string();
  made.add(link);
  made.add(test::MadeMembers::file("htdocs/way-out/written", 3), "bad");
  Entry hard = test::MadeMembers::file("htdocs/way-out/hard", 0);
  hard.type = EntryType::hardlink;
  hard.link = "htdocs/way-out";
  made.add(hard);
  Entry program = test::MadeMembers::file("htdocs/program", 2);
  program.mode = 06755;
  made.add(program, "#!");
  made.cut();
  ByteVector bytes = made.file_bytes();
  bytes.resize(ContainerReader(test::MemoryFile(bytes)).locator().manifest_offset - 8);
  const Restored restored = salvage(bytes);
  EXPECT_EQ(restored.missing_count, 3U);
  EXPECT_TRUE(std::filesystem::is_empty(elsewhere.path()));
  EXPECT_FALSE(std::filesystem::exists(target().parent_path() / "outside"));
  struct stat status {};
  ASSERT_EQ(::stat((target() / "htdocs/program").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
}

}  // namespace
}  // namespace wobackup
