// Guards whose backups go to stores, and come back from them.
#include <sys/stat.h>

#include <cstring>
#include <functional>
#include <random>

#include "fakes/private_mounts.h"
#include "guard/stores_of_guard.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::says;

constexpr const char* kBreak = "rm -r htdocs/shop; echo x > htdocs/index.php; echo y > htdocs/new.php; exit 7";

class GuardToStores : public test::GuardedSiteWithStores {
 protected:
  // What a guard that is rolled back says, in a site that is as before.
  GuardResult taken_back(const GuardOptions& options, const std::string& script = kBreak) {
    GuardResult result = failed(script, options, message_);
    EXPECT_TRUE(result.rolled_back);
    EXPECT_TRUE(is_as_before());
    EXPECT_FALSE(service().pending_guard("example.com"));
    return result;
  }
  // Does not get smaller.
  [[nodiscard]] static std::string noise(std::size_t bytes) {
    std::mt19937_64 random(1);
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
      const std::uint64_t value = random();
      std::memcpy(&text[i], &value, 8);
    }
    return text;
  }
  void expect_nothing_changed(const Error& error, ErrorKind kind, std::string_view part) const {
    EXPECT_EQ(error.kind(), kind) << error.message();
    EXPECT_TRUE(says(error.message(), part));
    EXPECT_TRUE(says(error.message(), "nothing was changed"));
    EXPECT_TRUE(is_as_before());
    EXPECT_FALSE(service().pending_guard("example.com"));
  }

  std::string message_;
};

TEST_F(GuardToStores, EachStoreAlone_GivesTheSiteBack) {
  for (const char* store : {"bucket", "nas", "disk"}) {
    GuardOptions options;
    options.stores = {store};
    const GuardResult result = taken_back(options);
    EXPECT_TRUE(says(message_, std::string(" from ") + store)) << store;
    EXPECT_EQ(result.restored_from, result.archive);
    EXPECT_EQ(result.archive, result.stores.at(0).archive);
    EXPECT_TRUE(service().find_in(store, "example.com") == result.archive);
    if (store == std::string("bucket")) {
      EXPECT_EQ(files_in(folder_ / "archives"), 0U);  // what is displaced is archived when the next one comes
    }
    EXPECT_EQ(files_in(config_.scratch_dir), 0U);
  }
}

TEST_F(GuardToStores, ChangeThatIsKept_SaysWhereItsBackupsAre) {
  GuardOptions options;
  options.stores = {"nas", "bucket", "local", "disk"};
  std::vector<std::string> told;
  options.on_stored = [&](const Stored& stored) { told.push_back(stored.store); };
  const GuardResult result = guard("echo \"$WOBACKUP_ARCHIVE\"; test -z \"$AWS_SECRET_ACCESS_KEY\"", options);
  EXPECT_EQ(names_of(result), options.stores);
  EXPECT_EQ(told, options.stores);
  EXPECT_EQ(result.archive, backups().at(0).archive);  // nobody is nearer
  EXPECT_EQ(output(), result.archive.string() + "\n");
  EXPECT_TRUE(result.restored_from.empty());
  for (const char* store : {"nas", "bucket", "disk"}) {
    EXPECT_EQ(service().list_in(store, "example.com").at(0).reason, "pre-change") << store;
  }
}

TEST_F(GuardToStores, LocalIsTakenFirst_AndNoStoreIsAskedThen) {
  GuardOptions options;
  options.stores = {"bucket", "local"};
  const GuardResult result = taken_back(options, "exit 1");
  EXPECT_EQ(result.restored_from.parent_path(), folder_ / "archives/example.com");
  for (const Json& request : stores_.s3().state()["requests"]) {
    EXPECT_FALSE(request.get<std::string>().starts_with("GET /test-bucket/web/example.com/2")) << request;
  }
}

TEST_F(GuardToStores, LocalIsGoneOrExchanged_TheNextStoreGivesItBack) {
  GuardOptions options;
  options.stores = {"local", "nas"};
  const auto break_site = [this] {
    fs::remove_all(site() / "htdocs/shop");
    throw Error(ErrorKind::failed, "it went wrong");
  };
  const auto expect_taken_from_nas = [&](const std::function<void(const fs::path&)>& harm, std::string_view why) {
    try {
      static_cast<void>(service().guard(the_site(), options, [&](const GuardedChange& change) {
        harm(change.backup.archive);
        break_site();
      }));
      ADD_FAILURE() << "it was kept";
    } catch (const GuardFailed& error) {
      EXPECT_EQ(error.kind(), ErrorKind::rolled_back) << error.message();
      EXPECT_TRUE(says(error.message(), " from nas"));
      EXPECT_TRUE(has_note(error.result(), "the backup could not be taken from local: "));
      EXPECT_TRUE(has_note(error.result(), why)) << ::testing::PrintToString(error.result().notes);
      EXPECT_TRUE(is_as_before());
    }
  };
  const fs::path older = service().create(the_site()).archive;
  write("htdocs/index.php", "<?php // second");
  before_ = facts();
  expect_taken_from_nas([](const fs::path& archive) { fs::remove(archive); }, "");
  // A site that was hacked owns the folder of its archives: it has an older one there, or something else.
  expect_taken_from_nas(
      [&](const fs::path& archive) { fs::copy_file(older, archive, fs::copy_options::overwrite_existing); },
      "somebody changed it");
  expect_taken_from_nas([](const fs::path& archive) { fs::resize_file(archive, fs::file_size(archive) - 1); }, "");
  // One of another site, whose name would be an error of its own, and one that nobody can read to its end.
  config_.site["other.example"] = config_.site["example.com"];
  const fs::path others = service().create(service().site("other.example")).archive;
  expect_taken_from_nas(
      [&](const fs::path& archive) { fs::copy_file(others, archive, fs::copy_options::overwrite_existing); },
      "somebody changed it");
  expect_taken_from_nas(
      [](const fs::path& archive) { ASSERT_EQ(::truncate(archive.c_str(), std::int64_t{1} << 42U), 0); },
      "somebody changed it");
  expect_taken_from_nas(
      [&](const fs::path& archive) {
        fs::remove(archive);
        fs::create_symlink("/etc/passwd", archive);
      },
      "");
  expect_taken_from_nas(
      [&](const fs::path& archive) {
        fs::remove(archive);
        ASSERT_EQ(::mkfifo(archive.c_str(), 0666), 0);
      },
      "");
}

TEST_F(GuardToStores, StoreDoesNotAnswerAtTheRollBack_TheNextOneGivesItBack) {
  GuardOptions options;
  options.stores = {"bucket", "nas"};
  try {
    static_cast<void>(service().guard(the_site(), options, [&](const GuardedChange&) {
      stores_.refuse_bucket(true);
      fs::remove_all(site() / "htdocs");
      throw Error(ErrorKind::failed, "it went wrong");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rolled_back) << error.message();
    EXPECT_TRUE(says(error.message(), " from nas"));
    EXPECT_TRUE(has_note(error.result(), "could not be taken from bucket: "));
  }
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardToStores, NoStoreAnswersAtTheRollBack_ItIsTriedAgainLater) {
  GuardOptions options;
  options.stores = {"bucket", "disk"};
  try {
    static_cast<void>(service().guard(the_site(), options, [&](const GuardedChange&) {
      stores_.refuse_bucket(true);
      fs::rename(stores_.disk(), folder_ / "unmounted");
      fs::remove_all(site() / "htdocs/shop");
      throw Error(ErrorKind::failed, "it went wrong");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rollback_failed) << error.message();
    EXPECT_TRUE(says(error.message(), "it went wrong; and the roll-back failed: "));
    EXPECT_TRUE(says(error.message(), "; bucket: "));
    EXPECT_TRUE(says(error.hint(), "wobackup guard --abort example.com"));
    EXPECT_TRUE(says(error.hint(), "wobackup restore s3://test-bucket/web/example.com/"));
  }
  const std::optional<PendingGuard> pending = service().pending_guard("example.com");
  ASSERT_TRUE(pending);
  EXPECT_EQ(pending->archives.size(), 2U);
  stores_.refuse_bucket(false);
  const GuardResult result = service().abort_guard("example.com");
  EXPECT_TRUE(result.rolled_back);
  EXPECT_EQ(result.restored_from, pending->archives[1]);
  EXPECT_EQ(names_of(result), (std::vector<std::string>{"disk", "bucket"}));  // the nearest first
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardToStores, ObjectThatIsExchangedAtTheRollBack_IsRefused) {
  GuardOptions options;
  options.stores = {"disk", "bucket"};
  const std::string older = test::text_of_file(guard("true", options).archive);
  options.stores = {"bucket"};
  write("htdocs/index.php", "<?php // second");
  before_ = facts();
  std::string key;
  try {
    static_cast<void>(service().guard(the_site(), options, [&](const GuardedChange& change) {
      key = "web/example.com/" + change.backup.archive.filename().string();
      stores_.s3().put(key, older);
      fs::remove_all(site() / "htdocs/shop");
      throw Error(ErrorKind::failed, "it went wrong");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rollback_failed) << error.message();
    EXPECT_TRUE(says(error.message(), "somebody changed it"));
  }
  EXPECT_FALSE(fs::exists(site() / "htdocs/shop"));  // as the change has left it
  EXPECT_TRUE(service().pending_guard("example.com"));
  EXPECT_FALSE(service().pending_restore("example.com"));
}

TEST_F(GuardToStores, ObjectThatIsExchangedOrGarbage_TheNextStoreGivesItBack) {
  GuardOptions options;
  options.stores = {"disk", "bucket"};
  const std::string older = test::text_of_file(guard("true", options).archive);
  write("htdocs/index.php", "<?php // second");
  before_ = facts();
  options.stores = {"bucket", "nas"};
  for (const std::string& instead : {older, std::string("garbage"), std::string(), std::string(3'000'000, '\0')}) {
    try {
      static_cast<void>(service().guard(the_site(), options, [&](const GuardedChange& change) {
        stores_.s3().put("web/example.com/" + change.backup.archive.filename().string(), instead);
        fs::remove_all(site() / "htdocs/shop");
        throw Error(ErrorKind::failed, "it went wrong");
      }));
      ADD_FAILURE() << "it was kept";
    } catch (const GuardFailed& error) {
      EXPECT_EQ(error.kind(), ErrorKind::rolled_back) << error.message();
      EXPECT_TRUE(says(error.message(), " from nas"));
      EXPECT_TRUE(has_note(error.result(), "could not be taken from bucket: "));
    }
    EXPECT_TRUE(is_as_before());
  }
}

TEST_F(GuardToStores, NoStoreCanBeReached_NothingIsChanged) {
  stores_.refuse_bucket(true);
  std::vector<std::string> told;
  GuardOptions options;
  options.stores = {"bucket"};
  options.on_stored = [&](const Stored& stored) { told.push_back(stored.error ? stored.error->message() : ""); };
  const Error error = refusal(options);
  EXPECT_EQ(error.kind(), ErrorKind::failed) << error.message();
  EXPECT_TRUE(says(error.message(), "test-bucket"));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(is_as_before());
  EXPECT_FALSE(service().pending_guard("example.com"));
  options.stores = {"dsik"};
  EXPECT_EQ(refusal(options).kind(), ErrorKind::not_found);
  options.stores = {"disk", "disk"};
  EXPECT_EQ(refusal(options).kind(), ErrorKind::usage);
  options.stores = {"disk"};
  options.backup_root = folder_ / "elsewhere";
  EXPECT_EQ(refusal(options).kind(), ErrorKind::usage);
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardToStores, SomeStoresHaveIt_TheChangeIsMadeAndThatIsSaid) {
  stores_.refuse_bucket(true);
  GuardOptions options;
  options.stores = {"bucket", "disk"};
  const GuardResult kept = guard("true", options);
  EXPECT_EQ(names_of(kept), (std::vector<std::string>{"bucket failed", "disk"}));
  EXPECT_EQ(kept.archive.parent_path(), stores_.disk() / "example.com");
  EXPECT_EQ(taken_back(options).restored_from.parent_path(), stores_.disk() / "example.com");
}

// Keys that may write and not read hide backups from a thief, and are no way back.
TEST_F(GuardToStores, StoreThatDoesNotGiveBack_IsNoWayBack) {
  stores_.s3().fault({{"do", "refuse"},
                      {"method", "GET"},
                      {"path", "/web/example.com/2"},
                      {"status", 403},
                      {"code", "AccessDenied"},
                      {"times", 1'000'000}});
  GuardOptions options;
  options.stores = {"bucket"};
  const Error error = refusal(options);
  EXPECT_EQ(error.kind(), ErrorKind::failed) << error.message();
  EXPECT_EQ(stores_.in_bucket(), 1U);
  EXPECT_TRUE(is_as_before());
  options.stores = {"bucket", "nas"};
  const GuardResult result = taken_back(options);
  EXPECT_TRUE(has_note(result, "the backup could not be read back from bucket: "));
  EXPECT_TRUE(says(result.archive.string(), "sftp://"));
}

TEST_F(GuardToStores, WithoutRoomToFetchIt_NothingIsChanged) {
  test::PrivateMounts mounts;
  if (!mounts.allowed() || !mounts.tmpfs(folder_ / "www")) GTEST_SKIP() << "no mounts here";
  fs::create_directories(site() / "htdocs");
  write("htdocs/noise", noise(std::size_t{24} << 20U));
  if (is_root()) test::run_in(site(), {"chown", "-R", "33:33", "."});
  before_ = facts();
  GuardOptions options;
  options.stores = {"bucket"};
  const GuardResult result = taken_back(options, "rm -r htdocs; exit 1");
  EXPECT_EQ(result.restored_from, service().find_in("bucket", "example.com"));
  service().finish_restore(the_site(), true);
  // Room for what is restored, or for what is fetched, but not for both.
  config_.scratch_dir = folder_ / "www/scratch";
  fs::create_directory(config_.scratch_dir);
  Error error = refusal(options);
  EXPECT_EQ(error.kind(), ErrorKind::no_space) << error.message();
  // And where it is another disk's.
  config_.scratch_dir = folder_ / "other";
  ASSERT_TRUE(mounts.tmpfs(config_.scratch_dir));
  folder_.write("other/fill", std::string(std::size_t{48} << 20U, 'x'));
  error = refusal(options);
  EXPECT_EQ(error.kind(), ErrorKind::no_space) << error.message();
  EXPECT_TRUE(says(error.message(), (folder_ / "other").string()));
  EXPECT_TRUE(is_as_before());
}

TEST_F(GuardToStores, Default_IsLocalAndWhatTheSettingsName) {
  config_.stores = {"bucket"};
  EXPECT_EQ(names_of(guard("true")), (std::vector<std::string>{"local", "bucket"}));
  config_.site["example.com"].stores = {"disk", "local"};
  EXPECT_EQ(names_of(guard("true")), (std::vector<std::string>{"disk", "local"}));
  config_.guard.stores = {"nas"};
  EXPECT_EQ(names_of(guard("true")), (std::vector<std::string>{"nas"}));
  GuardOptions options;
  options.backup_root = folder_ / "elsewhere";
  EXPECT_EQ(names_of(guard("true", options)), (std::vector<std::string>{"local"}));
  options.backup_root.reset();
  options.stores = {"bucket"};
  EXPECT_EQ(names_of(guard("true", options)), (std::vector<std::string>{"bucket"}));
}

// Nobody has asked for a way back over the network.
TEST_F(GuardToStores, Default_LocalThatDoesNotHaveItChangesNothing) {
  config_.stores = {"disk"};
  folder_.write("archives", "no folder");
  expect_nothing_changed(refusal({}), ErrorKind::failed, "the site's own folder does not have the backup");
  config_.guard.stores = {"local", "disk"};
  EXPECT_EQ(names_of(taken_back({})), (std::vector<std::string>{"local failed", "disk"}));
}

TEST_F(GuardToStores, Keep_NeverRemovesTheWayBack) {
  config_.store["disk"].keep = 1;
  GuardOptions options;
  options.reason = "nightly";
  options.stores = {"disk"};
  CreateOptions create;
  create.reason = "nightly";
  create.stores = {"disk"};
  try {
    static_cast<void>(service().guard(the_site(), options, [&](const GuardedChange&) {
      EXPECT_TRUE(service().create(the_site(), create).complete);
      fs::remove_all(site() / "htdocs/shop");
      throw Error(ErrorKind::failed, "it went wrong");
    }));
    FAIL() << "it was kept";
  } catch (const GuardFailed& error) {
    EXPECT_EQ(error.kind(), ErrorKind::rolled_back) << error.message();
  }
  EXPECT_TRUE(is_as_before());
  EXPECT_TRUE(service().create(the_site(), create).complete);
  EXPECT_EQ(service().list_in("disk", "example.com").size(), 1U);
}

}  // namespace
}  // namespace wobackup
