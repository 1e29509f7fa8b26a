// Help texts, version, and what is said of command lines that make no sense.
#include "cli/command_line.h"
#include "cli/table.h"
#include "wobackup/service.h"

namespace wobackup {
namespace {

using test::contains;

class Help : public test::CommandLine {};

const char* const kCommands[] = {"create", "list",    "info",   "copy",       "ls",      "find",       "diff",
                                 "dump",   "restore", "verify", "guard",      "update",  "autoupdate", "key",
                                 "sites",  "doctor",  "config", "completion", "version", "help"};

TEST_F(Help, EveryCommand_IsExplainedWithExamplesOfItsOwn) {
  for (const std::string command : kCommands) {
    const test::Ran ran = run({command, "--help"});
    EXPECT_EQ(ran.exit_code, 0) << command;
    EXPECT_EQ(ran.err, "") << command;
    EXPECT_TRUE(contains(ran.out, "Usage: wobackup " + command + " "));
    const std::size_t examples = ran.out.find("\nExamples:\n");
    ASSERT_NE(examples, std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("wobackup " + command, examples), std::string::npos) << ran.out;
    EXPECT_EQ(ran.out, run({"help", command}).out);
    EXPECT_EQ(ran.out, run({command, "-h"}).out);
  }
}

TEST_F(Help, Texts_FitEightyColumnsAndHoldNoEmptyBlocks) {
  std::vector<std::string> texts{run({"--help"}).out};
  for (const char* command : kCommands) texts.push_back(run({"help", command}).out);
  for (const std::string& text : texts) {
    for (const std::string& line : test::lines_of(text)) EXPECT_LE(cli::display_width(line), 80U) << line;
    EXPECT_EQ(text.find("\n\n\n"), std::string::npos) << text;
    for (const char* inner : {"INT in", "REQUIRED", "SUBCOMMAND"}) EXPECT_EQ(text.find(inner), std::string::npos);
  }
}

TEST_F(Help, WithoutACommand_IsOfTheWholeProgram) {
  const test::Ran asked = run({"help"});
  EXPECT_EQ(asked.exit_code, 0);
  EXPECT_EQ(asked.out, run({"--help"}).out);
  for (const std::string command : kCommands) EXPECT_TRUE(contains(asked.out, "\n  " + command + " "));
  for (const char* code : {"2 wrong usage", "3 incomplete", "10 not found", "11 locked", "23 no space"}) {
    EXPECT_TRUE(contains(asked.out, code));
  }
  const test::Ran bare = run({});
  EXPECT_EQ(bare.exit_code, 2);
  EXPECT_EQ(bare.out, "");
  EXPECT_EQ(bare.err, asked.out);
}

TEST_F(Help, Version_IsOneLine) {
  const test::Ran ran = run({"version"});
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.out, std::string("wobackup ") + version() + "\n");
  EXPECT_EQ(run({"--version"}).out, ran.out);
  EXPECT_EQ(run({"-V"}).out, ran.out);
  EXPECT_EQ(run({"--json", "version"}).objects().back()["version"], version());
}

TEST_F(Help, MistypedCommand_GetsTheNearestOne) {
  const test::Ran ran = run({"creat", "example.com"});
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_EQ(ran.err, "error: \"creat\" is not a command\nHint: did you mean \"create\"?\n");
  EXPECT_EQ(run({"help", "lst"}).err, "error: \"lst\" is not a command\nHint: did you mean \"list\"?\n");
  EXPECT_TRUE(contains(run({"frobnicate"}).err, "Hint: `wobackup help` lists the commands\n"));
  EXPECT_TRUE(contains(run({"--config", "/x", "creat"}).err, "\"creat\" is not a command"));
}

TEST_F(Help, WrongArguments_AreNamedAndPointToTheCommandsHelp) {
  const auto told = [&](const std::vector<std::string>& arguments) {
    const test::Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments.front();
    EXPECT_EQ(ran.out, "") << arguments.front();
    return ran.err;
  };
  const std::string see_create = "\nHint: see `wobackup create --help`\n";
  EXPECT_EQ(told({"create", "--bogus"}), "error: unknown option: --bogus" + see_create);
  EXPECT_EQ(told({"--config", "/x", "create", "--bogus"}), "error: unknown option: --bogus" + see_create);
  EXPECT_EQ(told({"list", "a.example", "b.example"}),
            "error: unexpected argument: \"b.example\"\nHint: see `wobackup list --help`\n");
  for (const char* wrong : {"0", "65", "many"}) {
    EXPECT_TRUE(contains(told({"create", "a.example", "--threads", wrong}), "--threads"));
  }
  EXPECT_TRUE(contains(told({"create", "a.example", "--level", "20"}), "--level"));
  EXPECT_TRUE(contains(told({"create", "a.example", "--reason"}), "--reason"));
  EXPECT_TRUE(contains(told({"config"}), "`wobackup config show` or `wobackup config validate`"));
  EXPECT_TRUE(contains(told({"config", "edit"}), "\"edit\""));
  EXPECT_TRUE(contains(told({"completion"}), "no shell was named\nHint: known shells: bash"));
  EXPECT_TRUE(contains(told({"completion", "fish"}), "fish"));
  EXPECT_TRUE(contains(told({"info"}), "Hint: name one: SITE, SITE/latest, SITE/NAME, or an archive's path"));
}

}  // namespace
}  // namespace wobackup
