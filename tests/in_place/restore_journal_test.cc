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
  journal.archive = "/x.tar.zst";
  journal.started = "2025-01-20T14:25:30+00:00";
  journal.files.emplace();
  journal.files->stage = ".wobackup-restore-0123";
  journal.files->stage_identity = {1, ~std::uint64_t{0}};
  journal.phase = JournalPhase::swapping;
  journal.files->steps = {{"htdocs", FileIdentity{1, 2}, FileIdentity{1, 3}},
                          {"new\nname", FileIdentity{1, 4}, std::nullopt}};
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
  EXPECT_EQ(loaded->files->stage_identity, example().files->stage_identity);
  EXPECT_EQ(loaded->phase, JournalPhase::swapping);
  ASSERT_EQ(loaded->files->steps.size(), 2U);
  EXPECT_EQ(loaded->files->steps[0].live, (FileIdentity{1, 3}));
  EXPECT_EQ(loaded->files->steps[1].path, "new\nname");
  EXPECT_FALSE(loaded->files->steps[1].live);
  EXPECT_FALSE(loaded->database);
  file.remove();
  EXPECT_FALSE(file.load());
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
