// Events of a displaced database are dumped as they were.
#include "source/database/event_states.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

// As mariadb-dump writes them.
std::string event(const std::string& name, const std::string& state, const std::string& body = "SET @a = 1") {
  return "/*!50106 DROP EVENT IF EXISTS `" + name +
         "` */;\nDELIMITER ;;\n/*!50003 SET sql_mode              = 'NO_ZERO_DATE' */ ;;\n"
         "/*!50106 CREATE*/ /*!50117 DEFINER=`wp`@`localhost`*/ /*!50106 EVENT `" +
         name + "` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' ON COMPLETION NOT PRESERVE " + state + " DO " +
         body + " */ ;;\nDELIMITER ;\n";
}

std::string passed(const EventStatus& states, const std::string& dump, std::size_t piece) {
  std::string out;
  EventStates events(states, [&out](ByteSpan bytes) { out += text_of(bytes); });
  for (std::size_t at = 0; at < dump.size(); at += piece) {
    events.write(bytes_of(std::string_view(dump).substr(at, piece)));
  }
  events.finish();
  return out;
}

constexpr const char* kEventInARow =
    "INSERT INTO `t` VALUES ('CREATE EVENT `a` ON COMPLETION PRESERVE DISABLE;\n"
    "CREATE EVENT `a` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO SELECT 1;;');\n";

TEST(EventStates, NamedOnes_AreAsTheyWere_HoweverTheDumpIsCut) {
  const std::string body = "BEGIN SET @x = 'ON COMPLETION PRESERVE DISABLE'; SELECT 1; END";
  const auto dump = [&](const char* a, const char* b) {
    return kEventInARow + event("a", a, body) + event("b", b) + event("other", "DISABLE") + kEventInARow +
           "-- Dump completed\n";
  };
  const EventStatus states{{"a", "ENABLED"}, {"b", "SLAVESIDE_DISABLED"}, {"gone", "ENABLED"}};
  for (const std::size_t piece : {1U, 7U, 64U, 333U, 100000U}) {
    EXPECT_EQ(passed(states, dump("DISABLE", "DISABLE"), piece), dump("ENABLE", "DISABLE ON SLAVE")) << piece;
    EXPECT_EQ(passed({{"a", "DISABLED"}}, dump("DISABLE ON SLAVE", "ENABLE"), piece), dump("DISABLE", "ENABLE"));
  }
}

TEST(EventStates, OddNamesAndQuotes_AreUnderstood) {
  const std::string odd =
      "/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */;\nCREATE EVENT `a``b` ON SCHEDULE AT '\\' "
      "ON COMPLETION PRESERVE DISABLE COMMENT 'x' DO SELECT '\\';\n";
  std::string expected = odd;
  expected.replace(expected.find("DISABLE"), 7, "ENABLE");
  EXPECT_EQ(passed({{"a`b", "ENABLED"}}, odd, 10), expected);
}

TEST(EventStates, WithoutAny_NothingIsHeldBack) {
  std::string out;
  EventStates events({}, [&out](ByteSpan bytes) { out += text_of(bytes); });
  events.write(bytes_of("CREATE EVENT `a` ON"));
  EXPECT_EQ(out, "CREATE EVENT `a` ON");
}

}  // namespace
}  // namespace wobackup
