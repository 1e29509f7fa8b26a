// doctor: what it finds of stores and of this machine, and that it leaves nothing behind.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "cli/store_command_line.h"
#include "cli/table.h"
#include "fakes/plain_tools.h"
#include "fakes/private_mounts.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

constexpr unsigned kAlways = 1000;

class Doctor : public test::StoreCommandLine {
 protected:
  /// By what was looked at; the worst of several.
  using Findings = std::map<std::string, Json>;
  [[nodiscard]] static Findings findings(const Ran& ran) {
    Findings all;
    for (const Json& check : ran.objects("check")) all[check.value("what", "")] = check;
    return all;
  }
  [[nodiscard]] Findings examine(const std::string& store, int exit = 0) const {
    const Ran ran = run({"--json", "doctor", store});
    EXPECT_EQ(ran.exit_code, exit) << ran.both();
    return findings(ran);
  }
  void refuse(const std::string& method, const Json& more) const {
    Json fault{{"do", "refuse"}, {"status", 403}, {"code", "AccessDenied"}, {"method", method}, {"times", kAlways}};
    fault.update(more);
    s3_.fault(fault);
  }
  void answer(const char* query, const std::string& text) const {
    s3_.fault({{"do", "say"}, {"method", "GET"}, {"query", query}, {"text", text}, {"times", kAlways}});
  }
  [[nodiscard]] std::size_t canaries() const {
    std::size_t count = 0;
    const Json state = s3_.state();
    for (const auto& [key, object] : state["objects"].items()) {
      if (key.find("wobackup-doctor") != std::string::npos) ++count;
    }
    return count;
  }
  static constexpr const char* kVersioned =
      "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
};

TEST_F(Doctor, Bucket_IsTried_AndNothingStays) {
  ASSERT_EQ(run({"create", "a.example", "--to", "bucket"}).exit_code, 0);
  const Json before = s3_.state()["objects"];
  Findings found = examine("bucket");
  for (const char* what : {"reach", "write", "read", "list", "clock"}) {
    EXPECT_EQ(found[what]["health"], "ok") << what << found[what].dump();
  }
  EXPECT_TRUE(contains(found["overwrite"]["finding"], "can replace"));
  EXPECT_TRUE(contains(found["delete"]["finding"], "can remove"));
  EXPECT_EQ(found["safety"]["health"], "warning");
  EXPECT_TRUE(contains(found["safety"]["hint"], "versioning"));
  EXPECT_EQ(s3_.state()["objects"], before);
}

TEST_F(Doctor, NoVersions_AreWarnedOf) {
  answer("versioning", "<VersioningConfiguration/>");
  Findings found = examine("bucket");
  EXPECT_EQ(found["versioning"]["health"], "warning");
  EXPECT_TRUE(contains(found["versioning"]["hint"], "turn versioning on"));
}

TEST_F(Doctor, VersionsThatTheseKeysCannotRemove_AreSafe) {
  answer("versioning", kVersioned);
  // Whatever the canary is called.
  Findings found = examine("bucket");
  EXPECT_EQ(found["versioning"]["health"], "ok");
  EXPECT_EQ(found["safety"]["health"], "note") << "versions could not be listed";
  answer("object-lock",
         "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>"
         "<Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule></ObjectLockConfiguration>");
  found = examine("bucket");
  EXPECT_EQ(found["safety"]["health"], "ok");
  EXPECT_TRUE(contains(found["safety"]["finding"], "COMPLIANCE, 30 days"));
}

TEST_F(Doctor, VersionedBucket_NothingStays_AndWhatKeysMayIsTold) {
  s3_.set({{"versioning", true}});
  Findings found = examine("bucket");
  EXPECT_EQ(found["versioning"]["health"], "ok");
  EXPECT_EQ(found["safety"]["health"], "warning");
  EXPECT_TRUE(contains(found["safety"]["finding"], "versions too"));
  EXPECT_TRUE(s3_.state()["versions"].empty()) << s3_.state()["versions"];
  refuse("DELETE", {{"query", "versionId"}});
  found = examine("bucket");
  EXPECT_EQ(found["safety"]["health"], "ok");
  EXPECT_TRUE(contains(found["safety"]["finding"], "hide"));
  EXPECT_EQ(canaries(), 0U) << "hidden";
  EXPECT_EQ(s3_.state()["versions"].size(), 1U);
}

TEST_F(Doctor, KeysThatCannotRemoveNorReplace_AreGood_AndWhatStaysIsRemovedByThoseThatCan) {
  refuse("DELETE", {{"path", "wobackup-doctor"}});
  refuse("PUT", {{"path", "wobackup-doctor"}, {"skip", 1}});
  Findings found = examine("bucket");
  EXPECT_EQ(found["overwrite"]["health"], "ok") << found["overwrite"].dump();
  EXPECT_EQ(found["delete"]["health"], "ok");
  EXPECT_EQ(found["safety"]["health"], "ok");
  EXPECT_TRUE(contains(found["canary"]["finding"], "stays"));
  EXPECT_EQ(canaries(), 1U);
}

TEST_F(Doctor, WhatAKilledRunLeft_IsRemovedByTheNext) {
  refuse("DELETE", {{"path", "wobackup-doctor"}, {"times", 1}});  // as if it had ended there
  static_cast<void>(examine("bucket"));
  ASSERT_EQ(canaries(), 1U);
  static_cast<void>(examine("bucket"));
  EXPECT_EQ(canaries(), 0U);
}

TEST_F(Doctor, KeysThatCannotRemove_LeaveOneObject_HoweverOften) {
  refuse("DELETE", {{"path", "wobackup-doctor"}});
  for (int i = 0; i < 3; ++i) {
    Findings found = examine("bucket");
    EXPECT_EQ(found["write"]["health"], "ok");
    EXPECT_EQ(found["safety"]["health"], "warning") << "they can replace";
  }
  EXPECT_EQ(canaries(), 1U);
}

TEST_F(Doctor, KeysThatCannotListOrRead_AreTold) {
  refuse("GET", {{"query", "list-type"}});
  Findings found = examine("bucket");
  EXPECT_EQ(found["write"]["health"], "ok");
  EXPECT_TRUE(contains(found["list"]["finding"], "cannot list"));
  refuse("GET", {{"path", "wobackup-doctor"}});
  found = examine("bucket");
  EXPECT_TRUE(contains(found["read"]["finding"], "cannot read"));
  EXPECT_EQ(canaries(), 0U);
}

TEST_F(Doctor, WrongSecret_IsToldOnce) {
  ::setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
  Findings found = examine("bucket", 1);
  EXPECT_EQ(found["reach"]["health"], "bad");
  EXPECT_TRUE(contains(found["reach"]["hint"], "secret key is wrong"));
  EXPECT_EQ(found.size(), 1U) << "all else would be the same";
  const Ran made = run({"create", "a.example", "--to", "bucket"});
  EXPECT_EQ(made.exit_code, 1);
  const std::size_t first = made.err.find("error: ");
  EXPECT_EQ(made.err.find("error: ", first + 1), std::string::npos) << made.err;
}

TEST_F(Doctor, KeysThatCannotWrite_AreBad) {
  refuse("PUT", {{"path", "wobackup-doctor"}});
  Findings found = examine("bucket", 1);
  EXPECT_EQ(found["write"]["health"], "bad");
  EXPECT_FALSE(found.contains("safety"));
}

TEST_F(Doctor, OldUnfinishedUploads_AreTold_AndLetAlone) {
  s3_.begin_upload("web/a.example/x", std::chrono::hours(24));
  EXPECT_FALSE(examine("bucket").contains("unfinished"));
  s3_.begin_upload("web/a.example/x", std::chrono::hours(24 * 8));
  s3_.begin_upload("elsewhere/x", std::chrono::hours(24 * 8));
  Findings found = examine("bucket");
  EXPECT_EQ(found["unfinished"]["health"], "note");
  EXPECT_TRUE(contains(found["unfinished"]["finding"], "take space: 1")) << found["unfinished"];
  EXPECT_EQ(s3_.state()["uploads"].size(), 3U);
}

TEST_F(Doctor, Clocks_AreCompared) {
  s3_.set({{"skew", 300}});
  EXPECT_EQ(examine("bucket")["clock"]["health"], "warning");
  s3_.set({{"skew", 5000}});
  EXPECT_TRUE(contains(examine("bucket", 1)["reach"]["finding"], "clock"));
}

TEST_F(Doctor, SftpServer_IsTried_AndNothingStays) {
  ASSERT_EQ(run({"create", "a.example", "--to", "nas"}).exit_code, 0);
  Findings found = examine("nas");
  for (const char* what : {"reach", "write", "read", "list", "clock", "space"}) {
    EXPECT_EQ(found[what]["health"], "ok") << what << found[what].dump();
  }
  EXPECT_EQ(found["safety"]["health"], "warning");
  for (const fs::directory_entry& entry : fs::directory_iterator(sftp_folder())) {
    EXPECT_EQ(entry.path().filename(), "a.example");
  }
  EXPECT_EQ(names_in("nas").size(), 1U);
}

TEST_F(Doctor, FolderThatIsNotThere_IsNotMade) {
  fs::remove(disk());
  Findings found = examine("disk", 1);
  EXPECT_EQ(found["reach"]["health"], "bad");
  EXPECT_FALSE(fs::exists(disk()));
  fs::create_directory(disk());
  found = examine("disk");
  EXPECT_EQ(found["write"]["health"], "ok");
  EXPECT_TRUE(fs::is_empty(disk()));
}

TEST_F(Doctor, UnknownStore_IsSaidBeforeAnythingIsDone) {
  EXPECT_EQ(run({"doctor", "bucket", "nowhere"}).exit_code, 10);
  EXPECT_EQ(s3_.state()["requests"].size(), 0U);
}

TEST_F(Doctor, Machine_IsLookedAt) {
  const Ran never = run({"--json", "doctor"});
  EXPECT_EQ(never.exit_code, 0) << never.both();
  EXPECT_TRUE(contains(never.out, "no complete backup: a.example"));
  static_cast<void>(backed_up("a.example"));
  const Ran ran = run({"--json", "doctor"});
  Findings found;
  for (const Json& check : ran.objects("check")) {
    if (check["store"].is_null()) found[check.value("what", "")] = check;
  }
  for (const char* what : {"settings", "state", "sites", "backups", "pending", "space"}) {
    EXPECT_EQ(found[what]["health"], "ok") << what << found[what].dump();
  }
  ::chmod(config_file().c_str(), 0620);
  const Ran unsafe = run({"--json", "doctor"});
  EXPECT_EQ(unsafe.exit_code, 1) << unsafe.both();
  EXPECT_TRUE(contains(unsafe.out, "others than root may change"));
}

TEST_F(Doctor, BootUnit_IsLookedForWhereSystemdRuns) {
  test::PrivateMounts mounts;
  if (!mounts.allowed() || !mounts.tmpfs("/run/systemd") || !mounts.tmpfs("/etc/systemd/system")) {
    GTEST_SKIP() << "mounts are not permitted here";
  }
  const auto boot = [&] {
    Findings found;
    for (const Json& check : run({"--json", "doctor"}).objects("check")) found[check.value("what", "")] = check;
    return found["boot"];
  };
  EXPECT_TRUE(boot().is_null()) << "no systemd, no unit";
  fs::create_directories("/run/systemd/system");
  EXPECT_EQ(boot()["health"], "warning");
  EXPECT_TRUE(contains(boot()["hint"], "systemctl enable wobackup-pending.service"));
  fs::create_directories("/etc/systemd/system/multi-user.target.wants");
  std::ofstream("/etc/systemd/system/multi-user.target.wants/wobackup-pending.service") << "";
  EXPECT_EQ(boot()["health"], "ok");
}

TEST_F(Doctor, Text_FitsEightyColumns) {
  const Ran ran = run({"doctor"}, test::kTerminal);
  for (const char* part : {"bucket (s3://test-bucket/web)", "This machine", "  ok        write     ", "-> "}) {
    EXPECT_TRUE(contains(ran.out, part));
  }
  for (const std::string& line : test::lines_of(ran.out)) {
    // A path or URL stays whole.
    const std::size_t longest = line.find_first_not_of(' ');
    const bool one_word = longest == std::string::npos || line.find(' ', longest) == std::string::npos;
    if (!one_word && line.find('/') == std::string::npos) {
      EXPECT_LE(cli::display_width(line), 80U) << line;
    }
  }
}

}  // namespace
}  // namespace wobackup
