// Guards with stores that are killed: the next command finishes them, from the store.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "fakes/refusal.h"
#include "guard/killed_guards.h"
#include "guard/stores_of_guard.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::says;

constexpr const char* kBreak = "rm -r htdocs/shop; echo x > htdocs/index.php";

class KilledGuardToStores : public test::KilledGuards<test::GuardedSiteWithStores> {};

TEST_F(KilledGuardToStores, Abort_TakesItBackFromEachStore) {
  for (const char* store : {"bucket", "nas", "disk"}) {
    ASSERT_EQ(::ftruncate(output_.get(), 0), 0);
    GuardOptions options;
    options.stores = {store};
    kill_during_the_change(kBreak, options);
    const auto found = pending();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->archives, std::vector<fs::path>{found->archive});
    const GuardResult result = service().abort_guard("example.com");
    EXPECT_TRUE(result.rolled_back);
    EXPECT_EQ(result.restored_from, found->archive);
    EXPECT_EQ(result.stores.at(0).store, store);
    EXPECT_TRUE(is_as_before()) << store;
    EXPECT_FALSE(service().pending_guard("example.com"));
  }
}

TEST_F(KilledGuardToStores, Resume_KeepsTheChangeWithoutTheStore) {
  GuardOptions options;
  options.stores = {"bucket"};
  kill_during_the_change(kBreak, options);
  ASSERT_TRUE(pending());
  stores_.refuse_bucket(true);
  EXPECT_FALSE(service().resume_guard("example.com").rolled_back);
  EXPECT_FALSE(service().pending_guard("example.com"));
  EXPECT_EQ(text("htdocs/index.php"), "x\n");
}

TEST_F(KilledGuardToStores, Abort_FindsTheStoreByItsAddressIfItsNameIsGone) {
  GuardOptions options;
  options.stores = {"nas", "disk"};
  kill_during_the_change(kBreak, options);
  ASSERT_TRUE(pending());
  const StoreSettings nas = config_.store["nas"];
  config_.store.clear();
  config_.store["renamed"] = nas;
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
}

TEST_F(KilledGuardToStores, Abort_WithoutTheIdentityDoesNothing) {
  config_.store["bucket"].recipients = {generate_identity(folder_ / "key")};
  KeySources sources;
  sources.identity_files = {folder_ / "key"};
  config_.keys = Keys(sources);
  GuardOptions options;
  options.stores = {"bucket"};
  kill_during_the_change(kBreak, options);
  ASSERT_TRUE(pending());
  const Keys identity = config_.keys;
  config_.keys = Keys();
  EXPECT_TRUE(
      says(test::refusal([this] { static_cast<void>(service().abort_guard("example.com")); }, ErrorKind::wrong_key),
           "example.com: nothing was taken back"));
  EXPECT_EQ(service().pending_guard("example.com")->phase, "change");
  config_.keys = identity;
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
}

TEST_F(KilledGuardToStores, JournalOfAnOlderVersion_IsUnderstood) {
  GuardOptions options;
  options.stores = {"local"};
  kill_during_the_change(kBreak, options);
  ASSERT_TRUE(pending());
  const fs::path file = config_.state_dir / "guards/example.com.json";
  Json journal = Json::parse(test::text_of_file(file));
  journal["archive_b64"] = journal["copies"][0]["archive_b64"];
  journal.erase("copies");
  folder_.write("state/guards/example.com.json", journal.dump());
  EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
  EXPECT_TRUE(is_as_before());
}

TEST_F(KilledGuardToStores, JournalThatNamesNoBackup_IsToldAndNotGuessed) {
  GuardOptions options;
  options.stores = {"bucket"};
  kill_during_the_change(kBreak, options);
  ASSERT_TRUE(pending());
  Json journal = Json::parse(test::text_of_file(config_.state_dir / "guards/example.com.json"));
  journal["copies"] = Json::array();
  folder_.write("state/guards/example.com.json", journal.dump());
  EXPECT_THROW(static_cast<void>(service().abort_guard("example.com")), Error);
  EXPECT_EQ(service().pending_guards().size(), 1U);
  EXPECT_EQ(text("htdocs/index.php"), "x\n");
}

// Whatever the moment, an abort brings everything back from the store.
TEST_F(KilledGuardToStores, AtAnyMoment_AbortBringsEverythingBack) {
  GuardOptions options;
  options.stores = {"bucket", "disk"};
  const auto start = [&] {
    return in_child([&] {
      static_cast<void>(
          guard("rm -r htdocs/shop; echo x > htdocs/index.php; echo y > htdocs/new.php; exit 1", options));
    });
  };
  const auto begin = std::chrono::steady_clock::now();
  ::waitpid(start(), nullptr, 0);
  const auto usual = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  ASSERT_TRUE(is_as_before());
  std::mt19937 random(17);
  int aborted = 0;
  for (int round = 0; round < 24; ++round) {
    const pid_t child = start();
    ::usleep(static_cast<useconds_t>(random() % static_cast<std::uint64_t>(usual.count())));
    kill(child);
    if (pending()) {
      ++aborted;
      EXPECT_TRUE(service().abort_guard("example.com").rolled_back);
    } else if (const auto restore = service().pending_restore("example.com"); restore && restore->interrupted) {
      ADD_FAILURE() << "a restore is left, and no guard";
    }
    ASSERT_TRUE(is_as_before()) << "round " << round;
    EXPECT_EQ(files_in(config_.scratch_dir), 0U);
  }
  EXPECT_GT(aborted, 0);
}

}  // namespace
}  // namespace wobackup
