// create --to: straight to several stores at once.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "cli/store_command_line.h"
#include "crypto/sha256.h"
#include "fakes/fault_proxy.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;
using Words = std::vector<std::string>;

constexpr std::size_t kSeveralParts = std::size_t{36} << 20U;
// While a bucket's upload stands still, no other store can have it whole: the parts under way, and the queue, are full.
constexpr std::size_t kMoreThanIsUnderWay = std::size_t{96} << 20U;

class StraightToStores : public test::StoreCommandLine {
 protected:
  // Does not get smaller, so that it takes several parts.
  void add_noise(std::size_t bytes = kSeveralParts) const {
    std::mt19937_64 random(1);
    std::string noise(bytes, '\0');
    for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
      const std::uint64_t value = random();
      std::memcpy(&noise[i], &value, 8);
    }
    write("www/a.example/htdocs/noise", noise);
  }
  [[nodiscard]] Ran create(Words more) const {
    more.insert(more.begin(), {"--json", "create", "a.example"});
    return run(more);
  }
  [[nodiscard]] std::vector<std::string> all_files(const fs::path& folder) const {
    std::vector<std::string> names;
    if (!fs::exists(folder)) return names;
    for (const auto& item : fs::recursive_directory_iterator(folder)) {
      if (item.is_regular_file() && item.path().filename() != ".wobackup-store")
        names.push_back(item.path().filename().string());
    }
    return names;
  }
  [[nodiscard]] static std::string sum_of(const fs::path& file) { return hex(sha256(test::bytes_of_file(file))); }
  [[nodiscard]] std::string made_key(const std::string& name) const {
    return test::lines_of(run({"key", "generate", (root() / name).string()}).out).at(0);
  }
};

TEST_F(StraightToStores, FolderWithASlashBehindIt_IsTheStoreOfThatFolder) {
  write_stores({.disk = "recipients = [\"" + made_key("key.txt") + "\"]\n"});
  const Ran made = create({"--to", disk().string() + "/"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  EXPECT_EQ(made.objects("created").at(0)["encrypted"], true);
  EXPECT_EQ(create({"--to", "disk", "--to", disk().string() + "/."}).exit_code, 2);
}

TEST_F(StraightToStores, StoreThatCannotBeUsed_DoesNotSpoilTheOthers) {
  write_stores({.bucket = "region = \"not one\"\n"});
  const Ran made = create({"--to", "bucket", "--to", "disk", "--to", "local"});
  EXPECT_EQ(made.exit_code, 4) << made.both();
  EXPECT_EQ(names_in("disk").size(), 1U);
  for (const Json& error : made.objects("error")) {
    EXPECT_EQ(error["site"], "a.example");
    EXPECT_TRUE(contains(error.value("message", ""), "to bucket: "));
  }
  EXPECT_EQ(made.objects("summary").at(0)["sites_partly_stored"], 1);
  add_site("b.example");
  const Ran text = run({"create", "a.example", "b.example", "--to", "bucket", "--to", "disk"});
  EXPECT_TRUE(contains(text.out, "0 of 2 sites backed up, 2 more to some of the stores")) << text.both();
}

TEST_F(StraightToStores, FolderThatOthersMayWriteTo_IsTold) {
  fs::permissions(disk(), fs::perms::others_write, fs::perm_options::add);
  const Ran made = run({"create", "a.example", "--to", "disk"});
  EXPECT_EQ(made.exit_code, 0) << made.both();
  EXPECT_TRUE(contains(made.err, "anybody may write to")) << made.err;
  EXPECT_EQ(run({"doctor", "disk"}).exit_code, 1);
}

TEST_F(StraightToStores, AllHaveTheSameBytes_AlsoTheSitesOwnFolder) {
  add_noise();
  const Ran made = create({"--to", "bucket", "--to", "nas", "--to", "disk", "--to", "local"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  const std::vector<Json> stored = made.objects("stored");
  ASSERT_EQ(stored.size(), 4U);
  const Json created = made.objects("created").at(0);
  const fs::path local = created.value("archive", "");
  EXPECT_EQ(local.parent_path(), archives("a.example"));
  const std::string sum = sum_of(local), name = local.filename().string();
  EXPECT_EQ(created["sha256"], sum);
  for (const Json& each : stored) {
    EXPECT_EQ(each["ok"], true) << each;
    EXPECT_EQ(each["sha256"], sum) << each;
    EXPECT_EQ(each["size"], fs::file_size(local)) << each;
  }
  EXPECT_EQ(sum_of(disk() / "a.example" / name), sum);
  EXPECT_EQ(sum_of(sftp_folder() / "a.example" / name), sum);
  EXPECT_EQ(s3_.state()["objects"]["web/a.example/" + name]["sha256"], sum);
  EXPECT_EQ(s3_.state()["uploads"].size(), 0U);
  EXPECT_EQ(test::run_in(
                root(), {"tar", "--zstd", "-xOf", local.string(), local.stem().stem().string() + "/htdocs/index.html"}),
            "a.example");
  for (const char* store : {"bucket", "nas", "disk"}) {
    EXPECT_EQ(run({"verify", "a.example", "--from", store}).exit_code, 0) << store;
  }
}

TEST_F(StraightToStores, WithoutLocal_NothingIsLeftHere) {
  const Ran made = create({"--to", "bucket", "--verify", "data"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  EXPECT_TRUE(made.objects("created").at(0).value("archive", "").starts_with("s3://test-bucket/web/a.example/"));
  EXPECT_EQ(made.objects("verified").at(0)["ok"], true);
  EXPECT_FALSE(fs::exists(archives("a.example")));
  const Ran root_without_local = create({"--to", "bucket", "--path", (root() / "b").string()});
  EXPECT_EQ(root_without_local.exit_code, 2) << root_without_local.both();
  EXPECT_EQ(create({"--to", "bucket", "--to", "s3://test-bucket/web"}).exit_code, 2);
  const Ran served = create({"--to", (www("a.example") / "htdocs/backups").string()});
  EXPECT_EQ(served.exit_code, 2) << served.both();
}

TEST_F(StraightToStores, DefaultStoresOfTheConfig_UnlessSomethingIsSaid) {
  write_stores({.first = "stores = [\"disk\", \"local\"]\n", .disk = "[site.\"b.example\"]\nstores = [\"nas\"]\n"});
  add_site("b.example");
  EXPECT_EQ(create({}).objects("stored").size(), 2U);
  EXPECT_EQ(all_files(disk()), all_files(archives("a.example")));
  EXPECT_EQ(create({"--path", (root() / "elsewhere").string()}).objects("stored").size(), 0U);
  EXPECT_EQ(create({"--to", "nas"}).objects("stored").size(), 1U);
  EXPECT_EQ(run({"--json", "create", "b.example"}).objects("stored").at(0)["store"], "nas");
  write_stores({.first = "stores = [\"dsik\"]\n"});
  EXPECT_EQ(create({}).exit_code, 2);
}

TEST_F(StraightToStores, OneFailsInTheMiddle_TheOthersHaveIt_AndNothingIsLeft) {
  add_noise();
  s3_.fault({{"do", "refuse"},
             {"method", "PUT"},
             {"query", "partNumber"},
             {"skip", 2},
             {"status", 403},
             {"code", "AccessDenied"},
             {"times", 1000}});
  const Ran made = create({"--to", "bucket", "--to", "nas"});
  EXPECT_EQ(made.exit_code, 4) << made.both();
  const std::vector<Json> stored = made.objects("stored");
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0]["ok"], false);
  EXPECT_EQ(stored[0]["error_kind"], "failed");
  EXPECT_EQ(stored[1]["ok"], true);
  EXPECT_EQ(made.objects("summary").at(0)["exit_code"], 4);
  EXPECT_EQ(s3_.state()["uploads"].size(), 0U);
  EXPECT_EQ(s3_.state()["objects"].size(), 0U);
  EXPECT_EQ(names_in("nas").size(), 1U);
  EXPECT_EQ(run({"verify", "a.example", "--from", "nas"}).exit_code, 0);
  const Ran text = run({"create", "a.example", "--to", "bucket", "--to", "disk"});
  EXPECT_EQ(text.exit_code, 4);
  EXPECT_TRUE(contains(text.err, "to bucket: ")) << text.err;
}

TEST_F(StraightToStores, FailedParts_AreSentAgain) {
  add_noise();
  s3_.fault({{"do", "reset"}, {"method", "PUT"}, {"query", "partNumber"}, {"skip", 1}, {"times", 2}});
  const Ran made = create({"--to", "bucket"});
  EXPECT_EQ(made.exit_code, 0) << made.both();
  EXPECT_EQ(run({"verify", "a.example", "--from", "bucket"}).exit_code, 0);
}

TEST_F(StraightToStores, NoneHasIt_TheResultsAreToldAllTheSame) {
  add_noise();
  s3_.fault({{"do", "refuse"}, {"status", 403}, {"code", "AccessDenied"}, {"times", 1000}});
  fs::remove(disk());
  write("disk", "no folder");
  const Ran made = create({"--to", "bucket", "--to", "disk"});
  EXPECT_EQ(made.exit_code, 1) << made.both();
  ASSERT_EQ(made.objects("stored").size(), 2U) << made.both();
  for (const Json& each : made.objects("stored")) EXPECT_EQ(each["ok"], false);
  EXPECT_EQ(made.objects("created").size(), 0U);
  EXPECT_EQ(made.objects("summary").at(0)["exit_code"], 1);
  EXPECT_FALSE(fs::exists(archives("a.example")));
}

TEST_F(StraightToStores, OwnFolderThatCannotBeWrittenTo_DoesNotSpoilTheOthers) {
  write("www/a.example/backup", "no folder");
  const Ran made = create({"--to", "local", "--to", "disk"});
  EXPECT_EQ(made.exit_code, 4) << made.both();
  EXPECT_EQ(made.objects("stored").at(0)["ok"], false);
  EXPECT_EQ(names_in("disk").size(), 1U);
}

TEST_F(StraightToStores, DiskThatIsNotMounted_IsNotTakenForTheStore) {
  const fs::path archive = backed_up("a.example");
  fs::remove(disk());
  const auto refused_with = [&](const std::string& hint, int code) {
    const Ran made = create({"--to", "disk", "--to", "local"});
    EXPECT_EQ(made.exit_code, 4) << made.both();
    EXPECT_TRUE(contains(made.objects("stored").at(0).value("hint", ""), hint)) << made.both();
    const Ran copied = run({"copy", "a.example", "--to", disk().string()});
    EXPECT_EQ(copied.exit_code, code) << copied.both();
    EXPECT_TRUE(contains(copied.err, hint)) << copied.err;
    const Ran listed = run({"list", "a.example", "--from", "disk"});
    EXPECT_EQ(listed.exit_code, code) << listed.both();
    EXPECT_TRUE(contains(listed.err, "is its disk mounted?")) << listed.err;
    const Ran examined = run({"--json", "doctor", "disk"});
    EXPECT_EQ(examined.exit_code, 1) << examined.both();
    EXPECT_TRUE(contains(examined.out, "is its disk mounted?")) << examined.out;
  };
  refused_with("mkdir -m 700 " + disk().string(), 10);
  EXPECT_FALSE(fs::exists(disk()));
  fs::create_directory(disk());
  ASSERT_EQ(run({"copy", "a.example", "--to", "disk"}).exit_code, 0);
  // The disk is away: what is left is the folder that it was mounted on.
  fs::rename(disk(), root() / "mounted elsewhere");
  fs::create_directory(disk());
  refused_with("touch " + (disk() / ".wobackup-store").string(), 10);
  EXPECT_TRUE(fs::is_empty(disk()));
  fs::remove(disk());
  fs::rename(root() / "mounted elsewhere", disk());
  EXPECT_EQ(create({"--to", "disk"}).exit_code, 0);
  EXPECT_EQ(names_in("disk").size(), 2U);
}

TEST_F(StraightToStores, StalledStore_IsLeftBehind) {
  add_noise();
  test::FaultProxy proxy(sshd_.port());
  write_stores({.nas = "stall_timeout = \"1s\"\n", .nas_port = proxy.port()});
  proxy.stall(true);
  const Ran made = create({"--to", "nas", "--to", "disk"});
  EXPECT_EQ(made.exit_code, 4) << made.both();
  const std::vector<Json> stored = made.objects("stored");
  ASSERT_EQ(stored.size(), 2U);
  EXPECT_EQ(stored[0]["ok"], false);
  EXPECT_TRUE(contains(stored[0].value("error", ""), "it took nothing for 1 s")) << stored[0];
  EXPECT_EQ(stored[1]["ok"], true);
  EXPECT_EQ(run({"verify", "a.example", "--from", "disk"}).exit_code, 0);
}

TEST_F(StraightToStores, FailingDump_LeavesNothingAnywhere) {
  add_site("c.example", "wp");
  write("www/c.example/wp-config.php",
        "<?php define('DB_NAME', 'x'); define('DB_USER', 'x'); define('DB_PASSWORD', 'x'); "
        "define('DB_HOST', '127.0.0.1:1');\n");
  const Ran made = run({"--json", "create", "c.example", "--to", "bucket", "--to", "disk", "--to", "local"});
  EXPECT_EQ(made.exit_code, 20) << made.both();
  EXPECT_TRUE(all_files(disk()).empty());
  EXPECT_TRUE(all_files(archives("c.example")).empty());
  EXPECT_EQ(s3_.state()["uploads"].size() + s3_.state()["objects"].size(), 0U);
}

TEST_F(StraightToStores, Interrupted_LeavesNothingAnywhere) {
  add_noise();
  const Ran made =
      run({"create", "a.example", "--to", "bucket", "--to", "nas", "--to", "local"}, {.interrupted = true});
  EXPECT_EQ(made.exit_code, 130) << made.both();
  EXPECT_EQ(s3_.state()["uploads"].size() + s3_.state()["objects"].size(), 0U);
  EXPECT_TRUE(all_files(sftp_folder()).empty());
  EXPECT_TRUE(all_files(archives("a.example")).empty());
}

TEST_F(StraightToStores, KilledInAnUpload_TheNextRunTakesAwayItsOwn) {
  add_noise(kMoreThanIsUnderWay);
  // Other machines'.
  s3_.begin_upload("web/a.example/2025-01-01_00-00-00.tar.zst", std::chrono::hours(24 * 30));
  const std::string others = ".2025-01-01_00-00-00.tar.zst.0123456789abcdef-0123456789abcdef.partial";
  fs::create_directories(sftp_folder() / "a.example");
  std::ofstream(sftp_folder() / "a.example" / others) << "x";
  fs::last_write_time(sftp_folder() / "a.example" / others, fs::file_time_type::clock::now() - std::chrono::hours(720));
  s3_.fault(
      {{"do", "stall"}, {"method", "PUT"}, {"query", "partNumber"}, {"skip", 2}, {"seconds", 600}, {"times", 1000}});
  const pid_t child = ::fork();
  if (child == 0) {
    static_cast<void>(create({"--to", "bucket", "--to", "nas", "--to", "disk", "--to", "local"}));
    ::_exit(0);
  }
  const auto begun = [&] {
    const Json uploads = s3_.state()["uploads"];
    return uploads.size() == 2 && !uploads[1]["parts"].empty() && all_files(sftp_folder()).size() == 2 &&
           !all_files(disk()).empty() && !all_files(archives("a.example")).empty();
  };
  while (!begun()) ::usleep(10'000);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(names_in("nas").size() + names_in("disk").size(), 0U);
  s3_.set({{"faults", Json::array()}});
  const Ran made = create({"--to", "bucket", "--to", "nas", "--to", "disk", "--to", "local"});
  EXPECT_EQ(made.exit_code, 0) << made.both();
  ASSERT_EQ(s3_.state()["uploads"].size(), 1U);
  EXPECT_EQ(s3_.state()["uploads"][0]["key"], "web/a.example/2025-01-01_00-00-00.tar.zst");
  EXPECT_EQ(s3_.state()["objects"].size(), 1U);
  EXPECT_EQ(all_files(sftp_folder()).size(), 2U);
  EXPECT_TRUE(fs::exists(sftp_folder() / "a.example" / others));
  EXPECT_EQ(all_files(disk()).size(), 1U);
  EXPECT_EQ(all_files(archives("a.example")).size(), 1U);
}

TEST_F(StraightToStores, UnreadablePath_IsNeverUnderACompleteName) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make somebody else's link";
  const fs::path htdocs = www("a.example") / "htdocs";
  fs::rename(htdocs, root() / "elsewhere");
  fs::create_directory_symlink(root() / "elsewhere", htdocs);
  ASSERT_EQ(::lchown(htdocs.c_str(), 65534, 65534), 0);
  const Ran made = create({"--to", "bucket", "--to", "disk", "--to", "local"});
  EXPECT_EQ(made.exit_code, 3) << made.both();
  EXPECT_EQ(made.objects("stored").size(), 3U);
  for (const char* store : {"bucket", "disk"}) {
    const std::vector<std::string> names = names_in(store);
    ASSERT_EQ(names.size(), 1U);
    EXPECT_TRUE(names[0].ends_with("_incomplete")) << names[0];
    EXPECT_EQ(run({"info", "a.example", "--from", store}).exit_code, 10);  // never the latest
  }
  EXPECT_TRUE(all_files(archives("a.example")).at(0).ends_with("_incomplete.tar.zst"));
  EXPECT_EQ(s3_.state()["uploads"].size(), 0U);
}

TEST_F(StraightToStores, EachSetOfRecipients_HasItsOwnStreamOfTheSameBytes) {
  add_noise();
  const std::string one = made_key("one.txt"), two = made_key("two.txt");
  write_stores({.bucket = "recipients = [\"" + one + "\"]\n",
                .nas = "recipients = [\"" + one + "\"]\n",
                .disk = "recipients = [\"" + two + "\"]\n"});
  const Ran made = create({"--to", "bucket", "--to", "nas", "--to", "disk", "--to", "local"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  const std::vector<Json> stored = made.objects("stored");
  EXPECT_EQ(stored[0]["sha256"], stored[1]["sha256"]);
  EXPECT_NE(stored[0]["sha256"], stored[2]["sha256"]);
  EXPECT_EQ(stored[3]["encrypted"], false);
  const fs::path local = made.objects("created").at(0).value("archive", "");
  const std::string name = local.filename().string() + ".age";
  const std::string plain = test::text_of_file(local);
  const auto opened = [&](const fs::path& file, const char* key) {
    return test::run_in(root(), {"age", "-d", "-i", (root() / key).string(), file.string()});
  };
  EXPECT_TRUE(opened(sftp_folder() / "a.example" / name, "one.txt") == plain);
  EXPECT_TRUE(opened(disk() / "a.example" / name, "two.txt") == plain);
  EXPECT_THROW(opened(disk() / "a.example" / name, "one.txt"), std::runtime_error);
  EXPECT_EQ(run({"verify", "a.example", "--from", "bucket", "--identity", (root() / "one.txt").string()}).exit_code, 0);
  // What is said counts for all.
  const Ran said = create({"--to", "bucket", "--to", "disk", "--plain"});
  for (const Json& each : said.objects("stored")) EXPECT_EQ(each["encrypted"], false);
}

TEST_F(StraightToStores, Keep_RemovesTheOldestOfTheSameKind) {
  write_stores({.disk = "keep = 2\n"});
  std::vector<std::string> names;
  const auto made = [&](Words more) {
    more.insert(more.end(), {"--to", "disk"});
    const Ran ran = create(more);
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    const fs::path archive = ran.objects("created").at(0).value("archive", "");
    names.push_back(archive.filename().string());
    return ran.objects("stored").at(0)["removed"].size();
  };
  EXPECT_EQ(made({}), 0U);                             // 0
  EXPECT_EQ(made({"--reason", "pre-migration"}), 0U);  // 1
  EXPECT_EQ(made({"--files"}), 0U);                    // 2
  EXPECT_EQ(made({"--reason", "pre-migration"}), 0U);  // 3
  EXPECT_EQ(made({"--reason", "pre-migration"}), 0U);  // 4: somebody wants to get back to them
  const fs::path foreign = disk() / "a.example/2020-01-01_00-00-00.tar.zst";
  fs::copy_file(disk() / "a.example" / names[0], foreign);
  EXPECT_EQ(made({}), 0U);  // 5
  EXPECT_EQ(made({}), 1U);  // 6
  EXPECT_FALSE(fs::exists(disk() / "a.example" / names[0]));
  for (std::size_t i = 1; i < names.size(); ++i) EXPECT_TRUE(fs::exists(disk() / "a.example" / names[i])) << i;
  EXPECT_TRUE(fs::exists(foreign));
}

TEST_F(StraightToStores, Keep_InAVersionedBucket_OnlyHides) {
  write_stores({.bucket = "keep = 1\n"});
  s3_.set({{"versioning", true}});
  ASSERT_EQ(create({"--to", "bucket"}).exit_code, 0);
  const std::string first = names_in("bucket").at(0);
  const Ran second = create({"--to", "bucket"});
  EXPECT_EQ(second.objects("stored").at(0)["removed"].size(), 1U) << second.both();
  EXPECT_EQ(names_in("bucket").size(), 1U);
  EXPECT_NE(names_in("bucket").at(0), first);
  const Json versions = s3_.state()["versions"]["web/a.example/" + first + ".tar.zst"];
  ASSERT_EQ(versions.size(), 2U) << versions;
  EXPECT_EQ(versions[0][1], true);  // the backup
  EXPECT_EQ(versions[1][1], false);
  // Keys that may not remove: a warning, and no failure.
  s3_.fault({{"do", "refuse"}, {"method", "DELETE"}, {"status", 403}, {"code", "AccessDenied"}, {"times", 1000}});
  const Ran third = create({"--to", "bucket"});
  EXPECT_EQ(third.exit_code, 0) << third.both();
  EXPECT_EQ(names_in("bucket").size(), 2U);
}

TEST_F(StraightToStores, SitesTellOfBackupsThatAreInStoresOnly) {
  add_site("b.example");
  const auto site_of = [&](const std::string& name) {
    for (const Json& site : run({"--json", "sites"}).objects("site")) {
      if (site["name"] == name) return site;
    }
    return Json();
  };
  for (const char* store : {"bucket", "nas", "disk"}) {
    const Ran made = create({"--to", store});
    ASSERT_EQ(made.exit_code, 0) << made.both();
    const Json site = site_of("a.example");
    EXPECT_EQ(site["last_backup"], nullptr);
    EXPECT_EQ(site["last_stored_archive"], made.objects("stored").at(0)["archive"]) << store;
  }
  EXPECT_EQ(site_of("b.example")["last_stored"], nullptr);
  const Ran shown = run({"sites"});
  EXPECT_TRUE(contains(shown.out, "in a store")) << shown.out;
  EXPECT_TRUE(contains(shown.out, "never")) << shown.out;
  static_cast<void>(backed_up("a.example"));
  EXPECT_FALSE(contains(run({"sites"}).out, "in a store"));
}

TEST_F(StraightToStores, Copy_ChangesTheEncryptionOnlyWhenAsked) {
  const std::string one = made_key("one.txt"), two = made_key("two.txt");
  write_stores({.disk = "recipients = [\"" + two + "\"]\n"});
  const fs::path plain = backed_up("a.example");
  const std::string identity = (root() / "one.txt").string();
  const Ran refused = run({"copy", "a.example", "--to", "disk"});
  EXPECT_EQ(refused.exit_code, 2) << refused.both();
  EXPECT_TRUE(contains(refused.err, "--encrypt"));
  ASSERT_EQ(run({"copy", "a.example", "--to", "disk", "--encrypt"}).exit_code, 0);
  ASSERT_EQ(run({"copy", "a.example", "--to", "nas", "--encrypt-to", one}).exit_code, 0);
  const fs::path there = sftp_folder() / "a.example" / (plain.filename().string() + ".age");
  EXPECT_EQ(test::run_in(root(), {"age", "-d", "-i", identity, there.string()}), test::text_of_file(plain));
  // Again: it is there, although its bytes would be others.
  EXPECT_EQ(
      run({"--json", "copy", "a.example", "--to", "nas", "--encrypt-to", one}).objects("stored").at(0)["was_there"],
      true);
  // An encrypted one is copied as it is, without a key, also to a store with other recipients.
  const fs::path third = root() / "third", fourth = root() / "fourth";
  fs::create_directory(third);
  fs::create_directory(fourth);
  ASSERT_EQ(run({"copy", "a.example", "--from", "nas", "--to", third.string()}).exit_code, 0);
  EXPECT_EQ(sum_of(third / "a.example" / there.filename()), sum_of(there));
  const Ran locked = run({"copy", "a.example", "--from", "nas", "--to", fourth.string(), "--decrypt"});
  EXPECT_EQ(locked.exit_code, 12) << locked.both();
  ASSERT_EQ(run({"copy", "a.example", "--from", "nas", "--to", fourth.string(), "--decrypt", "--identity", identity})
                .exit_code,
            0);
  EXPECT_EQ(sum_of(fourth / "a.example" / plain.filename()), sum_of(plain));
  EXPECT_EQ(run({"copy", "a.example", "--to", "nas", "--decrypt", "--encrypt"}).exit_code, 2);
}

}  // namespace
}  // namespace wobackup
