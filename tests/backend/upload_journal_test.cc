// What is left of a killed upload is found by the next run, and what is under way is let alone.
#include "backend/upload_journal.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fakes/scratch_folder.h"

namespace wobackup::test {
namespace {

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds{1'700'000'000}};

std::vector<std::string> abandoned(const UploadJournal& journal, const std::string& store, bool taken_away = true) {
  std::vector<std::string> found;
  journal.visit_abandoned(store, [&](const AbandonedUpload& upload) {
    EXPECT_EQ(upload.begun, kNow);
    found.push_back(upload.key + " " + upload.handle + (upload.alone ? "" : " and others"));
    return taken_away;
  });
  return found;
}

TEST(UploadJournal, UploadUnderWay_IsNotAbandoned) {
  const ScratchFolder folder;
  const UploadJournal journal(folder / "state/uploads");
  EXPECT_TRUE(abandoned(journal, "store").empty());  // there is no folder yet
  JournaledUpload upload = journal.begin("store", "key", "id", kNow);
  EXPECT_TRUE(abandoned(UploadJournal(folder / "state/uploads"), "store").empty());
  upload.forget();
  EXPECT_TRUE(std::filesystem::is_empty(folder / "state/uploads"));
}

TEST(UploadJournal, DroppedUpload_IsFoundUntilItWasTakenAway) {
  const ScratchFolder folder;
  const UploadJournal journal(folder.path());
  static_cast<void>(journal.begin("store", "key", "id\"\n+/=", kNow));
  static_cast<void>(journal.begin("other", "key", "id", kNow));
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
    const JournaledUpload upload = journal.begin("store", "killed", "id", kNow);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(abandoned(journal, "store"), std::vector<std::string>{"killed id"});
}

TEST(UploadJournal, HandleComesLater_OrIsCutOffByAKill) {
  const ScratchFolder folder;
  const UploadJournal journal(folder.path());
  journal.begin("store", "a", "", kNow).found_by("id", true);
  EXPECT_EQ(abandoned(journal, "store"), std::vector<std::string>{"a id"});
  journal.begin("store", "b", "", kNow).found_by("id", false);
  EXPECT_EQ(abandoned(journal, "store"), std::vector<std::string>{"b id and others"});
  static_cast<void>(journal.begin("store", "c", "", kNow));
  const auto record = std::filesystem::directory_iterator(folder.path())->path();
  std::ofstream(record, std::ios::app) << R"({"handle": "i)";
  EXPECT_EQ(abandoned(journal, "store"), std::vector<std::string>{"c  and others"});
}

TEST(UploadJournal, CopiedStateFolder_IsAnotherMachines) {
  const ScratchFolder folder;
  static_cast<void>(UploadJournal(folder.path(), "one").begin("store", "key", "id", kNow));
  EXPECT_TRUE(abandoned(UploadJournal(folder.path(), "two"), "store").empty());
  EXPECT_EQ(abandoned(UploadJournal(folder.path(), "one"), "store"), std::vector<std::string>{"key id"});
}

TEST(UploadJournal, RivalIsWhoUploadsTheSame) {
  const ScratchFolder folder;
  const UploadJournal journal(folder.path());
  static_cast<void>(journal.begin("store", "key", "", kNow));
  const auto has_rival = [&] {
    bool rival = false;
    journal.visit_abandoned("store", [&](const AbandonedUpload& upload) {
      rival = upload.has_rival();
      return false;
    });
    return rival;
  };
  EXPECT_FALSE(has_rival());
  const JournaledUpload another_key = journal.begin("store", "other", "", kNow);
  const JournaledUpload elsewhere = journal.begin("elsewhere", "key", "", kNow);
  EXPECT_FALSE(has_rival());
  JournaledUpload same = journal.begin("store", "key", "", kNow);
  EXPECT_TRUE(has_rival());
  same.forget();
  EXPECT_FALSE(has_rival());
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
