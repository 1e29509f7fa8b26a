// list and info on whole, damaged and foreign archives.
#include <algorithm>
#include <fstream>

#include "cli/command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class ArchiveReading : public test::CommandLine {
 protected:
  ArchiveReading() {
    add_site("a.example");
    write("www/a.example/htdocs/text", std::string(300'000, 'x'));
    whole_ = backed_up("a.example", {"--reason", "nightly"});
  }
  // A file beside the whole archive; its path.
  fs::path put(const std::string& name, const std::string& bytes) const {
    const fs::path path = archives("a.example") / (name + ".tar.zst");
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  [[nodiscard]] std::string bytes() const { return test::text_of_file(whole_); }
  // As old `tar --zstd` makes them.
  fs::path foreign(const std::string& name, const std::string& vhost) const {
    write(fs::path("foreign") / name / "vhost.json", vhost);
    write(fs::path("foreign") / name / "htdocs/index.html", "x");
    const fs::path path = archives("a.example") / (name + ".tar.zst");
    test::run_in(root() / "foreign", {"tar", "--zstd", "-cf", path.string(), name});
    return path;
  }
  void expect_refused(const fs::path& path, std::string_view message_part) const {
    const Ran ran = run({"info", path.string()});
    EXPECT_EQ(ran.exit_code, 21) << ran.both();
    EXPECT_EQ(ran.out, "");
    EXPECT_TRUE(contains(ran.err, path.filename().string()));
    EXPECT_TRUE(contains(ran.err, message_part));
    EXPECT_LE(test::lines_of(ran.err).size(), 2U) << ran.err;
  }

  fs::path whole_;
};

TEST_F(ArchiveReading, Info_TakesAllWaysToNameABackup) {
  const std::string expected = run({"info", whole_.string()}).out;
  EXPECT_TRUE(contains(expected, "nightly"));
  EXPECT_TRUE(contains(expected, whole_.string()));
  EXPECT_TRUE(contains(expected, "backup_scope      files\n"));
  const std::string name = whole_.filename().string();
  for (const std::string& what : {std::string("a.example"), std::string("a.example/latest"), "a.example/" + name,
                                  "a.example/" + name.substr(0, name.size() - 8), std::string("A.example")}) {
    EXPECT_EQ(run({"info", what}).out, expected) << what;
  }
}

TEST_F(ArchiveReading, List_NewestFirst) {
  const fs::path second = backed_up("a.example", {"--reason", "second"});
  const std::vector<Json> refs = run({"--json", "list", "a.example"}).objects("snapshot");
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0]["archive"], second.string());
  EXPECT_EQ(refs[0]["reason"], "second");
  EXPECT_EQ(refs[0]["size"], fs::file_size(second));
  EXPECT_EQ(refs[1]["archive"], whole_.string());
  EXPECT_EQ(refs[1]["indexed"], true);
  const std::vector<std::string> lines = test::lines_of(run({"list", "a.example"}).out);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_LT(lines[1].find("second"), lines[1].size());
  EXPECT_LT(lines[2].find("nightly"), lines[2].size());
}

TEST_F(ArchiveReading, DamagedFiles_AreClearErrors_AndTheListGoesOn) {
  const std::string all = bytes();
  expect_refused(put("2020-01-01_00-00-01", ""), "empty");
  expect_refused(put("2020-01-01_00-00-02", "this is no archive at all"), "");
  expect_refused(put("2020-01-01_00-00-03", all.substr(0, 40)), "");
  put("2020-01-01_00-00-04", all.substr(0, all.size() - 1));
  expect_refused(put("2020-01-01_00-00-05", std::string(1000, '\0')), "");
  std::string other_end = all;
  for (std::size_t i = all.size() - 120; i < all.size(); ++i) other_end[i] = '?';
  put("2020-01-01_00-00-06", other_end);
  fs::create_symlink("/etc/passwd", archives("a.example") / "2020-01-01_00-00-07.tar.zst");
  ASSERT_EQ(::mkfifo((archives("a.example") / "2020-01-01_00-00-08.tar.zst").c_str(), 0600), 0);
  const Ran list = run({"list", "a.example"});
  EXPECT_EQ(list.exit_code, 0) << list.err;
  EXPECT_TRUE(contains(list.out, whole_.stem().stem().string()));
  const Ran json = run({"--json", "list"});
  EXPECT_EQ(json.exit_code, 0);
  for (const Json& ref : json.objects("snapshot")) {
    const bool is_whole = ref["archive"] == whole_.string();
    EXPECT_TRUE(!is_whole || ref["state"] == "complete") << ref;
    for (const char* broken : {"-01", "-02", "-03", "-05", "-07", "-08"}) {
      if (!ref["name"].get<std::string>().ends_with(broken) || is_whole) continue;
      EXPECT_EQ(ref["state"], "damaged") << ref;
      EXPECT_EQ(ref["complete"], false) << ref;
      EXPECT_FALSE(ref["problem"].get<std::string>().empty()) << ref;
    }
  }
  EXPECT_EQ(json.objects("snapshot").size(), 9U);
  // None of them is ever the latest.
  EXPECT_EQ(info("a.example")["archive_path"], whole_.string());
}

TEST_F(ArchiveReading, CutOff_IsNotWhole) {
  const std::string all = bytes();
  for (const std::size_t size : {all.size() - 1, all.size() - 9, all.size() / 2}) {
    const fs::path path = put("2020-01-01_00-00-00", all.substr(0, size));
    const Ran ran = run({"--json", "info", path.string()});
    EXPECT_EQ(ran.exit_code, 21) << size << ran.out;
  }
}

TEST_F(ArchiveReading, ArchivesOfOtherPrograms_AreReadToo) {
  const std::string vhost = R"({"sitename": "a.example", "backup_reason": "old service", "backup_type": "full"})";
  const fs::path old = foreign("2020-01-01_00-00-00", vhost);
  const fs::path before_update = foreign("2020-01-01_00-00-01_preupdate", vhost);
  for (const fs::path& path : {old, before_update}) {
    const Json told = info(path.string());
    EXPECT_EQ(told["backup_reason"], "old service");
    EXPECT_EQ(told["indexed"], false);
    EXPECT_EQ(told["complete"], true);
  }
  EXPECT_TRUE(contains(run({"list", "a.example"}).out, "2020-01-01_00-00-01_preupdate"));
  expect_refused(foreign("2020-01-01_00-00-02", "{"), "vhost.json");
  expect_refused(foreign("2020-01-01_00-00-03", "[]"), "vhost.json");
}

// It restores to a folder: that it does not say of which site it is makes it no damaged one.
TEST_F(ArchiveReading, OrdinaryTarOfASite_IsWhole) {
  write("made/htdocs/index.php", "<?php");
  test::run_in(root() / "made", {"tar", "-czf", "site.tgz", "htdocs"});
  const std::string archive = (root() / "made/site.tgz").string();
  for (const char* level : {"quick", "data"}) EXPECT_EQ(run({"verify", archive, "--level", level}).exit_code, 0);
  EXPECT_EQ(run({"restore", archive, "--target", (root() / "there").string()}).exit_code, 0);
  fs::resize_file(archive, fs::file_size(archive) - 20);
  EXPECT_EQ(run({"verify", archive}).exit_code, 21);
  test::run_in(root() / "made", {"tar", "-czf", "empty.tgz", "-T", "/dev/null"});
  EXPECT_EQ(run({"verify", (root() / "made/empty.tgz").string()}).exit_code, 21);
}

TEST_F(ArchiveReading, QuickVerify_OfADamagedOne_NamesTheLevelThatTellsMore) {
  const fs::path archive = backed_up("a.example");
  {
    std::ofstream file(archive, std::ios::app);
    ASSERT_TRUE(file << "garbage\n") << archive;
  }
  const Ran quick = run({"verify", archive.string(), "--level", "quick"});
  EXPECT_EQ(quick.exit_code, 21);
  EXPECT_TRUE(contains(quick.err, "--level data")) << quick.err;
  EXPECT_TRUE(contains(run({"verify", archive.string()}).err, "--salvage"));
  EXPECT_TRUE(contains(run({"verify", "a.example"}).err, "is passed over: "));
}

TEST_F(ArchiveReading, List_OfASiteThatIsGone_FindsItsArchivesUnderTheConfiguredRoot) {
  write_config("backup_root = \"" + (root() / "backups").string() + "\"\n");
  static_cast<void>(backed_up("a.example"));
  sql("DELETE FROM sites");
  EXPECT_EQ(run({"--json", "list", "a.example"}).objects("snapshot").size(), 1U);
  EXPECT_EQ(run({"list", "b.example"}).exit_code, 10);
}

TEST_F(ArchiveReading, List_WithoutBackups_SaysSo) {
  add_site("fresh.example");
  const Ran ran = run({"list", "fresh.example"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "fresh.example has no backups\n");
  EXPECT_EQ(run({"--json", "list", "fresh.example"}).objects().back()["snapshots"], 0);
}

TEST_F(ArchiveReading, List_OfAllSites_GoesOnBehindOneThatCannotBeRead) {
  add_site("z.example");
  static_cast<void>(backed_up("z.example"));
  fs::rename(archives("a.example"), root() / "elsewhere");
  write("www/a.example/backup/a.example", "no folder");
  const Ran ran = run({"list"});
  EXPECT_EQ(ran.exit_code, 1) << ran.both();
  EXPECT_TRUE(contains(ran.err, "error: a.example"));
  EXPECT_TRUE(contains(ran.out, "z.example"));
}

}  // namespace
}  // namespace wobackup
