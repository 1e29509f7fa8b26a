// The journal of a restore in place.
#include "in_place/restore_journal.h"

#include <gtest/gtest.h>

#include "fakes/scratch_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

RestoreJournal example() {
  RestoreJournal journal;
  journal.site = "example.com";
  journal.site_path = "/var/www/bad\xff name";
  journal.owner = 1234;
  journal.archive = "/x.tar.zst";
  journal.started = "2025-01-20T14:25:30+00:00";
  journal.files.emplace();
  journal.files->stage = ".wobackup-restore-0123";
  journal.files->stage_identity = {1, ~std::uint64_t{0}};
  journal.phase = JournalPhase::swapping;
  journal.files->steps = {{"htdocs", FileIdentity{1, 2}, FileIdentity{1, 3}},
                          {"new\nname", FileIdentity{1, 4}, std::nullopt}};
  journal.files->steps.push_back({.path = "htdocs/up/gone", .staged = {}, .live = FileIdentity{7, 8}, .place = 1});
  journal.files->further = {{.at = "htdocs/up", .folder = {5, 6}, .stage = FileIdentity{5, 7}, .seconds = 8}};
  journal.files->staying.push_back({.path = "htdocs", .place = 0, .live = {1, 9}, .before = {}, .after = {}});
  journal.files->staying[0].after = {.mode = 02750,
                                     .uid = 33,
                                     .gid = 34,
                                     .seconds = -1,
                                     .nanoseconds = 5,
                                     .extended = {{"user.x", std::string("\0\xff", 2)}}};
  journal.files->kept = {"htdocs/\xff.log"};
  return journal;
}

TEST(RestoreJournal, ComesBackAsItWasSaved) {
  const test::ScratchFolder state;
  const JournalFile file(state.path(), "example.com");
  EXPECT_FALSE(file.load());
  file.save(example());
  const std::optional<RestoreJournal> loaded = file.load();
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->site_path, example().site_path);
  EXPECT_EQ(loaded->owner, 1234U);
  EXPECT_EQ(loaded->files->stage_identity, example().files->stage_identity);
  EXPECT_EQ(loaded->phase, JournalPhase::swapping);
  ASSERT_EQ(loaded->files->steps.size(), 3U);
  EXPECT_FALSE(loaded->files->steps[2].staged);
  EXPECT_EQ(loaded->files->steps[2].place, 1U);
  ASSERT_EQ(loaded->files->further.size(), 1U);
  EXPECT_EQ(loaded->files->further[0].at, "htdocs/up");
  EXPECT_EQ(loaded->files->further[0].stage, (FileIdentity{5, 7}));
  EXPECT_EQ(loaded->files->further[0].seconds, 8);
  ASSERT_EQ(loaded->files->staying.size(), 1U);
  EXPECT_EQ(loaded->files->staying[0].live, (FileIdentity{1, 9}));
  EXPECT_EQ(loaded->files->staying[0].before, FolderAttributes{});
  EXPECT_EQ(loaded->files->staying[0].after, example().files->staying[0].after);
  EXPECT_EQ(loaded->files->kept, example().files->kept);
  EXPECT_EQ(loaded->files->steps[0].live, (FileIdentity{1, 3}));
  EXPECT_EQ(loaded->files->steps[1].path, "new\nname");
  EXPECT_FALSE(loaded->files->steps[1].live);
  EXPECT_FALSE(loaded->database);
  file.remove();
  EXPECT_FALSE(file.load());
}

TEST(RestoreJournal, StepWithoutAPlace_IsRefused) {
  const test::ScratchFolder state;
  const JournalFile file(state.path(), "example.com");
  RestoreJournal journal = example();
  journal.files->steps[0].place = 2;
  file.save(journal);
  EXPECT_THROW(static_cast<void>(file.load()), Error);
}

TEST(RestoreJournal, OneThatCannotBeUnderstood_IsAnErrorNotNone) {
  const test::ScratchFolder state;
  const JournalFile file(state.path(), "example.com");
  for (const char* text : {"", "{}", "{\"format\":2}", "null", "{\"format\":1,\"site\":5}"}) {
    state.write("restores/example.com.json", text);
    EXPECT_THROW(static_cast<void>(file.load()), Error) << text;
  }
}

}  // namespace
}  // namespace wobackup
