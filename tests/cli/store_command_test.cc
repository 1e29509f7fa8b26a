// copy, and reading from stores.
#include <filesystem>
#include <fstream>

#include "cli/store_command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class StoreCommand : public test::StoreCommandLine {};

TEST_F(StoreCommand, CreateTo_AllKindsOfStores_AndBack) {
  const Ran made = run({"--json", "create", "a.example", "--to", "bucket", "--to", "nas", "--to", "disk"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  const std::string name = fs::path(made.objects("created").at(0).value("archive", "")).stem().stem();
  ASSERT_EQ(made.objects("stored").size(), 3U);
  for (const char* store : {"bucket", "nas", "disk"}) {
    EXPECT_EQ(names_in(store), std::vector<std::string>{name}) << store;
    const Ran listed = run({"--json", "list", "--from", store});
    ASSERT_EQ(listed.objects("snapshot").size(), 1U) << listed.both();
    EXPECT_EQ(listed.objects("snapshot")[0]["reason"], "manual");

    const Ran told = run({"--json", "info", "a.example", "--from", store});
    ASSERT_EQ(told.exit_code, 0) << told.both();
    EXPECT_EQ(told.objects("summary").at(0)["sitename"], "a.example");

    const Ran verified = run({"--json", "verify", "a.example", "--from", store});
    EXPECT_EQ(verified.exit_code, 0) << verified.both();
    EXPECT_TRUE(verified.objects("verified").at(0).value("sum_compared", false));

    const fs::path target = root() / "restored" / store;
    const Ran restored = run({"restore", "a.example/" + name, "--from", store, "--target", target.string()});
    EXPECT_EQ(restored.exit_code, 0) << restored.both();
    EXPECT_FALSE(contains(restored.err, "not recorded")) << restored.err;
    EXPECT_EQ(test::text_of_file(target / "htdocs/index.html"), "a.example");

    EXPECT_EQ(run({"dump", "a.example", "htdocs/index.html", "--from", store}).out, "a.example");
    EXPECT_TRUE(contains(run({"ls", "a.example", "htdocs", "--from", store}).out, "index.html"));
  }
}

TEST_F(StoreCommand, EncryptedBackups_AreReadInStoresAsTheyAreHere) {
  const fs::path key = root() / "key.txt";
  const std::string recipient = run({"--json", "key", "generate", key.string()}).objects("summary").at(0)["recipient"];
  const Ran made = run({"--json", "create", "a.example", "--recipient", recipient, "--to", "bucket", "--to", "nas"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  for (const char* store : {"bucket", "nas"}) {
    const Ran listed = run({"--json", "list", "--from", store});
    ASSERT_EQ(listed.objects("snapshot").size(), 1U) << listed.both();
    EXPECT_EQ(listed.objects("snapshot")[0]["encrypted"], true);
    EXPECT_EQ(listed.objects("snapshot")[0]["reason"], "manual");  // remembered: nobody was asked for a key
    EXPECT_EQ(run({"verify", "a.example", "--from", store, "--level", "quick"}).exit_code, 0);
    EXPECT_EQ(run({"info", "a.example", "--from", store}).exit_code, 12);

    const std::vector<std::string> with{"--from", store, "--identity", key.string()};
    const auto keyed = [&](std::vector<std::string> words) {
      words.insert(words.end(), with.begin(), with.end());
      return run(words);
    };
    EXPECT_EQ(keyed({"--json", "info", "a.example"}).objects("summary").at(0)["sitename"], "a.example");
    EXPECT_EQ(keyed({"verify", "a.example"}).exit_code, 0);
    EXPECT_EQ(keyed({"dump", "a.example", "htdocs/index.html"}).out, "a.example");
    EXPECT_TRUE(contains(keyed({"ls", "a.example", "htdocs"}).out, "index.html"));
    const fs::path target = root() / "restored" / store;
    EXPECT_EQ(keyed({"restore", "a.example", "--target", target.string()}).exit_code, 0);
    EXPECT_EQ(test::text_of_file(target / "htdocs/index.html"), "a.example");
  }
}

TEST_F(StoreCommand, AddressesOfArchives_AreTakenAsPathsAre) {
  const Ran made = run({"--json", "create", "a.example", "--to", "bucket"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  const std::string address = made.objects("stored").at(0).value("archive", "");
  EXPECT_TRUE(address.starts_with("s3://test-bucket/web/a.example/")) << address;
  EXPECT_EQ(info(address)["archive_path"], address);
  EXPECT_EQ(run({"verify", address}).exit_code, 0);
  EXPECT_EQ(run({"verify", address, "--level", "drill"}).exit_code, 0);
}

TEST_F(StoreCommand, CopyFailsForOneStore_AndIsMadeUpForLater) {
  static_cast<void>(backed_up("a.example"));
  s3_.fault({{"do", "refuse"}, {"status", 403}, {"code", "AccessDenied"}, {"times", 1000}});
  const Ran failed = run({"--json", "copy", "a.example", "--to", "bucket", "--to", "nas"});
  EXPECT_EQ(failed.exit_code, 4) << failed.both();
  EXPECT_EQ(run({"copy", "a.example", "--to", "bucket"}).exit_code, 1);
  s3_.reset();
  // What is missing is made up for, and what is there stays.
  const Ran copied = run({"--json", "copy", "a.example", "--to", "bucket", "--to", "nas"});
  EXPECT_EQ(copied.exit_code, 0) << copied.both();
  EXPECT_EQ(copied.objects("stored").at(0)["was_there"], false);
  EXPECT_EQ(copied.objects("stored").at(1)["was_there"], true);
  EXPECT_EQ(names_in("bucket"), names_in("nas"));
}

TEST_F(StoreCommand, Local_IsTheSitesOwnFolder) {
  const fs::path archive = backed_up("a.example");
  const Ran listed = run({"--json", "list", "a.example", "--from", "local"});
  EXPECT_EQ(listed.objects("snapshot").at(0)["archive"], archive.string());
  EXPECT_EQ(run({"verify", "--all", "--from", "local"}).exit_code, 0);
  const Ran copied = run({"copy", "a.example", "--to", "local"});
  EXPECT_EQ(copied.exit_code, 10) << copied.both();
  EXPECT_TRUE(contains(copied.err, "name its path"));
}

TEST_F(StoreCommand, CopyFromAStoreToAFolder) {
  const fs::path archive = backed_up("a.example");
  ASSERT_EQ(run({"copy", archive.string(), "--to", "nas"}).exit_code, 0);
  const fs::path folder = root() / "brought";
  fs::create_directory(folder);
  ASSERT_EQ(run({"copy", "a.example", "--from", "nas", "--to", folder.string()}).exit_code, 0);
  EXPECT_EQ(test::text_of_file(folder / "a.example" / archive.filename()), test::text_of_file(archive));
}

TEST_F(StoreCommand, ChangedArchive_IsNotCopied) {
  const fs::path archive = backed_up("a.example");
  {
    std::fstream file(archive, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200);
    file.put('\x55');
  }
  const Ran copied = run({"copy", archive.string(), "--to", "nas"});
  EXPECT_EQ(copied.exit_code, 21) << copied.both();
  EXPECT_TRUE(contains(copied.err, "not the archive that was made here"));
  EXPECT_FALSE(fs::exists(sftp_folder() / "a.example" / archive.filename()));
}

TEST_F(StoreCommand, ArchiveThatWasExchangedInTheStore_IsFound) {
  const Ran old = run({"--json", "create", "a.example", "--to", "nas"});
  ASSERT_EQ(old.exit_code, 0) << old.both();
  write("www/a.example/htdocs/index.html", "newer");
  const Ran made = run({"--json", "create", "a.example", "--to", "nas"});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  const auto there = [&](const Ran& ran) {
    return sftp_folder() / "a.example" / fs::path(ran.objects("created").at(0).value("archive", "")).filename();
  };
  fs::copy_file(there(old), there(made), fs::copy_options::overwrite_existing);
  const Ran verified = run({"verify", "a.example", "--from", "nas"});
  EXPECT_EQ(verified.exit_code, 21) << verified.both();
  const Ran restored = run({"restore", "a.example", "--from", "nas", "--target", (root() / "r").string()});
  EXPECT_EQ(restored.exit_code, 21) << restored.both();
  EXPECT_TRUE(contains(restored.err, "somebody changed it")) << restored.both();
}

TEST_F(StoreCommand, UnknownStore_IsSaidBeforeAnythingIsDone) {
  const Ran made = run({"create", "a.example", "--to", "nowhere"});
  EXPECT_EQ(made.exit_code, 10) << made.both();
  EXPECT_TRUE(contains(made.err, "there is no store nowhere"));
  EXPECT_FALSE(fs::exists(archives("a.example")));
  EXPECT_EQ(run({"list", "--from", "s3://x"}).exit_code, 2);
}

}  // namespace
}  // namespace wobackup
