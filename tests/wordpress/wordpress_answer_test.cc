// Answers from code that may be hostile.
#include "wordpress/wordpress_answer.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"

namespace wobackup {
namespace {

Watched said(std::string out) {
  Watched run;
  run.out = std::move(out);
  run.status.code = 0;
  return run;
}

TEST(WordPressAnswer, TextAroundTheTokens_IsIgnored) {
  const Json answer = wordpress_answer(said("{\"answer\":1}\nTT{\"answer\":{\"a\":\"b\"}}TT junk"), "TT", {});
  EXPECT_EQ(answer_text(answer, "a"), "b");
}

TEST(WordPressAnswer, OneToken_IsNoAnswer) {
  EXPECT_TRUE(test::refuses([] { (void)wordpress_answer(said("TT{\"answer\":{}}"), "TT", {}); }, "without an answer"));
}

TEST(WordPressAnswer, NonsenseBetweenTheTokens_IsRefused) {
  const std::string deep(100000, '[');
  for (const std::string& text : {std::string("no"), std::string("[]"), std::string("{\"answer\":[]}"), deep}) {
    EXPECT_TRUE(test::refuses([&] { (void)wordpress_answer(said("TT" + text + "TT"), "TT", {}); }, "makes no sense"));
  }
}

TEST(WordPressAnswer, Texts_ArePrintableAndShort) {
  const Json answer = Json::parse(R"({"a":"x\u001b[2Jy","b":7,"c":["1",2,"3"],"d":{}})");
  EXPECT_EQ(answer_text(answer, "a"), "x\\x1b[2Jy");
  EXPECT_EQ(answer_text(answer, "b"), "7");
  EXPECT_EQ(answer_text(answer, "c"), "");
  EXPECT_EQ(answer_text(answer, "none"), "");
  EXPECT_EQ(answer_texts(answer, "c"), (std::vector<std::string>{"1", "3"}));
  EXPECT_LT(answer_text(Json{{"a", std::string(100000, 'x')}}, "a").size(), 3000U);
}

}  // namespace
}  // namespace wobackup
