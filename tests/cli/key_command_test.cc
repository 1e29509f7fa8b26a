// key generate, key show, and programs named as one argument.
#include <sys/stat.h>

#include "cli/command_line.h"
#include "cli/key_arguments.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"

namespace wobackup {
namespace {

using test::contains;
using test::Ran;

class KeyCommand : public test::CommandLine {};

TEST_F(KeyCommand, Generate_PrintsTheRecipientAloneAndNeverTheKey) {
  const std::string file = (root() / "key.txt").string();
  const Ran made = run({"key", "generate", file});
  ASSERT_EQ(made.exit_code, 0) << made.both();
  EXPECT_TRUE(made.out.starts_with("age1")) << made.out;
  EXPECT_EQ(test::lines_of(made.out).size(), 1U);
  EXPECT_FALSE(contains(made.both(), "AGE-SECRET-KEY"));
  EXPECT_EQ(run({"key", "show", file}).out, made.out);
  const Ran again = run({"key", "generate", file});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_TRUE(contains(again.err, "a key is never overwritten"));
  EXPECT_EQ(run({"key", "show", file}).out, made.out);
  const Json shown = run({"--json", "key", "show", file}).objects("recipient").at(0);
  EXPECT_EQ(shown["recipient"].get<std::string>() + "\n", made.out);
  EXPECT_EQ(shown["file"], file);
}

TEST_F(KeyCommand, WhatMakesNoSense_IsWrongUsage) {
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"key"}, {"key", "destroy"}, {"key", "generate"}, {"key", "generate", "a", "b"}}) {
    EXPECT_EQ(run(command).exit_code, 2) << command.size();
  }
  EXPECT_EQ(run({"key", "show", (root() / "missing").string()}).exit_code, 12);
}

TEST_F(KeyCommand, Show_WithoutFileTellsOfTheSettings) {
  const Ran none = run({"key", "show"});
  EXPECT_EQ(none.out, "");
  EXPECT_TRUE(contains(none.err, "no recipients are set"));
}

TEST(CommandArgument, IsWordsOrAJsonArray) {
  using cli::command_argument;
  EXPECT_EQ(command_argument("pass show  x", "--c"), (std::vector<std::string>{"pass", "show", "x"}));
  EXPECT_EQ(command_argument("[\"a b\", \"$(c)\"]", "--c"), (std::vector<std::string>{"a b", "$(c)"}));
  for (const char* text : {"", "  ", "[]", "[1]", "[\"\"]", "[\"a\""}) {
    EXPECT_TRUE(contains(test::refusal([&] { static_cast<void>(command_argument(text, "--c")); }, ErrorKind::usage),
                         "--c names no program"))
        << text;
  }
}

}  // namespace
}  // namespace wobackup
