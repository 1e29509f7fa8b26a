#include "store/archive/archive_list.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "store/archive/made_archive.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using test::made_archive;
using test::refuses;

class ArchiveList : public ::testing::Test {
 protected:
  void put(const std::string& name, const ByteVector& bytes = made_archive()) {
    test::write_file(folder_ / name, bytes);
  }
  std::vector<SnapshotRef> list() const {
    const UniqueFd fd(::open(folder_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return list_archives(fd.get(), folder_.path(), "example.com", {});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const SnapshotRef& ref : list()) names.push_back(ref.name);
    return names;
  }
  test::ScratchFolder folder_;
};

TEST_F(ArchiveList, NewestFirstByTheName_WhateverTheFilesTimes) {
  for (const char* name :
       {"2025-01-20_14-25-30", "2024-12-31_23-59-59", "2025-01-20_14-25-31", "2025-01-20_14-25-30_x"})
    put(std::string(name) + ".tar.zst");
  std::filesystem::last_write_time(folder_ / "2024-12-31_23-59-59.tar.zst",
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(names(), (std::vector<std::string>{"2025-01-20_14-25-31", "2025-01-20_14-25-30_x", "2025-01-20_14-25-30",
                                               "2024-12-31_23-59-59"}));
}

TEST_F(ArchiveList, WhatIsNoArchiveByName_IsPassedOver) {
  put("2025-01-20_14-25-30.tar.zst");
  for (const char* name : {"notes.txt", ".2025-01-20_14-25-31.tar.zst.partial", "x.tar.zst", "2025-01-20_14-25-32.tar"})
    put(name);
  std::filesystem::create_directory(folder_ / "2025-01-20_14-25-33.tar.zst");
  EXPECT_EQ(names(), std::vector<std::string>{"2025-01-20_14-25-30"});
}

TEST_F(ArchiveList, IndexedArchive_HasTypeAndReason) {
  put("2025-01-20_14-25-30.tar.zst");
  const SnapshotRef ref = list().at(0);
  EXPECT_EQ(ref.site, "example.com");
  EXPECT_EQ(ref.archive, folder_ / "2025-01-20_14-25-30.tar.zst");
  EXPECT_EQ(ref.size_bytes, std::filesystem::file_size(ref.archive));
  EXPECT_TRUE(ref.indexed);
  EXPECT_TRUE(ref.complete);
  EXPECT_EQ(ref.type, "full");
  EXPECT_EQ(ref.reason, "test");
  EXPECT_EQ(ref.problem, "");
}

TEST_F(ArchiveList, IncompleteArchive_IsIncompleteUnderAnyName) {
  put("2025-01-20_14-25-30_incomplete.tar.zst");
  put("2025-01-20_14-25-31.tar.zst", made_archive({.unreadable = {"htdocs/x"}}));
  for (const SnapshotRef& ref : list()) EXPECT_FALSE(ref.complete) << ref.name;
}

TEST_F(ArchiveList, ArchiveOfTheOlderService_IsListedUnindexed) {
  folder_.write("2025-01-20_14-25-30/vhost.json", R"({"backup_type":"full","backup_reason":7})");
  test::run_in(folder_.path(),
               {"tar", "--zstd", "-cf", "2025-01-20_14-25-30_preupdate.tar.zst", "2025-01-20_14-25-30"});
  const SnapshotRef ref = list().at(0);
  EXPECT_FALSE(ref.indexed);
  EXPECT_TRUE(ref.complete);
  EXPECT_EQ(ref.type, "full");
  EXPECT_FALSE(ref.reason);
  EXPECT_EQ(ref.problem, "");
}

TEST_F(ArchiveList, BadFiles_AreListedWithTheirProblem_AndTheOthersToo) {
  put("2025-01-20_14-25-30.tar.zst");
  put("2025-01-20_14-25-31.tar.zst", {});
  put("2025-01-20_14-25-32.tar.zst", ByteVector(5000, std::byte{0x42}));
  ByteVector cut = made_archive();
  cut.resize(cut.size() - 20);
  put("2025-01-20_14-25-33.tar.zst", cut);
  put("2025-01-20_14-25-34.tar.zst", made_archive({.vhost = std::string(1000, '[')}));
  const auto refs = list();
  ASSERT_EQ(refs.size(), 5U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NE(refs[i].problem, "") << refs[i].name;
  EXPECT_EQ(refs[4].problem, "");
}

TEST_F(ArchiveList, LinksAndFifos_AreProblemsAndNotOpened) {
  test::write_file(folder_ / "elsewhere", made_archive());
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "2025-01-20_14-25-30.tar.zst");
  ASSERT_EQ(::mkfifo((folder_ / "2025-01-20_14-25-31.tar.zst").c_str(), 0600), 0);
  const auto refs = list();
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0].problem, "is not a regular file");
  EXPECT_EQ(refs[1].problem, "is a symbolic link");
  EXPECT_FALSE(refs[1].type);
}

TEST_F(ArchiveList, Info_BeginsWithVhostJsonAndAddsWhatTheFileTells) {
  put("2025-01-20_14-25-30.tar.zst");
  const std::filesystem::path path = folder_ / "2025-01-20_14-25-30.tar.zst";
  const timespec times[2] = {{1'700'000'000, 250'000'000}, {1'700'000'000, 250'000'000}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const Json info = archive_info(path, {});
  std::vector<std::string> keys;
  for (const auto& [key, value] : info.items()) keys.push_back(key);
  ASSERT_GE(keys.size(), 8U);
  keys.resize(8);
  EXPECT_EQ(keys, (std::vector<std::string>{"sitename", "backup_type", "backup_reason", "archive_path", "archive_size",
                                            "archive_mtime", "indexed", "complete"}));
  EXPECT_EQ(info["archive_path"], path.string());
  EXPECT_EQ(info["archive_size"], std::filesystem::file_size(path));
  EXPECT_EQ(info["archive_mtime"], 1'700'000'000.25);
  EXPECT_EQ(info["indexed"], true);
  EXPECT_EQ(info["complete"], true);
  EXPECT_EQ(info["files"], 2);
  EXPECT_EQ(info["tar_bytes"], 10240);
}

TEST_F(ArchiveList, InfoOfAnotherProgramsArchive_SaysSo) {
  folder_.write("2025-01-20_14-25-30/vhost.json", R"({"sitename":"example.com"})");
  test::run_in(folder_.path(), {"tar", "--zstd", "-cf", "2025-01-20_14-25-30.tar.zst", "2025-01-20_14-25-30"});
  const Json info = archive_info(folder_ / "2025-01-20_14-25-30.tar.zst", {});
  EXPECT_EQ(info["sitename"], "example.com");
  EXPECT_EQ(info["indexed"], false);
  EXPECT_EQ(info["complete"], true);
  EXPECT_FALSE(info.contains("files"));
}

TEST_F(ArchiveList, InfoOfBadFiles_IsAnErrorThatNamesTheFile) {
  const auto info_of = [this](const std::string& name) {
    return [path = folder_ / name] { static_cast<void>(archive_info(path, {})); };
  };
  put("empty.tar.zst", {});
  put("text.tar.zst", ByteVector(5000, std::byte{0x42}));
  ByteVector damaged = made_archive();
  damaged[30] ^= std::byte{1};
  put("damaged.tar.zst", damaged);
  std::filesystem::create_directory(folder_ / "folder.tar.zst");
  ASSERT_EQ(::mkfifo((folder_ / "fifo.tar.zst").c_str(), 0600), 0);
  for (const char* name : {"empty.tar.zst", "text.tar.zst", "damaged.tar.zst", "folder.tar.zst", "fifo.tar.zst"}) {
    EXPECT_TRUE(refuses(info_of(name), name)) << name;
  }
}

TEST_F(ArchiveList, InfoOfAMissingFile_IsNotFound) {
  try {
    static_cast<void>(archive_info(folder_ / "missing.tar.zst", {}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_NE(error.hint(), "");
  }
}

}  // namespace
}  // namespace wobackup
