// The suite of all backends, against two S3 servers, in the ways in which they are asked.
#include "backend/s3/s3_backend.h"

#include <gtest/gtest.h>

#include "backend/conformance.h"
#include "backend/s3_place.h"
#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

StrictS3& strict_with_tls() {
  static StrictS3 server(true, "eu-central-1");
  return server;
}

std::unique_ptr<BackendPlace> by_path() { return std::make_unique<S3PlaceForTests>(fresh_strict_s3().settings()); }

std::unique_ptr<BackendPlace> by_host_with_tls_and_token() {
  strict_with_tls().set({{"token", "a/session+token="}, {"page", 7}});
  S3Settings settings = strict_with_tls().settings();
  settings.endpoint = "https://s3.localhost:" + std::to_string(strict_with_tls().port());
  settings.addressing = S3Addressing::virtual_host;
  settings.keys = [] { return S3Keys{"AKIDTEST", "secret/with+odd=characters", "a/session+token="}; };
  return std::make_unique<S3PlaceForTests>(std::move(settings));
}

std::unique_ptr<BackendPlace> in_s3rver() {
  static S3rver server;
  return std::make_unique<S3PlaceForTests>(server.settings(), false);
}

INSTANTIATE_TEST_SUITE_P(S3, BackendConformance,
                         ::testing::Values(PlaceKind{"s3_path", by_path},
                                           PlaceKind{"s3_host_tls_token", by_host_with_tls_and_token},
                                           PlaceKind{"s3rver", in_s3rver}),
                         name_of_kind);

class S3BackendTest : public ::testing::Test {
 protected:
  S3BackendTest() : place(server.settings()), backend(place.connect_s3(never)) {}
  /// As the journal names it.
  [[nodiscard]] std::string place_name() const { return server.settings().endpoint + " " + backend->name(); }
  [[nodiscard]] static std::chrono::sys_seconds now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }

  StrictS3& server = fresh_strict_s3();
  Cancellation never;
  S3PlaceForTests place;
  std::unique_ptr<S3Backend> backend;
};

TEST_F(S3BackendTest, SmallObjectIsOneRequestMoreThanTheLook_LargeOneIsParts) {
  ASSERT_TRUE(put(*backend, "small", noise(1000)));
  EXPECT_EQ(server.state()["requests"].size(), 2U);  // HEAD, PUT
  ASSERT_TRUE(put(*backend, "large", noise(12'000'000)));
  EXPECT_EQ(server.state()["requests"].size(), 2U + 7U);  // POST, three PUT, HEAD, POST, HEAD
  EXPECT_TRUE(server.state()["uploads"].empty());
}

TEST_F(S3BackendTest, PartsAreOfOneSize) {
  server.set({{"equal_parts", true}});
  EXPECT_TRUE(put(*backend, "equal", noise(30'000'001)));
}

TEST_F(S3BackendTest, StorageClassAndEncryptionGoAlong) {
  place.settings().storage_class = "STANDARD_IA";
  place.settings().encryption = "aws:kms";
  place.settings().kms_key = "alias/backups";
  backend = place.connect_s3(never);
  for (const std::size_t size : {std::size_t{10}, std::size_t{6'000'000}}) {
    const std::string key = "k" + std::to_string(size);
    ASSERT_TRUE(put(*backend, key, noise(size)));
    const Json headers = server.state()["objects"][place.full_key(key)]["headers"];
    EXPECT_EQ(headers["x-amz-storage-class"], "STANDARD_IA");
    EXPECT_EQ(headers["x-amz-server-side-encryption"], "aws:kms");
    EXPECT_EQ(headers["x-amz-server-side-encryption-aws-kms-key-id"], "alias/backups");
  }
}

TEST_F(S3BackendTest, ForeignKeysAreCounted_NotShown) {
  ASSERT_TRUE(put(*backend, "mine", noise(1)));
  for (const char* key : {"../escape", "a/../../b", ".hidden", "line\nbreak", "a//b", "folder/"}) {
    server.put(place.full_key(key), "x");
  }
  server.put("stores/other/mine", "x");
  for (const bool encoded : {true, false}) {
    server.set({{"url_encoding", encoded}});
    std::vector<std::string> keys;
    const ListSummary summary = backend->list("", "", [&](const ObjectInfo& info) {
      keys.push_back(info.key);
      return true;
    });
    EXPECT_EQ(keys, std::vector<std::string>{"mine"});
    EXPECT_EQ(summary.foreign, 6U);
  }
}

TEST_F(S3BackendTest, MissingBucketIsSaid) {
  place.settings().bucket = "no-such-bucket";
  backend = place.connect_s3(never);
  EXPECT_NE(refusal([&] { keys_of(*backend); }, ErrorKind::not_found).find("NoSuchBucket"), std::string::npos);
  EXPECT_NE(refusal([&] { put(*backend, "k", noise(1)); }, ErrorKind::not_found).find("NoSuchBucket"),
            std::string::npos);
  EXPECT_NE(refusal([&] { backend->remove("k"); }, ErrorKind::not_found).find("NoSuchBucket"), std::string::npos);
}

TEST_F(S3BackendTest, UploadsOfOthers_AreLetAlone_HoweverOld) {
  using std::chrono::hours;
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  server.begin_upload(place.full_key("old"), hours(24 * 30));
  server.begin_upload(place.full_key("young"), hours(2));
  server.begin_upload("stores/other/old", hours(24 * 30));
  EXPECT_TRUE(place.connect_s3(never, &journal)->remove_unfinished().empty());
  EXPECT_TRUE(backend->remove_unfinished().empty());
  EXPECT_EQ(server.state()["uploads"].size(), 3U);
}

TEST_F(S3BackendTest, LiveUploadIsLetAlone_AnAbandonedOneIsNot) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  const auto mine = place.connect_s3(never, &journal);
  const auto alive = mine->put("alive", {});
  alive->write(noise(6'000'000));
  // What a killed process leaves: its record, no longer locked.
  server.begin_upload(place.full_key("dead"), std::chrono::seconds(5));
  journal.begin(place_name(), "dead", "", now()).found_by("foreign-2", true);
  EXPECT_EQ(mine->remove_unfinished(), std::vector<std::string>{"dead"});
  EXPECT_EQ(mine->remove_unfinished(), std::vector<std::string>{});
  EXPECT_TRUE(alive->commit());
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(S3BackendTest, KilledBeforeItKnewItsUpload_ItIsFoundByItsKeyAndTime) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  server.set({{"page", 1}});
  server.begin_upload(place.full_key("dead"), std::chrono::seconds(5));
  server.begin_upload(place.full_key("dead"), std::chrono::hours(3));        // another machine's
  server.begin_upload(place.full_key("dead.age"), std::chrono::seconds(5));  // another object
  static_cast<void>(journal.begin(place_name(), "dead", "", now()));
  EXPECT_EQ(place.connect_s3(never, &journal)->remove_unfinished(), std::vector<std::string>{"dead"});
  EXPECT_EQ(server.state()["uploads"].size(), 2U);
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(S3BackendTest, KilledBeforeItKnewItsUpload_WhileAnotherRunUploadsTheSame) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  static_cast<void>(journal.begin(place_name(), "same", "", now()));
  const auto mine = place.connect_s3(never, &journal);
  auto alive = mine->put("same", {});
  alive->write(noise(6'000'000));
  EXPECT_TRUE(mine->remove_unfinished().empty());
  EXPECT_EQ(server.state()["uploads"].size(), 1U);
  EXPECT_TRUE(alive->commit());
  alive.reset();
  EXPECT_EQ(mine->remove_unfinished(), std::vector<std::string>{"same"});  // now it can be told
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(S3BackendTest, UploadWhoseBeginningWasRepeated_LeavesNoSecondOne) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  const auto mine = place.connect_s3(never, &journal);
  server.fault({{"method", "POST"}, {"query", "uploads"}, {"do", "lose_answer"}});
  ASSERT_TRUE(put(*mine, "twice", noise(6'000'000)));
  EXPECT_EQ(server.state()["uploads"].size(), 1U);  // nobody was told its name
  EXPECT_EQ(mine->remove_unfinished(), std::vector<std::string>{"twice"});
  EXPECT_EQ(server.state()["uploads"].size(), 0U);
  EXPECT_EQ(keys_of(*mine), std::vector<std::string>{"twice"});
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(S3BackendTest, UploadThatMayNotBegin_LeavesNoRecord) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  server.fault({{"method", "POST"}, {"do", "refuse"}, {"status", 403}, {"code", "AccessDenied"}});
  EXPECT_FALSE(
      refusal([&] { put(*place.connect_s3(never, &journal), "k", noise(6'000'000)); }, ErrorKind::failed).empty());
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(S3BackendTest, DroppedUploadIsAborted) {
  backend->put("dropped", {})->write(noise(12'000'000));
  EXPECT_TRUE(server.state()["uploads"].empty());
}

TEST_F(S3BackendTest, ClockDifferenceIsTold) {
  server.set({{"skew", 300}});
  EXPECT_FALSE(backend->clock_difference());
  EXPECT_FALSE(backend->stat("k"));
  ASSERT_TRUE(backend->clock_difference());
  EXPECT_NEAR(static_cast<double>(backend->clock_difference()->count()), 300, 3);
}

}  // namespace
}  // namespace wobackup::test
