// restore and verify, as a user types them.
#include <algorithm>
#include <set>

#include "base/file_lock.h"
#include "cli/command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class RestoreCommand : public test::CommandLine {
 protected:
  RestoreCommand() {
    add_site("a.example");
    write("www/a.example/htdocs/index.html", "hello");
    write("www/a.example/htdocs/uploads/picture", std::string(10'000, 'p'));
    archive_ = backed_up("a.example");
  }
  [[nodiscard]] std::string target() const { return (root() / "restored").string(); }
  void damage() const {
    ByteVector bytes = test::bytes_of_file(archive_);
    // The second frame: what comes behind vhost.json.
    bytes[bytes.size() / 3] ^= std::byte{0x55};
    test::write_file(archive_, bytes);
  }

  // The journal of the site's restore, as if this had been its last word.
  void in_phase(const std::string& phase) const {
    std::string journal = test::text_of_file(root() / "state/restores/a.example.json");
    const std::size_t at = journal.find("\"phase\": \"") + std::string_view("\"phase\": \"").size();
    journal.replace(at, journal.find('"', at) - at, phase);
    write("state/restores/a.example.json", journal);
  }

  fs::path archive_;
};

TEST_F(RestoreCommand, Restore_TellsWhatCameBack) {
  const Ran ran = run({"restore", "a.example", "--target", target()});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(ran.out, "restored 3 files, ")) << ran.out;
  EXPECT_TRUE(contains(ran.out, target()));
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(test::text_of_file(root() / "restored/htdocs/index.html"), "hello");
}

TEST_F(RestoreCommand, Json_HasCountsAndTheExitCode) {
  const Ran ran = run({"--json", "restore", archive_.string(), "--target", target(), "--include", "htdocs/uploads"});
  const Json summary = ran.objects("summary").at(0);
  EXPECT_EQ(summary["files"], 1);
  EXPECT_EQ(summary["bytes"], 10'000);
  EXPECT_EQ(summary["complete"], true);
  EXPECT_EQ(summary["exit_code"], 0);
}

TEST_F(RestoreCommand, DryRun_SaysWould) {
  EXPECT_TRUE(contains(run({"restore", "a.example", "--target", target(), "--dry-run"}).out, "would restore 3 files"));
  EXPECT_FALSE(fs::exists(target()));
}

TEST_F(RestoreCommand, WrongUsage_IsExplained) {
  EXPECT_EQ(run({"restore"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "a.example"}).exit_code, 2);
  EXPECT_TRUE(contains(run({"restore", "a.example"}).err, "--target DIR"));
  EXPECT_EQ(run({"restore", "a.example", "--target", target(), "--files", "--db"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "a.example", "--target", target(), "--overwrite", "maybe"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "b.example", "--target", target()}).exit_code, 10);
  EXPECT_EQ(run({"restore", "a.example", "--target", target(), "--include", "nothing"}).exit_code, 10);
  EXPECT_EQ(run({"verify"}).exit_code, 2);
  EXPECT_EQ(run({"verify", "a.example", "--level", "deep"}).exit_code, 2);
  EXPECT_EQ(run({"verify", "a.example", "--level", "deep"}).exit_code, 2);
  EXPECT_EQ(run({"verify", "a.example", "--sample", "0%"}).exit_code, 2);
  EXPECT_EQ(run({"verify", "a.example", "--sample", "many"}).exit_code, 2);
}

TEST_F(RestoreCommand, DamagedArchive_NamesTheLossAndIsSalvaged) {
  damage();
  const Ran failed = run({"restore", "a.example", "--target", target()});
  EXPECT_EQ(failed.exit_code, 21) << failed.both();
  EXPECT_TRUE(contains(failed.err, "frame 1, which holds htdocs/index.html: ")) << failed.err;
  EXPECT_TRUE(contains(failed.err, "Hint: --salvage brings back all that is intact; what came before is in "))
      << failed.err;
  const Ran salvaged = run({"restore", "a.example", "--target", target(), "--salvage"});
  EXPECT_EQ(salvaged.exit_code, 3) << salvaged.both();
  EXPECT_TRUE(contains(salvaged.err, "not restored: htdocs/index.html"));
  EXPECT_TRUE(fs::exists(root() / "restored/vhost.json"));
}

TEST_F(RestoreCommand, Verify_TellsAndIsRemembered) {
  EXPECT_TRUE(contains(run({"list", "a.example"}).out, "unverified"));
  const Ran ran = run({"verify", "a.example"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(ran.out, archive_.string() + ": data ok, "));
  EXPECT_TRUE(contains(run({"list", "a.example"}).out, "  verified 20"));
  EXPECT_TRUE(contains(run({"sites"}).out, "verified"));
  EXPECT_TRUE(contains(run({"info", "a.example"}).out, "data: ok, 20"));
  EXPECT_EQ(run({"--json", "list"}).objects("snapshot").at(0)["verified"], "verified");
}

TEST_F(RestoreCommand, Verify_OfADamagedArchiveFailsAndIsRemembered) {
  damage();
  const Ran ran = run({"verify", "a.example"});
  EXPECT_EQ(ran.exit_code, 21) << ran.both();
  EXPECT_TRUE(contains(ran.err, "htdocs/index.html"));
  EXPECT_TRUE(contains(ran.err, "--salvage"));
  EXPECT_TRUE(contains(run({"list", "a.example"}).out, "damaged 20"));
  const Json json = run({"--json", "verify", "a.example"}).objects("verified").at(0);
  EXPECT_EQ(json["ok"], false);
  // The sum of the file, which is compared beside the frames, may be told first.
  EXPECT_TRUE(std::any_of(json["problems"].begin(), json["problems"].end(),
                          [](const Json& problem) { return problem.value("frame", 0) == 1; }));
}

TEST_F(RestoreCommand, Verify_TellsWhatIsNoDamageInOtherWords) {
  // A whole archive, but another one.
  write("www/a.example/htdocs/index.html", "another");
  fs::copy_file(backed_up("a.example"), archive_, fs::copy_options::overwrite_existing);
  const Ran exchanged = run({"verify", archive_.string()});
  EXPECT_EQ(exchanged.exit_code, 21);
  EXPECT_TRUE(contains(exchanged.err, "is whole, but not the file that was made here")) << exchanged.err;
  EXPECT_FALSE(contains(exchanged.err, "damaged"));
  EXPECT_FALSE(contains(exchanged.err, "--salvage"));
  write("notes.txt", "no archive at all");
  const Ran none = run({"verify", (root() / "notes.txt").string()});
  EXPECT_EQ(none.exit_code, 21);
  EXPECT_TRUE(contains(none.err, "nothing of it can be read as an archive")) << none.err;
  EXPECT_FALSE(contains(none.err, "--salvage"));
}

TEST_F(RestoreCommand, OptionsOfTheOtherWay_AreRefused) {
  for (const char* option : {"--yes", "--discard", "--accept-changed", "--shared", "--no-check"}) {
    EXPECT_EQ(run({"restore", "a.example", "--target", target(), option}).exit_code, 2) << option;
  }
  EXPECT_FALSE(fs::exists(target()));
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes", "--overwrite", "never"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--yes", "--include", "vhost.json"}).exit_code, 2);
}

TEST_F(RestoreCommand, RelativePathOfAFile_IsAFile) {
  write("tmp/old.tar.gz", "no archive");
  const fs::path before = fs::current_path();
  fs::current_path(root());
  const Ran ran = run({"info", "tmp/old.tar.gz"});
  fs::current_path(before);
  EXPECT_EQ(ran.exit_code, 21) << ran.both();
}

TEST_F(RestoreCommand, StatusThatCannotBeSeen_IsNotCalledNothing) {
  write("no-folder", "");
  ::setenv("WOBACKUP_STATE_DIR", (root() / "no-folder/state").c_str(), 1);
  const Ran ran = run({"restore", "--status"});
  ::unsetenv("WOBACKUP_STATE_DIR");
  EXPECT_EQ(ran.exit_code, 1) << ran.both();
  EXPECT_TRUE(contains(ran.err, "cannot look into"));
}

TEST_F(RestoreCommand, CreateVerify_ReadsBackWhatWasWritten) {
  const Ran ran = run({"create", "a.example", "--verify", "data"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(ran.out, ": data ok, "));
  EXPECT_EQ(run({"--json", "list", "a.example"}).objects("snapshot").at(0)["verified"], "verified");
  const std::vector<Json> objects = run({"--json", "create", "a.example", "--verify", "quick"}).objects("verified");
  ASSERT_EQ(objects.size(), 1U);
  EXPECT_EQ(objects[0]["level"], "quick");
  EXPECT_EQ(run({"create", "a.example", "--verify", "deeply"}).exit_code, 2);
}

TEST_F(RestoreCommand, InPlace_ReplacesTheFilesAndIsUndone) {
  write("www/a.example/htdocs/index.html", "changed since");
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files"}).exit_code, 2) << "nobody was asked";
  const Ran ran = run({"restore", "a.example", "--in-place", "--files", "--yes"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(ran.out, "a.example: restored 2 files"));
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "hello");
  EXPECT_TRUE(contains(run({"-v", "list", "a.example"}).err, "--undo"));
  const Ran undone = run({"restore", "--undo", "a.example", "--yes"});
  EXPECT_EQ(undone.exit_code, 0) << undone.both();
  EXPECT_TRUE(contains(undone.out, "what it had brought is in "));
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "changed since");
  EXPECT_EQ(run({"restore", "--undo", "a.example", "--yes"}).exit_code, 10);
  EXPECT_EQ(run({"restore", "--resume", "a.example"}).exit_code, 10);
}

TEST_F(RestoreCommand, Status_TellsWhatRestoresHaveLeft) {
  const Ran none = run({"restore", "--status"});
  EXPECT_EQ(none.exit_code, 0);
  EXPECT_TRUE(contains(none.out, "no restore"));
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
  EXPECT_EQ(run({"--json", "restore", "--status"}).objects("pending").at(0)["state"], "done");
  EXPECT_TRUE(contains(run({"restore", "--status"}).out, "a.example: restored "));
  write("state/restores/gone.example.json", "{");
  const Ran damaged = run({"restore", "--status"});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_TRUE(contains(damaged.err, "gone.example.json"));
}

// As a kill at that moment leaves it.
TEST_F(RestoreCommand, Resume_TellsWhatCameOfIt) {
  write("www/a.example/htdocs/index.html", "since");
  for (const char* way : {"--resume", "--abort"}) {
    ASSERT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
    in_phase("undoing");
    const Ran status = run({"restore", "--status"});
    EXPECT_EQ(status.exit_code, 1);
    EXPECT_TRUE(contains(status.err, "the undo of the restore that began "));
    EXPECT_TRUE(
        contains(run({"restore", "--undo", "a.example", "--yes"}).err, "the undo of a restore was interrupted"));
    const Ran undone = run({"--json", "restore", way, "a.example"});
    EXPECT_EQ(undone.objects("summary").back()["state"], "undone") << way;
    EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "since");
    const Ran again = run({"restore", way, "a.example"});
    EXPECT_EQ(again.exit_code, 10);
    EXPECT_TRUE(contains(again.err, "is undone already"));
    ASSERT_EQ(run({"restore", "--finish", "--discard", "a.example"}).exit_code, 0);
  }
  ASSERT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
  in_phase("swapping");
  const Ran done = run({"restore", "--resume", "a.example"});
  EXPECT_TRUE(contains(done.out, "the restore is done"));
  in_phase("swapping");
  EXPECT_EQ(run({"--json", "restore", "--abort", "a.example"}).objects("summary").back()["state"], "aborted");
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "since");
  // One that was finished stays restored, also with --abort.
  ASSERT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
  in_phase("removing");
  EXPECT_TRUE(contains(run({"restore", "--status"}).err, "interrupted while what it had left was removed"));
  EXPECT_TRUE(contains(run({"restore", "--abort", "a.example"}).out, "what was left of the restore is removed"));
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "hello");
}

TEST_F(RestoreCommand, RunningRestore_IsNotCalledInterrupted) {
  ASSERT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
  in_phase("swapping");
  const fs::path lock_file = root() / "state/locks/a.example.lock";
  {
    const FileLock another(lock_file, "restore a.example", std::chrono::seconds(0), {});
    const Ran status = run({"restore", "--status"});
    EXPECT_EQ(status.exit_code, 0) << status.both();
    EXPECT_TRUE(contains(status.out, " is running"));
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"restore", "--status"}, {"sites"}, {"list", "a.example"}, {"info", "a.example"}}) {
      const Ran ran = run(command);
      EXPECT_TRUE(contains(ran.both(), " is running")) << command.front();
      EXPECT_FALSE(contains(ran.both(), "--abort")) << command.front();
    }
    const Json pending = run({"--json", "restore", "--status"}).objects("pending").at(0);
    EXPECT_EQ(pending["state"], "running");
    EXPECT_EQ(pending["phase"], "swapping");
  }
  {
    // The lock is the site's: others take it, too.
    const FileLock backup(lock_file, "create a.example", std::chrono::seconds(0), {});
    EXPECT_EQ(run({"--json", "restore", "--status"}).objects("pending").at(0)["state"], "interrupted");
  }
  EXPECT_EQ(run({"restore", "--status"}).exit_code, 1);
}

TEST_F(RestoreCommand, InPlace_WhatMakesNoSenseIsRefused) {
  const std::vector<std::vector<std::string>> wrong{
      {"--db"},  // the archive has none
      {"--table", "t"},
      {"--files", "--db"},
      {"--files", "--target", target()},
      {"--files", "--include", "*.php"},
      {"--db", "--include", "htdocs"},
      {"--files", "--table", "t"},
      {"--include", "htdocs", "--table", "t"},
  };
  for (const std::vector<std::string>& options : wrong) {
    std::vector<std::string> words{"restore", "a.example", "--in-place", "--yes"};
    words.insert(words.end(), options.begin(), options.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 2) << options.front() << ran.both();
    EXPECT_FALSE(std::filesystem::exists(root() / "state/restores/a.example.json"));
  }
  EXPECT_EQ(run({"restore", "a.example", "--undo", "--resume"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "a.example", "--target", target(), "--table", "t"}).exit_code, 2);
}

TEST_F(RestoreCommand, InPlace_GoesIntoTheSiteThatTheBackupNames) {
  add_site("shop.example");
  const fs::path planted = archives("shop.example") / archive_.filename();
  fs::create_directories(planted.parent_path());
  fs::copy_file(archive_, planted);
  const std::string name = planted.stem().stem().string();
  for (const std::string& what : {planted.string(), "shop.example/" + name, std::string("shop.example")}) {
    const Ran ran = run({"restore", what, "--in-place", "--files", "--yes"});
    EXPECT_EQ(ran.exit_code, 2) << what << ran.both();
    EXPECT_TRUE(contains(ran.err, "--site shop.example"));
  }
  EXPECT_EQ(test::text_of_file(www("shop.example") / "htdocs/index.html"), "shop.example");
  // Elsewhere it says itself where it belongs, and the question says all.
  fs::copy_file(archive_, root() / "old.tar.zst");
  const Ran asked =
      run({"restore", (root() / "old.tar.zst").string(), "--in-place", "--files"}, {.at_terminal = true, .in = "y\n"});
  EXPECT_EQ(asked.exit_code, 0) << asked.both();
  for (const std::string& part : {std::string("the files of a.example"), www("a.example").string(),
                                  std::string("made 20"), (root() / "old.tar.zst").string()}) {
    EXPECT_TRUE(contains(asked.err, part));
  }
  const Ran copied = run({"restore", planted.string(), "--in-place", "--files", "--site", "shop.example", "--yes"});
  EXPECT_EQ(copied.exit_code, 0) << copied.both();
  EXPECT_EQ(test::text_of_file(www("shop.example") / "htdocs/index.html"), "hello");
  EXPECT_EQ(run({"restore", "--undo", "shop.example", "--site", "shop.example"}).exit_code, 2);
}

TEST_F(RestoreCommand, InPlace_OfASiteThatIsGone_SaysHowToMakeIt) {
  const std::string name = archive_.stem().stem().string();
  sql("DELETE FROM sites");
  for (const std::string& what : {archive_.string(), "a.example/" + name, std::string("a.example")}) {
    const Ran ran = run({"restore", what, "--in-place", "--yes"});
    EXPECT_EQ(ran.exit_code, 10) << what << ran.both();
    EXPECT_TRUE(contains(ran.err, "wo site create a.example")) << what;
  }
  EXPECT_FALSE(contains(run({"restore", "a.example", "--target", target()}).err, "wo site create"));
}

TEST_F(RestoreCommand, Undo_OfNothingAsksNothing) {
  const Ran ran = run({"restore", "--undo", "a.example"});
  EXPECT_EQ(ran.exit_code, 10) << ran.both();
}

TEST_F(RestoreCommand, InPlace_ARefusedOneLeavesUndo) {
  write("www/a.example/htdocs/index.html", "changed since");
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--db", "--yes"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--include", "nope", "--yes"}).exit_code, 10);
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--include", "vhost.json", "--yes"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "--undo", "a.example", "--yes"}).exit_code, 0);
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "changed since");
}

TEST_F(RestoreCommand, InPlace_WaitsForAnotherRun) {
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes", "--wait", "soon"}).exit_code, 2);
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes", "--wait", "1m"}).exit_code, 0);
  EXPECT_EQ(run({"restore", "--undo", "a.example", "--yes", "--wait", "1m"}).exit_code, 0);
}

TEST_F(RestoreCommand, InPlace_OfAPart_IsToldByInfo) {
  const fs::path whole = backed_up("a.example");
  write("www/a.example/htdocs/index.html", "since");
  ASSERT_EQ(run({"restore", whole.string(), "--in-place", "--yes", "--include", "htdocs/index.html"}).exit_code, 0);
  const Ran finished = run({"--json", "restore", "--finish", "a.example"});
  const std::string part = finished.objects("summary").back()["archive"];
  EXPECT_EQ(info(part)["holds_only"], (Json{{"paths", {"htdocs/index.html"}}, {"tables", Json::array()}}));
  EXPECT_FALSE(info(whole.string()).contains("holds_only"));
  EXPECT_TRUE(contains(run({"info", part}).out, "htdocs/index.html (of the site as it was, nothing else)"));
  const Ran asked = run({"restore", part, "--in-place"}, {.at_terminal = true, .in = "n\n"});
  EXPECT_TRUE(contains(asked.err, "Replace 1 path of a.example, which is all that the backup holds"));
  const Ran refused = run({"restore", part, "--in-place", "--yes", "--include", "htdocs"});
  EXPECT_EQ(refused.exit_code, 2) << refused.both();
  EXPECT_TRUE(contains(refused.err, "--include htdocs/index.html"));
  const Ran back = run({"restore", part, "--in-place", "--yes"});
  EXPECT_EQ(back.exit_code, 0) << back.both();
  EXPECT_TRUE(contains(back.err, "the archive holds only a part of the site"));
}

TEST_F(RestoreCommand, InPlace_Finish_KeepsWhatWasDisplaced) {
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--files", "--yes"}).exit_code, 0);
  const Ran ran = run({"restore", "--finish", "a.example"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_EQ(run({"--json", "list", "a.example"}).objects("snapshot").at(0)["reason"], "pre-restore");
  // It may be a part only, and is what somebody wanted to get rid of: "latest" is another.
  EXPECT_EQ(info("a.example/latest")["archive_path"], archive_.string());
}

TEST_F(RestoreCommand, VerifyAll_GoesOnAndCounts) {
  add_site("b.example");
  const Ran none = run({"verify", "--all"});
  EXPECT_EQ(none.exit_code, 10);
  EXPECT_TRUE(contains(none.err, "b.example"));
  EXPECT_TRUE(contains(none.out, "1 of 2 verified"));
  static_cast<void>(backed_up("b.example"));
  EXPECT_EQ(run({"verify", "--all", "--sample", "10%"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--all", "a.example"}).exit_code, 2);
}

}  // namespace
}  // namespace wobackup
