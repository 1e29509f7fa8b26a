// Files and database of a real WordPress, taken back from stores alone.
#include <algorithm>
#include <filesystem>

#include "guard/guarded_wordpress.h"
#include "guard/stores_of_guard.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::says;

class WordPressToStores : public test::GuardedWordPress {
 protected:
  void SetUp() override {
    GuardedWordPress::SetUp();
    stores_.emplace(config_, folder_.path());
  }
  static GuardOptions to(const std::vector<std::string>& stores) {
    GuardOptions options;
    options.stores = stores;
    return options;
  }

  std::optional<test::StoresOfGuard> stores_;
};

constexpr const char* kBreak =
    "wp \"wp_insert_comment(array('comment_content' => 'meanwhile')); update_option('blogname', 'x');\"; "
    "echo '<?php this is no php' > htdocs/wp-content/plugins/shop/shop.php";

TEST_F(WordPressToStores, FailingCheck_IsRolledBackFromEachStoreAlone) {
  for (const char* store : {"bucket", "nas"}) {
    GuardResult result;
    const std::string message = failure(kBreak, to({store}), &result);
    EXPECT_TRUE(says(message, "http: ")) << store;
    EXPECT_TRUE(says(message, std::string(" from ") + store));
    EXPECT_TRUE(is_as_before()) << store;
    EXPECT_EQ(result.kept_rows.total(), 1U);
    EXPECT_FALSE(result.restored_from.empty());
  }
}

TEST_F(WordPressToStores, EncryptedDump_IsRolledBackFromTheStoreAlone) {
  config_.encryption.recipients = {generate_identity(folder_ / "key")};
  KeySources sources;
  sources.identity_files = {folder_ / "key"};
  config_.keys = Keys(sources);
  GuardOptions options = to({"bucket"});
  options.type = BackupType::database;
  EXPECT_TRUE(
      says(failure("wp \"update_option('siteurl', 'http://elsewhere.example');\"; exit 1", options), " from bucket"));
  EXPECT_TRUE(is_as_before());
}

TEST_F(WordPressToStores, LoginThatMayNotMakeADatabase_NeedsTheBackupHere) {
  config_.database.admin = false;
  config_.guard.live_load = true;
  try {
    static_cast<void>(guard("touch htdocs/touched", to({"bucket"})));
    FAIL() << "it was done";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage) << error.message();
    EXPECT_TRUE(says(error.message(), "the backup must lie on this machine"));
    EXPECT_TRUE(says(error.hint(), "--to local"));
  }
  EXPECT_EQ(stores_->in_bucket(), 0U);
  EXPECT_TRUE(is_as_before());
  GuardResult result;
  EXPECT_TRUE(says(failure(kBreak, to({"bucket", "disk"}), &result), " from disk"));
  EXPECT_TRUE(is_as_before());
}

}  // namespace
}  // namespace wobackup
