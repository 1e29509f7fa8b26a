// WP-CLI's list is found in whatever a site's code prints around it.
#include "autoupdate/wp_json.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

const std::vector<std::string_view> kKeys{"name", "status"};

std::string names_in(std::string_view out) {
  const auto list = wp_list(out, kKeys);
  if (!list) return "none";
  std::string names = "[";
  for (const Json& item : *list) names += item["name"].get<std::string>() + ";";
  return names + "]";
}

TEST(WpList, PlainOutput_IsTaken) {
  EXPECT_EQ(names_in(R"([{"name":"shop","status":"Updated"},{"name":"mail","status":"Error"}])"), "[shop;mail;]");
  EXPECT_EQ(names_in("[]"), "[]");
  EXPECT_EQ(names_in(" [ ]\n"), "[]");
}

TEST(WpList, NoticesAroundIt_ArePassedOver) {
  const std::string list = R"([{"name":"shop","status":"Updated"}])";
  for (const std::string noise :
       {"\nDeprecated: Creation of dynamic property A::$b[0] is deprecated in /x/[shop].php on line 3\n",
        "PHP Warning:  Undefined array key \"a\" in /x/shop.php:4\n#0 [internal function]: f()\n",
        "Array\n(\n [0] => [{\n)\n", "[]\n", "[{\"name\": \"x\"\n", "{\"name\":\"x\",\"status\":\"y\"}\n", "[1,2,3]",
        "[{\"message\":\"[]\"}]\n", "\"[{", "<div>[{]}</div>", "\xff[\"\xfe"}) {
    EXPECT_EQ(names_in(noise + list), "[shop;]") << noise;
    EXPECT_EQ(names_in(list + noise), "[shop;]") << noise;
    EXPECT_EQ(names_in(noise + "\n" + list + "\n" + noise), "[shop;]") << noise;
  }
}

TEST(WpList, SeveralLists_TheLastOneThatFitsIsWpClis) {
  EXPECT_EQ(names_in(R"([{"name":"early","status":""}] text [{"name":"late","status":""}] [{"else":1}] [])"),
            "[late;]");
}

TEST(WpList, BracketsAndQuotesInTexts_AreContent) {
  EXPECT_EQ(names_in(R"(x [{"name":"a]\"}[{","status":"\\"}] y)"), "[a]\"}[{;]");
}

TEST(WpList, ElementsWithoutTheKeys_AreNoList) {
  EXPECT_EQ(names_in(R"([{"name":"shop"}])"), "none");
  EXPECT_EQ(names_in(R"([{"name":"shop","status":"x"},{"name":"mail"}])"), "none");
  EXPECT_EQ(names_in(R"([["name","status"]])"), "none");
  EXPECT_EQ(names_in("PHP Fatal error:  Uncaught TypeError: array_reverse()"), "none");
  EXPECT_EQ(names_in(""), "none");
}

TEST(WpList, HostileOutput_EndsSoon) {
  std::string many;
  for (int i = 0; i < 800'000; ++i) many += "[{\"a";  // each begins a list, and none ends
  EXPECT_EQ(names_in(many), "none");
  EXPECT_EQ(names_in(std::string(4'000'000, '[')), "none");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "[{\"name\":";
  for (int i = 0; i < 100'000; ++i) deep += "1}]";
  EXPECT_EQ(names_in(deep), "none");
}

}  // namespace
}  // namespace wobackup
