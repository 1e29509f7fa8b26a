// Everything that reads backups, with backups that lie in stores elsewhere, and what a store may try.
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "cli/store_command_line.h"
#include "fakes/fault_proxy.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

constexpr std::size_t kLargeBytes = std::size_t{64} << 20U;

class StoreReading : public test::StoreCommandLine {
 protected:
  /// Makes one, copies it, and removes it here; its name.
  [[nodiscard]] std::string only_in(const std::string& store, const std::vector<std::string>& more = {}) const {
    const fs::path archive = backed_up("a.example", more);
    const Ran copied = run({"copy", archive.string(), "--to", store});
    EXPECT_EQ(copied.exit_code, 0) << copied.both();
    fs::remove(archive);
    return archive.filename().string().substr(0, std::string("2025-01-20_14-25-30").size());
  }
  /// The same, with a change of the site before it.
  [[nodiscard]] std::string next_in(const std::string& store, const std::string& index) const {
    write("www/a.example/htdocs/index.html", index);
    return only_in(store);
  }
  [[nodiscard]] static std::string key_of(const std::string& name) { return "web/a.example/" + name + ".tar.zst"; }
  [[nodiscard]] std::size_t requests() const { return s3_.state()["requests"].size(); }
  void add_large_file() const {
    std::string bytes(kLargeBytes, '\0');
    std::mt19937_64 random(1);
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      const std::uint64_t value = random();
      std::copy_n(reinterpret_cast<const char*>(&value), 8, bytes.begin() + static_cast<std::ptrdiff_t>(i));
    }
    write("www/a.example/htdocs/uploads/film.bin", bytes);
  }
  /// A server that has never made a backup.
  void forget_everything() const { ::setenv("WOBACKUP_STATE_DIR", (root() / "other state").c_str(), 1); }
};

TEST_F(StoreReading, Find_ShowsTheVersionsThatAStoreHas) {
  for (const char* store : {"bucket", "nas"}) {
    const std::string older = next_in(store, std::string("older in ") + store);
    const std::string newer = next_in(store, std::string("newer in ") + store);
    for (const std::vector<std::string>& which : {std::vector<std::string>{"a.example"}, {"--all"}}) {
      std::vector<std::string> words{"--json", "find", "index.html", "--from", store};
      words.insert(words.end(), which.begin(), which.end());
      const Ran found = run(words);
      ASSERT_EQ(found.exit_code, 0) << found.both();
      ASSERT_EQ(found.objects("found").size(), 1U) << found.both();
      const Json versions = found.objects("found")[0]["versions"];
      ASSERT_EQ(versions.size(), 2U);
      EXPECT_EQ(versions[0]["backups"], Json::array({newer}));
      EXPECT_EQ(versions[1]["backups"], Json::array({older}));
    }
  }
  EXPECT_EQ(run({"find", "x", "--from", "nas", "--path", "/tmp"}).exit_code, 2);
}

TEST_F(StoreReading, Diff_OfTwoInAStore_OfOneAndTheSite_AndOfOneHereAndOneThere) {
  const std::string older = next_in("nas", "older");
  const std::string newer = next_in("nas", "newer");
  const Ran both = run({"--json", "diff", "a.example/" + older, "a.example/" + newer, "--from", "nas"});
  ASSERT_EQ(both.exit_code, 0) << both.both();
  ASSERT_EQ(both.objects("change").size(), 1U) << both.both();
  EXPECT_EQ(both.objects("change")[0]["path"], "htdocs/index.html");
  EXPECT_EQ(run({"diff", "a.example", "live", "--from", "nas", "--exit-code", "--checksum"}).exit_code, 0);
  write("www/a.example/htdocs/index.html", "live now");
  EXPECT_EQ(run({"diff", "a.example", "live", "--from", "nas", "--exit-code"}).exit_code, 1);
  const fs::path here = backed_up("a.example");
  const std::string there = run({"--json", "list", "a.example", "--from", "nas"}).objects("snapshot").at(0)["archive"];
  EXPECT_TRUE(there.starts_with("sftp://")) << there;
  EXPECT_EQ(run({"diff", there, here.string(), "--exit-code"}).exit_code, 1);
}

TEST_F(StoreReading, InPlace_FromAStore_AndBackAgainWithoutIt) {
  const std::string name = next_in("bucket", "as it was");
  write("www/a.example/htdocs/index.html", "hacked");
  const Ran restored = run({"--json", "restore", "a.example/" + name, "--in-place", "--from", "bucket", "--yes"});
  ASSERT_EQ(restored.exit_code, 0) << restored.both();
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "as it was");
  s3_.reset();  // the store is gone
  const Ran undone = run({"restore", "--undo", "a.example", "--yes"});
  ASSERT_EQ(undone.exit_code, 0) << undone.both();
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "hacked");
  EXPECT_EQ(run({"restore", "--undo", "a.example", "--from", "bucket"}).exit_code, 2);
}

TEST_F(StoreReading, InPlace_ReadsTheArchiveOnce) {
  const std::string name = only_in("bucket");
  const std::uint64_t size = s3_.state()["objects"][key_of(name)]["size"];
  s3_.forget_requests();
  ASSERT_EQ(run({"restore", "a.example/" + name, "--in-place", "--from", "bucket", "--yes"}).exit_code, 0);
  EXPECT_LT(s3_.state()["sent_bytes"], 3 * size + 4096) << "some of it to look at, all of it to keep";
}

TEST_F(StoreReading, InPlace_ByItsAddress_AndEncrypted) {
  const fs::path key = root() / "key.txt";
  const std::string recipient = run({"--json", "key", "generate", key.string()}).objects("summary").at(0)["recipient"];
  static_cast<void>(only_in("nas", {"--recipient", recipient}));
  const std::string address = run({"--json", "list", "--from", "nas"}).objects("snapshot").at(0)["archive"];
  EXPECT_TRUE(address.ends_with(".tar.zst.age")) << address;
  write("www/a.example/htdocs/index.html", "hacked");
  EXPECT_EQ(run({"restore", address, "--in-place", "--yes"}).exit_code, 12);
  const Ran restored = run({"restore", address, "--in-place", "--yes", "--identity", key.string()});
  ASSERT_EQ(restored.exit_code, 0) << restored.both();
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "a.example");
  const std::vector<std::string> keyed{"--from", "nas", "--identity", key.string()};
  const auto with_key = [&](std::vector<std::string> words) {
    words.insert(words.end(), keyed.begin(), keyed.end());
    return run(words);
  };
  EXPECT_TRUE(contains(with_key({"find", "index.html", "a.example"}).out, "htdocs/index.html"));
  EXPECT_EQ(with_key({"diff", "a.example", "live", "--exit-code"}).exit_code, 0);
  EXPECT_EQ(with_key({"verify", "a.example", "--level", "drill"}).exit_code, 0);
}

TEST_F(StoreReading, InPlace_KilledWhileItStages_IsTakenBackWithoutTheStore) {
  add_large_file();
  const std::string name = next_in("bucket", "as it was");
  write("www/a.example/htdocs/index.html", "hacked");
  const fs::path journal = root() / "state/restores/a.example.json";
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(run({"restore", "a.example/" + name, "--in-place", "--from", "bucket", "--yes", "-q"}));
    ::_exit(0);
  }
  siginfo_t ended{};
  while (!fs::exists(journal) && ended.si_pid == 0) {
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT), 0);
  }
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  s3_.reset();  // the store is gone
  ASSERT_TRUE(fs::exists(journal));
  // Whatever it had come to.
  const bool interrupted = run({"restore", "--status"}).exit_code != 0;
  const Ran back = run({"restore", interrupted ? "--abort" : "--undo", "a.example", "--yes"});
  EXPECT_EQ(back.exit_code, 0) << back.both();
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "hacked");
  EXPECT_EQ(run({"restore", "--status"}).exit_code, 0);
}

TEST_F(StoreReading, NoRoomToFetchIt_IsSaidBefore) {
  const std::string name = only_in("bucket");
  ::setenv("WOBACKUP_MIN_FREE", "900000T", 1);
  const Ran restored = run({"restore", "a.example/" + name, "--in-place", "--from", "bucket", "--yes"});
  EXPECT_EQ(restored.exit_code, 23) << restored.both();
}

TEST_F(StoreReading, WhatWasVerifiedThere_IsRemembered_UntilItChanges) {
  const auto verified_in = [&](const std::string& store) {
    return run({"--json", "list", "a.example", "--from", store}).objects("snapshot").at(0)["verified"];
  };
  for (const char* store : {"bucket", "nas"}) {
    const std::string name = only_in(store);
    EXPECT_EQ(verified_in(store), "unverified");
    ASSERT_EQ(run({"verify", "a.example/" + name, "--from", store}).exit_code, 0);
    EXPECT_EQ(verified_in(store), "verified");
    const Json told = run({"--json", "info", "a.example/" + name, "--from", store}).objects("summary").at(0);
    EXPECT_EQ(told["verified"]["level"], "data");
    ASSERT_EQ(run({"verify", "--all", "--level", "drill", "--from", store}).exit_code, 0);
    EXPECT_EQ(verified_in(store), "proven");
    if (store == std::string("bucket")) {
      s3_.put(key_of(name), "something else of another size");
    } else {
      test::run_in(sftp_folder() / "a.example", {"truncate", "-s", "+1", name + ".tar.zst"});
    }
    EXPECT_EQ(verified_in(store), "unverified");
  }
}

TEST_F(StoreReading, VerifyAll_IsOfAllThatTheStoreHas_AlsoOfSitesThatAreGone) {
  EXPECT_EQ(run({"verify", "--all", "--from", "nas"}).exit_code, 10);
  static_cast<void>(only_in("nas"));
  sql("DELETE FROM sites");
  const Ran verified = run({"--json", "verify", "--all", "--from", "nas"});
  ASSERT_EQ(verified.exit_code, 0) << verified.both();
  EXPECT_EQ(verified.objects("verified").size(), 1U);
}

TEST_F(StoreReading, Latest_PassesOverWhatARestoreHasDisplaced) {
  const std::string wanted = next_in("bucket", "wanted");
  write("www/a.example/htdocs/index.html", "hacked");
  static_cast<void>(only_in("bucket", {"--reason", "pre-restore"}));
  EXPECT_EQ(run({"dump", "a.example", "htdocs/index.html", "--from", "bucket"}).out, "wanted");
  EXPECT_EQ(run({"dump", "s3://test-bucket/web/a.example/latest", "htdocs/index.html"}).out, "wanted");
  EXPECT_EQ(run({"dump", "s3://test-bucket/web/a.example/" + wanted, "htdocs/index.html"}).out, "wanted");
}

TEST_F(StoreReading, FewRequestsAndSmallRanges) {
  add_large_file();
  const std::string name = only_in("bucket");
  const std::uint64_t size = s3_.state()["objects"][key_of(name)]["size"];
  ASSERT_GT(size, kLargeBytes / 2);
  for (const std::string& what : {std::string("a.example"), std::string("a.example/latest"), "a.example/" + name}) {
    s3_.forget_requests();
    ASSERT_EQ(run({"info", what, "--from", "bucket"}).exit_code, 0);
    EXPECT_LE(requests(), 4U) << s3_.state()["requests"].dump();
  }
  s3_.forget_requests();
  EXPECT_EQ(run({"dump", "a.example/" + name, "htdocs/index.html", "--from", "bucket"}).out, "a.example");
  EXPECT_LT(s3_.state()["sent_bytes"], size / 100);
  EXPECT_LE(requests(), 6U) << s3_.state()["requests"].dump();
  s3_.forget_requests();
  ASSERT_EQ(run({"restore", "a.example/" + name, "--from", "bucket", "--target", (root() / "r").string(), "--include",
                 "htdocs/index.html"})
                .exit_code,
            0);
  EXPECT_LT(s3_.state()["sent_bytes"], size / 100);
  EXPECT_EQ(test::text_of_file(root() / "r/htdocs/index.html"), "a.example");
}

// Another implementation than the one that was written beside these tests.
TEST_F(StoreReading, OneConnectionServesAllArchives) {
  add_site("b.example");
  for (const char* site : {"a.example", "b.example"}) {
    for (int i = 0; i < 3; ++i) ASSERT_EQ(run({"create", site, "--to", "nas", "--to", "bucket"}).exit_code, 0);
  }
  test::FaultProxy to_nas(sshd_.port());
  write_stores({.nas_port = to_nas.port()});
  struct Command {
    std::vector<std::string> words;
    int connections;
    std::size_t requests;
  };
  for (const Command& command :
       {Command{{"find", "index.html", "--all"}, 1, 1 + 6}, Command{{"list", "a.example"}, 4, 1 + 3},  // side by side
        Command{{"verify", "--all"}, 1, 1 + 2 + 2}, Command{{"verify", "a.example", "b.example"}, 1, 2 + 2},
        Command{{"diff", "a.example", "b.example"}, 2, 2 + 3}}) {
    std::vector<std::string> words = command.words;
    words.insert(words.end(), {"--from", "nas"});
    const int before = to_nas.connections();
    const Ran ran = run(words);
    EXPECT_EQ(ran.exit_code, 0) << words[0] << ran.both();
    EXPECT_LE(to_nas.connections() - before, command.connections) << words[0];
    s3_.forget_requests();
    words.back() = "bucket";
    EXPECT_EQ(run(words).exit_code, 0) << words[0];
    EXPECT_LE(requests(), command.requests) << words[0] << s3_.state()["requests"].dump();
  }
}

TEST_F(StoreReading, S3rver_IsReadAsOthersAre) {
  const test::S3rver server;
  const S3Settings settings = server.settings();
  const S3Keys keys = settings.keys();
  ::setenv("AWS_ACCESS_KEY_ID", keys.access_key_id.c_str(), 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key.c_str(), 1);
  write_config("[store.npm]\nurl = \"s3://" + settings.bucket + "/web\"\nendpoint = \"" + settings.endpoint +
               "\"\naddressing = \"path\"\n");
  const std::string name = next_in("npm", "as it was");
  EXPECT_EQ(run({"info", "a.example", "--from", "npm"}).exit_code, 0);
  EXPECT_TRUE(contains(run({"find", "index.html", "a.example", "--from", "npm"}).out, "htdocs/index.html"));
  EXPECT_EQ(run({"diff", "a.example", "live", "--from", "npm", "--exit-code"}).exit_code, 0);
  EXPECT_EQ(run({"verify", "--all", "--level", "drill", "--from", "npm"}).exit_code, 0);
  const Json listed = run({"--json", "list", "a.example", "--from", "npm"}).objects("snapshot").at(0);
  EXPECT_EQ(listed["name"], name);
  EXPECT_EQ(listed["verified"], "proven") << "listings and answers have one ETag";
  write("www/a.example/htdocs/index.html", "hacked");
  EXPECT_EQ(run({"restore", "a.example", "--in-place", "--from", "npm", "--yes"}).exit_code, 0);
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/index.html"), "as it was");
  const Ran examined = run({"--json", "doctor", "npm"});
  EXPECT_EQ(examined.exit_code, 0) << examined.both();
  EXPECT_EQ(run({"list", "--from", "npm", "--names"}).out, name + "\n");
}

class HostileStore : public StoreReading {
 protected:
  /// All that reads refuses it; nothing comes out that could be taken for the backup.
  void expect_refused(const std::string& what, const std::string& why) const {
    const std::string target = (root() / "refused").string();
    for (const std::vector<std::string>& words : {std::vector<std::string>{"info", what, "--from", "bucket"},
                                                  {"ls", what, "--from", "bucket"},
                                                  {"dump", what, "htdocs/index.html", "--from", "bucket"},
                                                  {"diff", what, "live", "--from", "bucket"},
                                                  {"restore", what, "--target", target, "--from", "bucket"},
                                                  {"restore", what, "--in-place", "--yes", "--from", "bucket"},
                                                  {"verify", what, "--from", "bucket"},
                                                  {"verify", what, "--level", "drill", "--from", "bucket"}}) {
      const Ran ran = run(words);
      EXPECT_EQ(ran.exit_code, 21) << words[0] << "\n" << ran.both();
      if (words[0] != "verify") {
        EXPECT_TRUE(contains(ran.err, why)) << words[0];
      }
      if (words[0] == "dump") {
        EXPECT_EQ(ran.out, "");
      }
    }
    EXPECT_FALSE(fs::exists(target));
    const Ran found = run({"find", "index.html", "a.example", "--from", "bucket"});
    EXPECT_EQ(found.exit_code, 21) << found.both();
    const Ran listed = run({"--json", "list", "a.example", "--from", "bucket"});
    EXPECT_TRUE(contains(listed.out, why));
  }
  [[nodiscard]] static std::string bytes_of_archive(const fs::path& archive) { return test::text_of_file(archive); }
};

TEST_F(HostileStore, OlderBackupUnderANewerName_IsRefused) {
  const fs::path older = backed_up("a.example");
  const std::string bytes = bytes_of_archive(older);
  const std::string name = next_in("bucket", "newer");
  s3_.put(key_of(name), bytes);
  expect_refused("a.example/" + name, "somebody changed it");  // by what was recorded
  forget_everything();
  expect_refused("a.example/" + name, "somebody exchanged it");  // by its own word
}

TEST_F(HostileStore, OlderBackupUnderANewerName_IsRefusedInAFolderToo) {
  for (const bool named : {true, false}) {
    const std::string store = named ? "disk" : (root() / "other disk").string();
    if (!named) fs::create_directory(store);
    ASSERT_EQ(run({"create", "a.example", "--to", store}).exit_code, 0);
    const fs::path folder = fs::path(named ? disk() : fs::path(store)) / "a.example";
    const fs::path older = fs::directory_iterator(folder)->path();
    const fs::path newer = folder / "2031-01-01_00-00-00.tar.zst";
    fs::copy_file(older, newer);
    const std::string what = "a.example/2031-01-01_00-00-00";
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"info", what, "--from", store},
          {"ls", "a.example", "--from", store},
          {"dump", what, "htdocs/index.html", "--from", store},
          {"restore", what, "--target", (root() / "refused").string(), "--from", store},
          {"restore", what, "--in-place", "--yes", "--from", store},
          {"verify", what, "--from", store},
          {"verify", newer.string()},
          {"copy", what, "--from", store, "--to", "nas"}}) {
      const Ran ran = run(words);
      EXPECT_EQ(ran.exit_code, 21) << words[0] << "\n" << ran.both();
    }
    fs::remove(newer);
    EXPECT_EQ(run({"verify", "a.example", "--from", store}).exit_code, 0);
  }
}

TEST_F(HostileStore, NewestThatIsDamagedOrGone_IsNotPassedOverInSilence) {
  for (const std::string store : {"disk", "nas"}) {
    static_cast<void>(next_in(store, "older"));
    const std::string newer = next_in(store, "newer");
    const fs::path archive = (store == "disk" ? disk() : sftp_folder()) / "a.example" / (newer + ".tar.zst");
    fs::resize_file(archive, 1000);
    EXPECT_EQ(run({"info", "a.example", "--from", store}).exit_code, 21) << store;
    EXPECT_EQ(run({"verify", "a.example", "--from", store}).exit_code, 21) << store;
    fs::remove(archive);
    const Ran older = run({"info", "a.example", "--from", store});
    EXPECT_EQ(older.exit_code, 0) << older.both();
    EXPECT_TRUE(contains(older.err, newer + ".tar.zst: it is not there any more")) << older.both();
  }
  EXPECT_EQ(run({"list", "--from", ""}).exit_code, 2);
}

TEST_F(HostileStore, AnotherSitesBackup_IsRefused) {
  add_site("b.example");
  const std::string bytes = bytes_of_archive(backed_up("b.example"));
  const std::string name = only_in("bucket");
  s3_.put(key_of(name), bytes);
  expect_refused("a.example/" + name, "somebody changed it");
  forget_everything();
  expect_refused("a.example/" + name, "is a backup of b.example");
}

TEST_F(HostileStore, PlainTarInItsPlace_IsRefused) {
  const std::string name = only_in("bucket");
  const fs::path tree = root() / "forged" / name;
  fs::create_directories(tree / "htdocs");
  write("forged/" + name + "/vhost.json", R"({"sitename": "a.example", "backup_type": "full"})");
  write("forged/" + name + "/htdocs/index.html", "forged");
  test::run_in(root() / "forged", {"tar", "--zstd", "-cf", "forged.tar.zst", name});
  s3_.put(key_of(name), test::text_of_file(root() / "forged/forged.tar.zst"));
  expect_refused("a.example/" + name, "somebody changed it");
}

TEST_F(HostileStore, Salvage_TakesWhatIsThere) {
  const std::string bytes = bytes_of_archive(backed_up("a.example"));
  const std::string name = next_in("bucket", "newer");
  s3_.put(key_of(name), bytes);
  const Ran taken =
      run({"restore", "a.example/" + name, "--from", "bucket", "--salvage", "--target", (root() / "r").string()});
  EXPECT_EQ(taken.exit_code, 0) << taken.both();
  EXPECT_TRUE(contains(taken.err, "somebody changed it"));
}

TEST_F(HostileStore, ObjectThatIsReplacedWhileItIsRead_IsAnError) {
  add_large_file();
  const std::string name = only_in("bucket");
  s3_.fault({{"do", "refuse"},
             {"status", 412},
             {"code", "PreconditionFailed"},
             {"method", "GET"},
             {"path", name},
             {"skip", 2},
             {"times", 1000}});
  const Ran dumped = run({"dump", "a.example/" + name, "htdocs/uploads/film.bin", "--from", "bucket"});
  EXPECT_EQ(dumped.exit_code, 21) << dumped.err;
  EXPECT_TRUE(contains(dumped.err, "replaced"));
}

TEST_F(HostileStore, WrongBytes_AreFound) {
  const std::string name = only_in("bucket");
  for (const char* what : {"corrupt", "too_long"}) {
    s3_.fault({{"do", what}, {"method", "GET"}, {"path", name}, {"times", 1000}});
    const Ran dumped = run({"dump", "a.example/" + name, "htdocs/index.html", "--from", "bucket"});
    EXPECT_EQ(dumped.exit_code, 21) << what << "\n" << dumped.both();
    EXPECT_EQ(run({"verify", "a.example/" + name, "--from", "bucket"}).exit_code, 21) << what;
    s3_.set({{"faults", Json::array()}});
    EXPECT_EQ(run({"verify", "a.example/" + name, "--from", "bucket"}).exit_code, 0);
  }
}

TEST_F(HostileStore, ServerThatIsGone_CanBeInterrupted) {
  write_stores({.nas_port = 9});
  for (const std::vector<std::string>& words : {std::vector<std::string>{"list"},
                                                {"find", "x", "--all"},
                                                {"ls", "a.example"},
                                                {"diff", "a.example", "live"},
                                                {"info", "a.example"},
                                                {"dump", "a.example", "x"},
                                                {"verify", "--all"}}) {
    std::vector<std::string> from = words;
    from.insert(from.end(), {"--from", "nas"});
    const Ran ran = run(from, {.interrupted = true});
    EXPECT_EQ(ran.exit_code, 130) << words[0] << ran.both();
  }
}

TEST_F(HostileStore, Redirects_AreNotFollowed) {
  const std::string name = only_in("bucket");
  s3_.fault({{"do", "refuse"},
             {"status", 307},
             {"headers", {{"Location", "http://127.0.0.1:1/elsewhere"}}},
             {"method", "GET"},
             {"path", name},
             {"times", 1}});
  const Ran dumped = run({"dump", "a.example/" + name, "htdocs/index.html", "--from", "bucket"});
  EXPECT_EQ(dumped.exit_code, 1) << dumped.both();
  EXPECT_TRUE(contains(dumped.err, "elsewhere"));
}

}  // namespace
}  // namespace wobackup
