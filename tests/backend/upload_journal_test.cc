// What is left of a killed upload is found by the next run, and what is under way is let alone.
#include "backend/upload_journal.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fakes/scratch_folder.h"

namespace wobackup::test {
namespace {

std::vector<std::string> abandoned(const UploadJournal& journal, const std::string& store, bool taken_away = true) {
  std::vector<std::string> found;
  journal.visit_abandoned(store, [&](const std::string& key, const std::string& handle) {
    found.push_back(key + " " + handle);
    return taken_away;
  });
  return found;
}

TEST(UploadJournal, UploadUnderWay_IsNotAbandoned) {
  const ScratchFolder folder;
  const UploadJournal journal(folder / "state/uploads");
  EXPECT_TRUE(abandoned(journal, "store").empty());  // there is no folder yet
  JournaledUpload upload = journal.begin("store", "key", "id");
  EXPECT_TRUE(abandoned(UploadJournal(folder / "state/uploads"), "store").empty());
  upload.forget();
  EXPECT_TRUE(std::filesystem::is_empty(folder / "state/uploads"));
}

TEST(UploadJournal, DroppedUpload_IsFoundUntilItWasTakenAway) {
  const ScratchFolder folder;
  const UploadJournal journal(folder.path());
  static_cast<void>(journal.begin("store", "key", "id\"\n+/="));
  static_cast<void>(journal.begin("other", "key", "id"));
  EXPECT_EQ(abandoned(journal, "store", false), std::vector<std::string>{"key id\"\n+/="});
  EXPECT_EQ(abandoned(journal, "store"), std::vector<std::string>{"key id\"\n+/="});
  EXPECT_TRUE(abandoned(journal, "store").empty());
  EXPECT_EQ(abandoned(journal, "other"), std::vector<std::string>{"key id"});
}

TEST(UploadJournal, KilledProcess_LeavesItsRecord) {
  const ScratchFolder folder;
  const UploadJournal journal(folder.path());
  const pid_t child = ::fork();
  if (child == 0) {
    const JournaledUpload upload = journal.begin("store", "killed", "id");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(abandoned(journal, "store"), std::vector<std::string>{"killed id"});
}

TEST(UploadJournal, WhatIsNoRecord_IsPassedOver) {
  const ScratchFolder folder;
  const UploadJournal journal(folder.path());
  folder.write("a.upload", "");
  folder.write("b.upload", "[1]");
  folder.write("c.upload", R"({"store": 7})");
  folder.write("d.txt", R"({"store": "store", "key": "k", "handle": "h"})");
  std::filesystem::create_symlink("/etc/passwd", folder / "e.upload");
  EXPECT_TRUE(abandoned(journal, "store").empty());
  EXPECT_TRUE(std::filesystem::exists(folder / "a.upload"));
}

}  // namespace
}  // namespace wobackup::test
