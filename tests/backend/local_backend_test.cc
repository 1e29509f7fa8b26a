// What local folders add to the suite of all backends.
#include "backend/local/local_backend.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/conformance.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"

namespace wobackup::test {
namespace {

class LocalPlaceForTests final : public BackendPlace {
 public:
  std::unique_ptr<Backend> connect(const Cancellation&) override {
    return std::make_unique<LocalBackend>(folder_.path());
  }
  [[nodiscard]] std::size_t unfinished() override { return hidden_files(folder_.path()); }

 private:
  ScratchFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(Local, BackendConformance,
                         ::testing::Values(PlaceKind{"local", [] { return std::make_unique<LocalPlaceForTests>(); }}),
                         name_of_kind);

class LocalBackendTest : public ::testing::Test {
 protected:
  ScratchFolder folder;
  LocalBackend backend{folder.path()};
};

TEST_F(LocalBackendTest, FilesArePrivate) {
  ASSERT_TRUE(put(backend, "a/b", noise(10)));
  struct stat status {};
  ASSERT_EQ(::stat((folder / "a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat((folder / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
}

TEST_F(LocalBackendTest, LinksAreNotFollowed) {
  folder.write("outside/secret", "x");
  std::filesystem::create_directory(folder / "store");
  LocalBackend store(folder / "store");
  std::filesystem::create_symlink("../outside", folder / "store/folder");
  std::filesystem::create_symlink("../outside/secret", folder / "store/file");
  EXPECT_FALSE(refusal([&] { static_cast<void>(store.stat("folder/secret")); }, ErrorKind::failed).empty());
  EXPECT_FALSE(refusal([&] { static_cast<void>(store.open("file", {})); }, ErrorKind::failed).empty());
  EXPECT_FALSE(refusal([&] { static_cast<void>(store.put("folder/new", {})); }, ErrorKind::failed).empty());
  EXPECT_EQ(keys_of(store), std::vector<std::string>{});
  EXPECT_EQ(store.list("", "", [](const ObjectInfo&) { return true; }).foreign, 2U);
  EXPECT_FALSE(std::filesystem::exists(folder / "outside/new"));
}

TEST_F(LocalBackendTest, SpecialFilesDoNotBlock) {
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_FALSE(refusal([&] { static_cast<void>(backend.open("fifo", {})); }, ErrorKind::failed).empty());
  EXPECT_EQ(keys_of(backend), std::vector<std::string>{});
}

TEST_F(LocalBackendTest, MissingFolder_IsNotMade) {
  std::filesystem::create_directory(folder / "unmounted");
  for (const bool exists : {false, true}) {
    LocalBackend missing(folder / (exists ? "unmounted" : "missing"), "", exists ? ".mark" : "");
    const auto missed = [](const auto& action) { return refusal(action, ErrorKind::not_found); };
    EXPECT_FALSE(missed([&] { keys_of(missing); }).empty());
    EXPECT_FALSE(missed([&] { static_cast<void>(missing.stat("a")); }).empty());
    EXPECT_FALSE(missed([&] { static_cast<void>(missing.open("a", {})); }).empty());
    EXPECT_FALSE(missed([&] { put(missing, "site/a", noise(10)); }).empty());
    EXPECT_FALSE(missed([&] { missing.remove("a"); }).empty());
    EXPECT_FALSE(missed([&] { static_cast<void>(missing.free_bytes()); }).empty());
    EXPECT_FALSE(missed([&] { static_cast<void>(missing.remove_unfinished()); }).empty());
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "missing"));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "unmounted"));
  folder.write("unmounted/.mark", "");
  LocalBackend mounted(folder / "unmounted", "", ".mark");
  EXPECT_TRUE(put(mounted, "site/a", noise(10)));
}

TEST_F(LocalBackendTest, KilledUpload_IsTakenAway_ALiveOneIsNot) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto upload = backend.put("site/killed", {});
    upload->write(noise(100));
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  const auto alive = backend.put("site/alive", {});
  alive->write(noise(100));
  folder.write("site/.mine.partial", "somebody else's");
  EXPECT_EQ(keys_of(backend), std::vector<std::string>{});
  EXPECT_EQ(backend.remove_unfinished(), std::vector<std::string>{"site/killed"});
  EXPECT_TRUE(alive->commit());
  EXPECT_EQ(keys_of(backend), std::vector<std::string>{"site/alive"});
  EXPECT_TRUE(std::filesystem::exists(folder / "site/.mine.partial"));
}

TEST_F(LocalBackendTest, ObjectThatIsCutOffWhileItIsRead_IsNotWhole) {
  ASSERT_TRUE(put(backend, "a", noise(100'000)));
  const auto object = backend.open("a", {});
  ASSERT_EQ(::truncate((folder / "a").c_str(), 50'000), 0);
  ByteVector part(100'000);
  EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(0, part)); }, "shorter"));
}

TEST_F(LocalBackendTest, FreeSpaceIsTold) { EXPECT_GT(backend.free_bytes().value_or(0), 0U); }

}  // namespace
}  // namespace wobackup::test
