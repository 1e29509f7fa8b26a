// WOBACKUP_* variables go before the file.
#include <gtest/gtest.h>

#include <cstdlib>

#include "config/loading.h"

namespace wobackup {
namespace {

using test::load;

class Environment : public ::testing::Test {
 protected:
  ~Environment() override {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
  }
  void set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  std::string refusal_with(const std::string& name, const std::string& value) {
    set(name, value);
    const std::string told = test::refusal(folder_, "");
    ::unsetenv(name.c_str());
    return told;
  }
  test::ScratchFolder folder_;

 private:
  std::vector<std::string> set_;
};

TEST_F(Environment, Variables_ReplaceWhatTheFileSays) {
  set("WOBACKUP_REGISTRY", "/env/dbase.db");
  set("WOBACKUP_STATE_DIR", "/env/state");
  set("WOBACKUP_BACKUP_ROOT", "/env/backups");
  set("WOBACKUP_DEFAULTS_FILE", "/env/my.cnf");
  set("WOBACKUP_MIN_FREE", "0");
  set("WOBACKUP_THREADS", "3");
  set("WOBACKUP_LEVEL", "19");
  set("WOBACKUP_LIMIT_RATE", "20M");
  const Config config = load(folder_, R"(
registry = "/file/dbase.db"
min_free = "1G"
threads = 1
level = 1
)");
  EXPECT_EQ(config.registry, "/env/dbase.db");
  EXPECT_EQ(config.state_dir, "/env/state");
  EXPECT_EQ(config.backup_root, "/env/backups");
  EXPECT_EQ(config.database.defaults_file, "/env/my.cnf");
  EXPECT_EQ(config.min_free_bytes, 0U);
  EXPECT_EQ(config.threads, 3U);
  EXPECT_EQ(config.level, 19);
  EXPECT_EQ(config.limit_rate, std::uint64_t{20} << 20U);
}

TEST_F(Environment, TheBackupRoot_GoesBeforeThatOfOneSiteInTheFile) {
  set("WOBACKUP_BACKUP_ROOT", "/env/backups");
  const Config config = load(folder_, "[site.\"a.example\"]\nbackup_root = \"/file/backups\"\n");
  EXPECT_FALSE(config.for_site("a.example").backup_root);
  EXPECT_EQ(config.backup_root, "/env/backups");
}

TEST_F(Environment, EmptyVariables_AreAsIfUnset) {
  set("WOBACKUP_LEVEL", "");
  set("WOBACKUP_REGISTRY", "");
  const Config config = load(folder_, "level = 5\n");
  EXPECT_EQ(config.level, 5);
  EXPECT_EQ(config.registry, "/var/lib/wo/dbase.db");
}

TEST_F(Environment, TheConfigFile_IsNamedByAVariableUnlessTheCallerNamesOne) {
  const auto named = folder_.write("named.toml", "level = 11\n");
  set("WOBACKUP_CONFIG", named.string());
  EXPECT_EQ(Config::load().level, 11);
  EXPECT_EQ(Config::load().file, named);
  EXPECT_EQ(load(folder_, "level = 12\n").level, 12);
  set("WOBACKUP_CONFIG", (folder_ / "none.toml").string());
  EXPECT_THROW(static_cast<void>(Config::load()), Error);
}

TEST_F(Environment, WrongValues_AreRefusedWithTheVariablesName) {
  EXPECT_EQ(refusal_with("WOBACKUP_LEVEL", "20"),
            "the environment variable WOBACKUP_LEVEL must be a whole number from 1 to 19, not \"20\" | ");
  for (const auto& [name, value] :
       std::initializer_list<std::pair<const char*, const char*>>{{"WOBACKUP_LEVEL", "0"},
                                                                  {"WOBACKUP_LEVEL", "3x"},
                                                                  {"WOBACKUP_LEVEL", "3.5"},
                                                                  {"WOBACKUP_THREADS", "-1"},
                                                                  {"WOBACKUP_THREADS", "1k"},
                                                                  {"WOBACKUP_THREADS", "99999999999999999999"},
                                                                  {"WOBACKUP_MIN_FREE", "much"},
                                                                  {"WOBACKUP_LIMIT_RATE", "-5"},
                                                                  {"WOBACKUP_REGISTRY", "dbase.db"},
                                                                  {"WOBACKUP_STATE_DIR", "./state"},
                                                                  {"WOBACKUP_BACKUP_ROOT", "~/backups"},
                                                                  {"WOBACKUP_DEFAULTS_FILE", "my.cnf"}}) {
    EXPECT_NE(refusal_with(name, value).find(name), std::string::npos) << name << "=" << value;
  }
}

}  // namespace
}  // namespace wobackup
