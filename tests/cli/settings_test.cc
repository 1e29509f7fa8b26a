// Where settings come from and which of them wins, as seen from the command line.
#include "cli/command_line.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class Settings : public test::CommandLine {
 protected:
  [[nodiscard]] Json shown(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments{"--json", "config", "show"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    return ran.objects().back();
  }
};

TEST_F(Settings, BackupRoot_FlagBeforeEnvironmentBeforeConfigBeforeDefault) {
  add_site("a.example");
  const auto root_in_use = [&](const std::vector<std::string>& more = {}) {
    return backed_up("a.example", more).parent_path().parent_path();
  };
  EXPECT_EQ(root_in_use(), www("a.example") / "backup");
  write_config("backup_root = \"" + (root() / "by-config").string() + "\"\n");
  EXPECT_EQ(root_in_use(), root() / "by-config");
  ::setenv("WOBACKUP_BACKUP_ROOT", (root() / "by-environment").c_str(), 1);
  EXPECT_EQ(root_in_use(), root() / "by-environment");
  EXPECT_EQ(root_in_use({"--path", (root() / "by-flag").string()}), root() / "by-flag");
  // list and info look where create writes.
  for (const std::string place : {"by-environment", "by-flag"}) {
    const Ran list = run({"--json", "list", "a.example", "--path", (root() / place).string()});
    ASSERT_EQ(list.objects("snapshot").size(), 1U) << list.out;
    EXPECT_TRUE(contains(list.objects("snapshot")[0]["archive"], "/" + place + "/"));
    const Ran told = run({"--json", "info", "a.example", "--path", (root() / place).string()});
    EXPECT_TRUE(contains(told.objects().back()["archive_path"], "/" + place + "/"));
  }
  EXPECT_TRUE(contains(info("a.example")["archive_path"], "/by-environment/"));
}

TEST_F(Settings, Level_FlagBeforeEnvironmentBeforeConfig) {
  add_site("a.example");
  std::string text;
  for (unsigned i = 0, state = 1; i < 60'000; ++i) {
    state = state * 1'103'515'245U + 12345U;
    text += std::to_string((state >> 16U) % 500) + " ";
  }
  write("www/a.example/htdocs/text", text);
  const auto size = [&](const std::vector<std::string>& more = {}) {
    return fs::file_size(backed_up("a.example", more));
  };
  write_config("level = 19\n");
  const auto small = size();
  ::setenv("WOBACKUP_LEVEL", "1", 1);
  const auto large = size();
  EXPECT_LT(small + 1000, large);
  EXPECT_LT(size({"--level", "19"}) + 1000, large);
}

TEST_F(Settings, Others_EnvironmentBeforeConfigBeforeDefault) {
  EXPECT_EQ(shown()["level"], 3);
  EXPECT_EQ(shown()["threads"], 0);
  EXPECT_EQ(shown()["limit_rate"], 0);
  write_config("level = 5\nthreads = 2\nlimit_rate = \"1M\"\n");
  EXPECT_EQ(shown()["level"], 5);
  EXPECT_EQ(shown()["threads"], 2);
  EXPECT_EQ(shown()["limit_rate"], 1 << 20);
  ::setenv("WOBACKUP_LEVEL", "7", 1);
  ::setenv("WOBACKUP_THREADS", "3", 1);
  ::setenv("WOBACKUP_LIMIT_RATE", "2M", 1);
  EXPECT_EQ(shown()["level"], 7);
  EXPECT_EQ(shown()["threads"], 3);
  EXPECT_EQ(shown()["limit_rate"], 2 << 20);
}

TEST_F(Settings, ConfigFile_ByFlagBeforeByEnvironment) {
  write("other.toml", "level = 9\n");
  ::chmod((root() / "other.toml").c_str(), 0600);
  EXPECT_EQ(shown()["level"], 3);
  EXPECT_EQ(shown({"--config", (root() / "other.toml").string()})["level"], 9);
  EXPECT_EQ(run({"--config=" + (root() / "other.toml").string(), "config", "validate"}).out,
            (root() / "other.toml").string() + " is valid\n");
  const Ran missing = run({"--config", (root() / "none.toml").string(), "sites"});
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_TRUE(contains(missing.err, "none.toml"));
}

TEST_F(Settings, GlobalOptions_StandBeforeOrBehindTheCommand) {
  add_site("a.example");
  EXPECT_EQ(run({"--json", "sites"}).out, run({"sites", "--json"}).out);
  EXPECT_EQ(run({"-q", "sites"}).out, run({"sites", "-q"}).out);
}

TEST_F(Settings, UnknownKey_IsRefusedWithItsLine) {
  write_config("levle = 5\n");  // the fourth line
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"config", "validate"}, {"sites"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_TRUE(contains(ran.err, config_file().string() + ":4: unknown setting \"levle\"\n"));
    EXPECT_TRUE(contains(ran.err, "Hint: did you mean \"level\"?"));
  }
}

TEST_F(Settings, WrongValues_AreRefusedWithTheirPlace) {
  write_config("level = 99\n");
  EXPECT_TRUE(contains(run({"config", "validate"}).err, "wobackup.toml:4: "));
  write_config("level = \n");
  const Ran ran = run({"config", "validate"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "wobackup.toml:4: "));
  write_config();
  ::setenv("WOBACKUP_LEVEL", "99", 1);
  EXPECT_TRUE(contains(run({"sites"}).err, "WOBACKUP_LEVEL"));
}

TEST_F(Settings, Show_TellsWhatIsInForceWithoutPasswords) {
  write_config(
      "[site.\"a.example\"]\nexclude = [\"*.log\"]\n[site.\"a.example\".database]\nname = \"shop\"\npassword = "
      "\"hush-hush\"\n");
  const Ran ran = run({"config", "show"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(ran.out, "registry = \"" + registry().string() + "\"\n"));
  EXPECT_TRUE(contains(ran.out, "level = 3\n"));
  EXPECT_TRUE(contains(ran.out, "shop"));
  EXPECT_EQ(ran.out.find("hush"), std::string::npos);
  EXPECT_EQ(run({"--json", "config", "show"}).out.find("hush"), std::string::npos);
}

TEST_F(Settings, Validate_SaysWhichFileIsValid) {
  EXPECT_EQ(run({"config", "validate"}).out, config_file().string() + " is valid\n");
  const Json sum = run({"--json", "config", "validate"}).objects().back();
  EXPECT_EQ(sum["valid"], true);
  EXPECT_EQ(sum["file"], config_file().string());
}

}  // namespace
}  // namespace wobackup
