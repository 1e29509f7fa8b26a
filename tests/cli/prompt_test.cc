// Without a site's name, somebody at a terminal is asked; a script is not.
#include "cli/command_line.h"

namespace wobackup {
namespace {

using test::contains;
using test::Ran;

class Prompt : public test::CommandLine {
 protected:
  [[nodiscard]] Ran answered(const std::string& answer) const {
    return run({"create"}, {.at_terminal = true, .in = answer});
  }
};

TEST_F(Prompt, AtATerminal_OffersTheSitesAndTakesTheAnswer) {
  add_site("a.example");
  add_site("b.example");
  add_row("alias.example", "alias", www("alias").string());
  const Ran ran = answered("  b.example \n");
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(ran.err.starts_with("Sites: a.example b.example\nWhich site? ")) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("b.example: ")) << ran.out;
}

TEST_F(Prompt, ManySites_AreFoldedToTheScreen) {
  for (int i = 0; i < 40; ++i) add_row("customer-" + std::to_string(i) + ".example", "html", www("x").string());
  for (const std::string& line : test::lines_of(answered("\n").err)) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_TRUE(contains(answered("\n").err, " customer-39.example"));
}

TEST_F(Prompt, NoAnswer_IsWrongUsage) {
  add_site("a.example");
  for (const std::string answer : {"", "\n", "   \n"}) {
    const Ran ran = answered(answer);
    EXPECT_EQ(ran.exit_code, 2);
    EXPECT_TRUE(contains(ran.err, "error: no site was named\nHint: name one, or use --all"));
  }
}

TEST_F(Prompt, UnknownAnswer_IsNotFound) {
  add_site("shop.example");
  const Ran ran = answered("shpo.example\n");
  EXPECT_EQ(ran.exit_code, 10);
  EXPECT_TRUE(contains(ran.err, "did you mean shop.example?"));
}

TEST_F(Prompt, InAPipeOrWithJson_NobodyIsAsked) {
  add_site("a.example");
  const Ran pipe = run({"create"}, {.in = "a.example\n"});
  EXPECT_EQ(pipe.exit_code, 2);
  EXPECT_EQ(pipe.out, "");
  EXPECT_EQ(pipe.err, "error: no site was named\nHint: name one, or use --all; `wobackup sites` lists them\n");
  const Ran json = run({"create", "--json"}, {.at_terminal = true, .in = "a.example\n"});
  EXPECT_EQ(json.exit_code, 2);
  EXPECT_EQ(json.err, "");
}

TEST_F(Prompt, WarningsOfTheRegistry_DoNotCutTheQuestion) {
  add_site("a.example");
  add_row("not a host", "html", www("x").string());
  EXPECT_TRUE(contains(answered("\n").err, "\nSites: a.example\nWhich site? "));
}

}  // namespace
}  // namespace wobackup
