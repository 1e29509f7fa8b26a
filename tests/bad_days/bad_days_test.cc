// What happens to a backup when the run is killed, the disk is full, files cannot be read, or somebody else is at work:
// the real command as a child process, on a site without a database.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "bad_days/child.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using test::Child;
using test::Ended;
using test::kNobody;
using test::ScratchFolder;

class BadDays : public testing::Test {
 protected:
  BadDays() {
    fs::create_directories(htdocs() / "uploads");
    for (int i = 0; i < 24; ++i) write(htdocs() / "uploads" / std::to_string(i), 2'000'000);
    write_config(root() / "backups");
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] fs::path htdocs() const { return root() / "www" / "example.com" / "htdocs"; }
  [[nodiscard]] fs::path archives() const { return backups_ / "example.com"; }

  void write(const fs::path& path, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random_());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  void write_config(const fs::path& backups, const std::string& more = "min_free = \"1K\"\n") {
    backups_ = backups;
    std::ofstream(root() / "wobackup.toml")
        << "registry = \"" << (root() / "no-registry").string() << "\"\nstate_dir = \"" << (root() / "state").string()
        << "\"\nbackup_root = \"" << backups.string() << "\"\n"
        << more << "[site.\"example.com\"]\npath = \"" << (root() / "www/example.com").string()
        << "\"\ntype = \"html\"\n";
  }
  [[nodiscard]] std::vector<std::string> with_config(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--config", (root() / "wobackup.toml").string()});
    return arguments;
  }
  [[nodiscard]] Ended run(const std::vector<std::string>& arguments, bool as_nobody = false) const {
    return Child(with_config(arguments), as_nobody).wait();
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    if (!fs::exists(archives())) return found;
    for (const auto& item : fs::directory_iterator(archives())) found.push_back(item.path().filename().string());
    return found;
  }
  // All that has a final name is whole, as plain tar sees it.
  void expect_all_whole() const {
    for (const std::string& name : names()) {
      if (name.starts_with('.')) continue;
      const std::string tar = "tar --zstd -tf '" + (archives() / name).string() + "' >/dev/null 2>&1";
      EXPECT_EQ(std::system(tar.c_str()), 0) << name;
    }
  }

 private:
  ScratchFolder folder_;
  fs::path backups_;
  std::mt19937 random_{7};
};

TEST_F(BadDays, KilledAtAnyInstant_LeavesNoHalfArchive_AndTheNextRunCleansUp) {
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(run({"create", "example.com"}).exit_code, 0);
  const auto whole_run = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  int killed = 0;
  for (int i = 0; i < 20; ++i) {
    Child child(with_config({"create", "example.com"}), false);
    std::this_thread::sleep_for(
        milliseconds(static_cast<long>(random() % static_cast<unsigned>(whole_run.count() + 1))));
    child.send(SIGKILL);
    killed += child.wait().signal == SIGKILL ? 1 : 0;
    expect_all_whole();
  }
  EXPECT_GT(killed, 0);
  ASSERT_EQ(run({"create", "example.com"}).exit_code, 0);
  for (const std::string& name : names()) EXPECT_FALSE(name.starts_with('.')) << name;
  expect_all_whole();
}

TEST_F(BadDays, Interrupted_EndsWith130_AndLeavesNothing) {
  write_config(root() / "backups", "min_free = \"1K\"\nlimit_rate = \"4M\"\n");  // takes ten seconds if let
  for (const int signal : {SIGINT, SIGTERM}) {
    Child child(with_config({"create", "example.com"}), false);
    while (names().empty()) std::this_thread::sleep_for(milliseconds(5));
    child.send(signal);
    const Ended ended = child.wait();
    EXPECT_EQ(ended.exit_code, 130) << ended.output;
    EXPECT_TRUE(names().empty()) << names().front();
  }
}

TEST_F(BadDays, TwoRunsAtOnce_SecondIsToldWhoHoldsTheLock) {
  write_config(root() / "backups", "min_free = \"1K\"\nlimit_rate = \"4M\"\n");
  Child first(with_config({"create", "example.com"}), false);
  while (names().empty()) std::this_thread::sleep_for(milliseconds(5));
  const Ended second = run({"create", "example.com"});
  EXPECT_EQ(second.exit_code, 11) << second.output;
  EXPECT_NE(second.output.find("create example.com"), std::string::npos) << second.output;
  EXPECT_NE(second.output.find("since"), std::string::npos) << second.output;
  first.send(SIGINT);
  EXPECT_EQ(first.wait().exit_code, 130);
}

TEST_F(BadDays, FullDisk_Is23_AndLeavesNothing) {
  const fs::path small = root() / "small";
  fs::create_directories(small);
  for (const std::string size : {"3m", "20m", "45m"}) {
    if (::mount("tmpfs", small.c_str(), "tmpfs", 0, ("size=" + size).c_str()) != 0) GTEST_SKIP() << "no right to mount";
    write_config(small / "backups");
    const Ended ended = run({"create", "example.com"});
    EXPECT_EQ(ended.exit_code, 23) << size << ended.output;
    EXPECT_TRUE(names().empty()) << size << names().front();
    ::umount(small.c_str());
  }
}

TEST_F(BadDays, UnreadableFile_IsPublishedAsIncomplete_AndNeverTheLatest) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  const fs::path secret = htdocs() / "secret";
  write(secret, 10);
  fs::permissions(secret, fs::perms::none);
  for (const auto& item : fs::recursive_directory_iterator(root())) {
    ASSERT_EQ(::lchown(item.path().c_str(), kNobody, kNobody), 0);
  }
  ASSERT_EQ(::chown(root().c_str(), kNobody, kNobody), 0);
  const Ended ended = run({"create", "example.com"}, true);
  EXPECT_EQ(ended.exit_code, 3) << ended.output;
  EXPECT_NE(ended.output.find("htdocs/secret"), std::string::npos) << ended.output;
  ASSERT_EQ(names().size(), 1U);
  EXPECT_TRUE(names().front().ends_with("_incomplete.tar.zst")) << names().front();
  EXPECT_EQ(run({"info", "example.com/latest"}, true).exit_code, 10);
  const Ended list = run({"list", "example.com"}, true);
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_NE(list.output.find("incomplete"), std::string::npos) << list.output;
}

}  // namespace
}  // namespace wobackup
