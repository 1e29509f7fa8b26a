// The completion script, run by bash.
#include <unistd.h>

#include <algorithm>

#include "cli/command_line.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;

class Completion : public test::CommandLine {
 protected:
  Completion() {
    add_site("a.example");
    add_site("b.example");
    write("completion", run({"completion", "bash"}).out);
    write("bin/wobackup", "#!/bin/sh\nexec " WOBACKUP_COMMAND " \"$@\"\n");
    ::chmod((root() / "bin/wobackup").c_str(), 0700);
  }
  // What is offered for the last word.
  [[nodiscard]] std::vector<std::string> offered(const std::vector<std::string>& words) const {
    const std::string script =
        "export WOBACKUP_CONFIG='" + environment_config_ + "'\nsource completion\nPATH=" + (root() / "bin").string() +
        ":$PATH\nCOMP_WORDS=(wobackup \"$@\")\nCOMP_CWORD=$#\n_wobackup wobackup\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    std::vector<std::string> argv{"bash", "--norc", "-c", script, "bash"};
    argv.insert(argv.end(), words.begin(), words.end());
    std::vector<std::string> lines = test::lines_of(test::run_in(root(), argv));
    std::erase(lines, "");
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  using Words = std::vector<std::string>;
  std::string environment_config_ = config_file().string();
};

TEST_F(Completion, Script_IsGoodBash) {
  EXPECT_EQ(test::run_in(root(), {"bash", "-n", "completion"}), "");
  EXPECT_TRUE(contains(test::run_in(root(), {"bash", "--norc", "-c", "source completion; complete -p wobackup"}),
                       "-F _wobackup wobackup"));
}

TEST_F(Completion, Commands) {
  EXPECT_EQ(offered({"c"}), (Words{"completion", "config", "copy", "create"}));
  EXPECT_EQ(offered({"help", "s"}), Words{"sites"});
  EXPECT_EQ(offered({"config", "v"}), Words{"validate"});
  EXPECT_EQ(offered({"completion", ""}).front(), "--config");
  EXPECT_EQ(offered({"completion", "b"}), Words{"bash"});
  EXPECT_EQ(offered({"autoupdate", ""}), (Words{"run", "schedule"}));
  EXPECT_EQ(offered({"autoupdate", "schedule", ""}), (Words{"disable", "enable", "status"}));
  EXPECT_EQ(offered({"autoupdate", "run", "a"}), Words{"a.example"});
  EXPECT_EQ(offered({"autoupdate", "schedule", "enable", "--d"}), (Words{"--daily", "--dry-run"}));
}

TEST_F(Completion, SitesAndBackups_AreTheRealOnes) {
  const fs::path archive = backed_up("a.example");
  EXPECT_EQ(offered({"create", ""}), (Words{"a.example", "b.example"}));
  EXPECT_EQ(offered({"create", "a.example", "b"}), Words{"b.example"});
  EXPECT_EQ(offered({"list", "a"}), Words{"a.example"});
  EXPECT_EQ(offered({"info", "a"}), Words{"a.example"});
  EXPECT_EQ(offered({"info", "a.example/"}),
            (Words{"a.example/" + archive.stem().stem().string(), "a.example/latest"}));
}

TEST_F(Completion, ConfigFileOnTheLine_IsUsed) {
  environment_config_ = "/none";
  const std::string config = config_file().string();
  EXPECT_EQ(offered({"--config", config, "create", "b"}), Words{"b.example"});
  EXPECT_EQ(offered({"--config", "=", config, "create", "b"}), Words{"b.example"});
}

TEST_F(Completion, OptionsAndTheirValues) {
  EXPECT_EQ(offered({"create", "--ex"}), (Words{"--exclude", "--exclude-caches"}));
  EXPECT_EQ(offered({"create", "--type", "f"}), (Words{"files", "full"}));
  EXPECT_EQ(offered({"create", "--type", "=", "d"}), Words{"db"});
  EXPECT_EQ(offered({"create", "--type", "="}), (Words{"db", "files", "full"}));
  EXPECT_EQ(offered({"create", "--reason", ""}), Words{});
  EXPECT_EQ(offered({"--config", "wobackup.t"}), Words{"wobackup.toml"});
}

TEST_F(Completion, Stores_AreTheConfiguredOnes_AndLocalWhereThatIsOne) {
  write_config("[store.offsite]\nurl = \"s3://backups/p\"\n[store.nas]\nurl = \"/mnt/nas\"\n");
  EXPECT_EQ(offered({"create", "a.example", "--to", ""}), (Words{"local", "nas", "offsite"}));
  EXPECT_EQ(offered({"create", "a.example", "--to", "=", "l"}), Words{"local"});
  EXPECT_EQ(offered({"copy", "a.example", "--to", ""}), (Words{"nas", "offsite"}));
  EXPECT_EQ(offered({"restore", "a.example", "--from", ""}), (Words{"local", "nas", "offsite"}));
  EXPECT_EQ(offered({"list", "--from", "o"}), Words{"offsite"});
  EXPECT_EQ(offered({"copy", "--to", "./comp"}), Words{"./completion"});
  EXPECT_EQ(offered({"doctor", ""}), (Words{"nas", "offsite"}));
  static_cast<void>(backed_up("a.example"));
  EXPECT_EQ(offered({"info", "--from", "nas", "a.example/"}), Words{"a.example/latest"});
}

TEST_F(Completion, EveryOptionOfTheHelp_IsOffered) {
  for (const std::string command : {"create", "list", "info", "sites", "config", "version"}) {
    const Words known = offered({command, "--"});
    for (const std::string& line : test::lines_of(run({"help", command}).out)) {
      if (!line.starts_with("  -")) continue;
      const std::size_t begin = line.find("--");
      const std::string option = line.substr(begin, line.find_first_of(" ,", begin) - begin);
      EXPECT_EQ(std::count(known.begin(), known.end(), option), 1) << command << option;
    }
  }
}

TEST_F(Completion, WhatIsTyped_IsNeverRun) {
  const std::string trap = "$(touch " + (root() / "trapped").string() + ")";
  static_cast<void>(offered({"create", trap}));
  static_cast<void>(offered({"info", trap + "/x"}));
  static_cast<void>(offered({trap}));
  EXPECT_FALSE(fs::exists(root() / "trapped"));
}

}  // namespace
}  // namespace wobackup
