// The suite of all backends against OpenSSH's server, with and without its extensions, and what lines do to uploads.
#include "backend/sftp/sftp_backend.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "backend/conformance.h"
#include "backend/retrying_backend.h"
#include "fakes/fake_pause.h"
#include "fakes/fault_proxy.h"
#include "fakes/plain_tools.h"
#include "fakes/private_mounts.h"
#include "fakes/private_sshd.h"
#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

PrivateSshd& sshd() {
  static PrivateSshd server;
  return server;
}
// As other servers are: no extensions, so also small packets only.
PrivateSshd& plain_sshd() {
  static PrivateSshd server("posix-rename,fsync,statvfs,fstatvfs,hardlink,limits,lsetstat,expand-path,copy-data");
  return server;
}

class SftpPlaceForTests final : public BackendPlace {
 public:
  explicit SftpPlaceForTests(SftpSettings settings) : settings_(std::move(settings)) {}

  std::unique_ptr<Backend> connect(const Cancellation& cancellation) override { return connect_sftp(cancellation); }
  std::unique_ptr<SftpBackend> connect_sftp(const Cancellation& cancellation, const UploadJournal* journal = nullptr) {
    return std::make_unique<SftpBackend>(settings_, BackendSurroundings{clock_, pause_, cancellation, retry_, journal});
  }
  [[nodiscard]] std::size_t unfinished() override { return hidden_files(settings_.folder); }
  [[nodiscard]] SftpSettings& settings() { return settings_; }
  [[nodiscard]] FakePause& pause() { return pause_; }
  [[nodiscard]] RetryPolicy& retry() { return retry_; }

 private:
  SftpSettings settings_;
  SystemClock clock_;
  FakePause pause_;
  RetryPolicy retry_;
};

INSTANTIATE_TEST_SUITE_P(
    Sftp, BackendConformance,
    ::testing::Values(PlaceKind{"sftp", [] { return std::make_unique<SftpPlaceForTests>(sshd().settings()); }},
                      PlaceKind{"sftp_plain",
                                [] { return std::make_unique<SftpPlaceForTests>(plain_sshd().settings()); }}),
    name_of_kind);

class SftpBackendTest : public ::testing::Test {
 protected:
  SftpBackendTest() : place(sshd().settings()), backend(place.connect_sftp(never)), folder(place.settings().folder) {}

  std::vector<std::string> files() const {
    std::vector<std::string> found;
    if (!std::filesystem::exists(folder)) return found;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder)) {
      if (item.is_regular_file()) found.push_back(item.path().lexically_relative(folder));
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  Cancellation never;
  SftpPlaceForTests place;
  std::unique_ptr<SftpBackend> backend;
  std::filesystem::path folder;
};

TEST_F(SftpBackendTest, FilesArePrivate_AndHiddenUntilTheyAreWhole) {
  const auto upload = backend->put("site/a", {});
  upload->write(noise(3'000'000));
  ASSERT_EQ(files().size(), 1U);
  EXPECT_TRUE(files()[0].starts_with("site/.a."));
  ASSERT_TRUE(upload->commit());
  EXPECT_EQ(files(), std::vector<std::string>{"site/a"});
  struct stat status {};
  ASSERT_EQ(::stat((folder / "site/a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat((folder / "site").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(SftpBackendTest, FolderOfTheLogin_IsFoundByRelativeNames) {
  // internal-sftp begins in the login's home; a relative folder there would not be the test's own.
  place.settings().folder = ".";
  const auto home = place.connect_sftp(never);
  EXPECT_FALSE(home->stat("no-such-file-of-wobackups-tests"));
  EXPECT_TRUE(home->name().ends_with("/~"));
}

TEST_F(SftpBackendTest, MissingFolder_CannotBeListed) {
  EXPECT_NE(refusal([&] { keys_of(*backend); }, ErrorKind::not_found).find("no such folder"), std::string::npos);
}

TEST_F(SftpBackendTest, LinksAreNoObjects) {
  ASSERT_TRUE(put(*backend, "a", noise(10)));
  std::filesystem::create_symlink("/etc/hostname", folder / "link");
  std::filesystem::create_directory(folder / ".hidden");
  EXPECT_NE(refusal([&] { static_cast<void>(backend->stat("link")); }, ErrorKind::failed), "");
  EXPECT_EQ(keys_of(*backend), std::vector<std::string>{"a"});
  EXPECT_EQ(backend->list("", "", [](const ObjectInfo&) { return true; }).foreign, 1U);
}

TEST_F(SftpBackendTest, FreeSpaceIsTold_WhereTheServerKnowsIt) {
  ASSERT_TRUE(put(*backend, "a", noise(10)));
  EXPECT_GT(backend->free_bytes().value_or(0), 0U);
  SftpPlaceForTests plain(plain_sshd().settings());
  EXPECT_FALSE(plain.connect_sftp(never)->free_bytes());
}

TEST_F(SftpBackendTest, NoPermission_IsSaid) {
  place.settings().folder = "/proc/wobackup";
  place.retry().attempts = 2;
  try {
    put(*place.connect_sftp(never), "a", noise(10));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint(), "") << error.message();
  }
}

TEST_F(SftpBackendTest, FullServer_IsSaid) {
  PrivateMounts mounts;
  if (!mounts.allowed()) GTEST_SKIP() << "mounts are not permitted here";
  // A server of its own, which sees the test's mount.
  PrivateSshd server;
  SftpPlaceForTests small(server.settings());
  ASSERT_TRUE(mounts.tmpfs(small.settings().folder));
  const auto there = small.connect_sftp(never);
  ASSERT_TRUE(put(*there, "fits", noise(50'000'000)));
  EXPECT_NE(refusal([&] { put(*there, "too-large", noise(30'000'000)); }, ErrorKind::no_space).find("full"),
            std::string::npos);
  EXPECT_EQ(keys_of(*there), std::vector<std::string>{"fits"});
  EXPECT_EQ(small.unfinished(), 0U);
}

TEST_F(SftpBackendTest, KilledUpload_IsTakenAwayByTheNextRun) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto mine = place.connect_sftp(never, &journal);
    const auto upload = mine->put("site/killed", {});
    upload->write(noise(3'000'000));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_EQ(files().size(), 1U);
  const auto next = place.connect_sftp(never, &journal);
  const auto alive = next->put("site/alive", {});
  alive->write(noise(3'000'000));
  EXPECT_EQ(next->remove_unfinished(), std::vector<std::string>{"site/killed"});
  ASSERT_TRUE(alive->commit());
  EXPECT_EQ(files(), std::vector<std::string>{"site/alive"});
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(SftpBackendTest, LostStateFolder_OwnUploadsAreKnownByTheirNames_OthersAreLetAlone) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads", "0123abcd");
  const std::string mine_old = "site/.mine.old.0123abcd-0123456789abcdef.partial",
                    mine_new = "site/.mine.new.0123abcd-0123456789abcdef.partial",
                    others = "site/.other.0123abce-0123456789abcdef.partial", nobodys = "site/.x.partial";
  ASSERT_TRUE(put(*backend, "site/a", noise(10)));
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 30);
  for (const std::string& name : {mine_old, mine_new, others, nobodys}) {
    write_file(folder / name, noise(10));
    if (name != mine_new) std::filesystem::last_write_time(folder / name, long_ago);
  }
  EXPECT_EQ(place.connect_sftp(never, &journal)->remove_unfinished(), std::vector<std::string>{"site/mine.old"});
  EXPECT_TRUE(backend->remove_unfinished().empty());
  EXPECT_EQ(files(), (std::vector<std::string>{mine_new, others, nobodys, "site/a"}));
}

TEST_F(SftpBackendTest, FileThatIsReplacedWhileItIsRead_IsNotMixed_OverANewConnection) {
  FaultProxy proxy(sshd().port());
  SftpSettings through = sshd().settings(proxy.port());
  through.folder = folder.string();
  SftpPlaceForTests there(through);
  RetryingBackend patient(there.connect_sftp(never), Retry({}, there.pause(), never));
  ASSERT_TRUE(put(*backend, "a", noise(500'000, 1)));
  const auto object = patient.open("a", {});
  ByteVector part(1'000);
  ASSERT_EQ(object->read(0, part), part.size());
  proxy.reset_after(1);
  ASSERT_EQ(object->read(1'000, part), part.size());  // the same file, found again
  ASSERT_TRUE(put(*backend, "a", noise(500'001, 2), {.size_hint_bytes = {}, .replace = true}));
  proxy.reset_after(1);
  for (int i = 0; i < 2; ++i) {  // nor when it is read again
    EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(2'000, part)); }, "replaced"));
  }
  EXPECT_EQ(proxy.resets(), 2);
}

TEST_F(SftpBackendTest, FileThatWasReplaced_IsRefused_AsOftenAsItIsAskedFor) {
  ASSERT_TRUE(put(*backend, "a", noise(500'000, 1)));
  const auto object = backend->open("a", {});
  const auto holding = backend->put("b", {});  // the connection on which "a" is open
  ASSERT_TRUE(put(*backend, "a", noise(500'001, 2), {.size_hint_bytes = {}, .replace = true}));
  ByteVector part(1'000);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(0, part)); }, "replaced"));
  }
}

TEST_F(SftpBackendTest, ConnectionOfAnUploadThatWasGivenUp_ListensToTheOperationAgain) {
  PrivateSshd odd("", ODD_SFTP_SCRIPT);
  SftpPlaceForTests there(odd.settings());
  Cancellation cancellation;
  const auto one = there.connect_sftp(cancellation);
  one->put("a", {}).reset();  // the answer to taking it away is nonsense
  EXPECT_TRUE(one->stat("a"));
  const std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancellation.cancel();
  });
  EXPECT_NE(refusal([&] { static_cast<void>(one->stat("silent")); }, ErrorKind::interrupted), "");
}

class SftpLine : public SftpBackendTest {
 protected:
  SftpLine() : proxy(sshd().port()) {
    const std::string store = place.settings().folder;
    place.settings() = sshd().settings(proxy.port());
    place.settings().folder = store;
    backend = place.connect_sftp(never);
  }

  FaultProxy proxy;
};

TEST_F(SftpLine, UploadGoesOnAfterLostConnections) {
  const ByteVector bytes = noise(40'000'000);
  proxy.reset_after(6'000'000, 5);
  ASSERT_TRUE(put(*backend, "a", bytes));
  EXPECT_EQ(proxy.resets(), 5);
  EXPECT_TRUE(content_of(*backend, "a") == bytes);
  EXPECT_EQ(files(), std::vector<std::string>{"a"});
}

TEST_F(SftpLine, UploadThatLostItsConnection_GoesOnInLargePieces) {
  const ByteVector bytes = noise(std::size_t{128} << 10U);  // one piece
  proxy.reset_after(150'000, 10);
  const auto upload = backend->put("a", {});
  for (int i = 0; i < 60; ++i) upload->write(bytes);
  ASSERT_TRUE(upload->commit());
  EXPECT_EQ(backend->stat("a").value().size_bytes, 60 * bytes.size());
  EXPECT_EQ(proxy.resets(), 10);
  EXPECT_LT(proxy.bytes_from_server(), 1'000'000U);  // each piece is answered
}

TEST_F(SftpLine, LostAnswers_AtAnyMoment_DoNoHarm) {
  ASSERT_TRUE(put(*backend, "cut/makes-the-folder", noise(1'000)));
  const std::uint64_t before = proxy.bytes_from_server();
  ASSERT_TRUE(put(*place.connect_sftp(never), "cut/not", noise(1'000)));
  // All that the server says to connect, and to a small object and its publication, cut off at each of many places.
  const auto all = static_cast<std::int64_t>(proxy.bytes_from_server() - before);
  constexpr int kCuts = 60;
  for (int i = 0; i < kCuts; ++i) {
    const std::string key = "cut/" + std::to_string(i);
    const auto fresh = place.connect_sftp(never);
    proxy.reset_answers_after(all * i / kCuts);
    ASSERT_TRUE(put(*fresh, key, noise(1'000))) << i;
    proxy.reset_answers_after(-1);
    ASSERT_TRUE(content_of(*fresh, key) == noise(1'000)) << i;
  }
  EXPECT_GT(proxy.resets(), kCuts * 9 / 10);
  for (const std::string& file : files()) EXPECT_EQ(file.find("partial"), std::string::npos) << file;
}

TEST_F(SftpLine, ReadingGoesOnAfterLostConnections) {
  const ByteVector bytes = noise(20'000'000);
  ASSERT_TRUE(put(*backend, "a", bytes));
  RetryingBackend patient(place.connect_sftp(never), Retry({}, place.pause(), never));
  proxy.reset_answers_after(5'000'000);
  EXPECT_TRUE(content_of(patient, "a") == bytes);
  proxy.reset_after(100);
  EXPECT_EQ(keys_of(patient), std::vector<std::string>{"a"});
  EXPECT_EQ(proxy.resets(), 2);
}

TEST_F(SftpLine, ServerThatStaysAway_IsGivenUp) {
  place.retry().attempts = 3;
  const auto impatient = place.connect_sftp(never);
  const auto upload = impatient->put("a", {});
  upload->write(noise(1'000'000));
  proxy.refuse(true);
  proxy.reset_after(1);
  EXPECT_NE(refusal([&] { upload->write(noise(20'000'000)); }, ErrorKind::failed), "");
  EXPECT_EQ(place.pause().waits().size(), 2U);
}

TEST_F(SftpLine, StallEndsAsAFailureThatMayGoAway) {
  place.settings().stall = std::chrono::seconds(1);
  const auto there = place.connect_sftp(never);
  ASSERT_TRUE(put(*there, "a", noise(100)));
  proxy.stall(true);
  try {
    static_cast<void>(there->stat("a"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.retryable()) << error.message();
  }
}

TEST_F(SftpLine, CancellationEndsAStalledUpload_AndTakesItAwayIfItCan) {
  Cancellation cancellation;
  const auto cancelled = place.connect_sftp(cancellation);
  auto upload = cancelled->put("a", {});
  upload->write(noise(5'000'000));
  proxy.stall(true);
  const std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancellation.cancel();
    proxy.stall(false);
  });
  EXPECT_NE(refusal(
                [&] {
                  while (true) upload->write(noise(1'000'000));
                },
                ErrorKind::interrupted),
            "");
  upload.reset();
  EXPECT_EQ(files(), std::vector<std::string>{});
}

}  // namespace
}  // namespace wobackup::test
