// Guards with stores whose archives are encrypted: what cannot be opened here is no way back.
#include "guard/stores_of_guard.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::says;

class EncryptedGuardToStores : public test::GuardedSiteWithStores {
 protected:
  [[nodiscard]] std::string made_key(const char* name) const { return generate_identity(folder_ / name); }
  void give_identity(const char* name) {
    KeySources sources;
    sources.identity_files = {folder_ / name};
    config_.keys = Keys(sources);
  }
};

TEST_F(EncryptedGuardToStores, WithTheIdentity_RollsBackFromEachStore) {
  config_.encryption.recipients = {made_key("key")};
  give_identity("key");
  for (const char* store : {"bucket", "nas", "disk"}) {
    std::string message;
    GuardOptions options;
    options.stores = {store};
    const GuardResult result = failed("rm -r htdocs/shop; exit 7", options, message);
    EXPECT_TRUE(result.stores.at(0).encrypted);
    EXPECT_EQ(result.restored_from.extension(), ".age");
    EXPECT_TRUE(is_as_before()) << store;
  }
}

TEST_F(EncryptedGuardToStores, WithoutTheIdentity_NoStoreIsTouched) {
  config_.store["bucket"].recipients = {made_key("key")};
  GuardOptions options;
  options.stores = {"bucket"};
  const Error error = refusal(options);
  EXPECT_EQ(error.kind(), ErrorKind::wrong_key) << error.message();
  EXPECT_TRUE(says(error.message(), "could not be taken back, so nothing was changed"));
  EXPECT_TRUE(is_as_before());
  EXPECT_TRUE(stores_.s3().state()["requests"].empty());
  EXPECT_FALSE(service().pending_guard("example.com"));
}

// An offsite copy that this server cannot open is a copy all the same, beside a way back.
TEST_F(EncryptedGuardToStores, StoreThatOnlyOthersCanOpen_IsACopyAndNoWayBack) {
  config_.store["bucket"].recipients = {made_key("offline")};
  config_.store["disk"].recipients = {made_key("key")};
  give_identity("key");
  GuardOptions options;
  options.stores = {"bucket", "disk"};
  std::string message;
  const GuardResult result = failed("rm -r htdocs/shop; exit 7", options, message);
  EXPECT_EQ(result.restored_from.parent_path(), stores_.disk() / "example.com");
  EXPECT_EQ(result.archive, result.restored_from);
  EXPECT_TRUE(result.notes.empty()) << result.notes[0];
  EXPECT_EQ(stores_.in_bucket(), 1U);
  EXPECT_TRUE(is_as_before());
  // If it is the only one that has it, that is too little.
  folder_.write("disk.full", "");
  config_.store["disk"].url = (folder_ / "disk.full").string();
  const Error error = refusal(options);
  EXPECT_EQ(error.kind(), ErrorKind::failed) << error.message();
  EXPECT_TRUE(says(error.message(), "no store has a backup that could be taken back, so nothing was changed"));
  EXPECT_TRUE(says(error.message(), "bucket: nothing here opens what it is encrypted to"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(EncryptedGuardToStores, Default_AskForTheSitesOwnFolderToBeOpenable) {
  config_.encryption.recipients = {made_key("offline")};
  config_.store["disk"].recipients = {made_key("key")};
  give_identity("key");
  config_.stores = {"disk"};
  EXPECT_EQ(refusal({}).kind(), ErrorKind::wrong_key);
  EXPECT_EQ(files_in(stores_.disk()), 0U);
  config_.guard.stores = {"local", "disk"};
  std::string message;
  EXPECT_EQ(failed("rm -r htdocs/shop; exit 7", {}, message).restored_from.parent_path(),
            stores_.disk() / "example.com");
  EXPECT_TRUE(is_as_before());
}

}  // namespace
}  // namespace wobackup
