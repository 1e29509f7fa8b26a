// Definitions on their way from one database to another.
#include "target/swap/object_text.h"

#include <gtest/gtest.h>

#include "fakes/refusal.h"

namespace wobackup {
namespace {

SavedObject object(ObjectKind kind, std::string create, std::string sql_mode = "") {
  SavedObject made;
  made.kind = kind;
  made.name = "x";
  made.create = std::move(create);
  made.sql_mode = std::move(sql_mode);
  made.status = "ENABLED";
  return made;
}

const Placement kMove{"here", "there", std::nullopt, false, false};

TEST(ObjectText, TriggersDatabase_IsLeftOut) {
  EXPECT_EQ(create_statement(object(ObjectKind::trigger,
                                    "CREATE OR REPLACE DEFINER=`a`@`b` TRIGGER here.`t``x` /* on */ BEFORE INSERT ON "
                                    "`here`.t2 FOR EACH ROW FOLLOWS `for each row` SET NEW.a = here.f()"),
                             kMove),
            "CREATE DEFINER=`a`@`b` TRIGGER `t``x` BEFORE INSERT ON t2 FOR EACH ROW SET NEW.a = here.f()");
}

TEST(ObjectText, TriggerMadeIfItDoesNotExist_IsSimplyMade) {
  EXPECT_EQ(create_statement(object(ObjectKind::trigger,
                                    "CREATE DEFINER=\"a\"\"\"@\"%\" TRIGGER IF NOT EXISTS \"t\" AFTER UPDATE ON \"u\" "
                                    "FOR EACH ROW BEGIN END",
                                    "ANSI_QUOTES"),
                             kMove),
            "CREATE DEFINER=`a\"`@`%` TRIGGER \"t\" AFTER UPDATE ON \"u\" FOR EACH ROW BEGIN END");
}

TEST(ObjectText, Definer_IsReplaced) {
  Placement placement = kMove;
  placement.definer = Account{"si`te", "%"};
  EXPECT_EQ(create_statement(
                object(ObjectKind::procedure, "CREATE DEFINER=`root`@`localhost` PROCEDURE `p`() SELECT 1"), placement),
            "CREATE DEFINER=`si``te`@`%` PROCEDURE `p`() SELECT 1");
  EXPECT_EQ(create_statement(object(ObjectKind::function, "CREATE DEFINER=`role` FUNCTION `f`() RETURNS int RETURN 1"),
                             kMove),
            "CREATE DEFINER=`role` FUNCTION `f`() RETURNS int RETURN 1");
}

TEST(ObjectText, EventsState_IsThatOfItsHead) {
  SavedObject event =
      object(ObjectKind::event,
             "CREATE DEFINER=`a`@`b` EVENT `on completion` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 "
             "00:00:00' ON COMPLETION NOT PRESERVE DISABLE ON SLAVE COMMENT 'ENABLE' DO SELECT 'DISABLE'");
  const std::string begin =
      "CREATE DEFINER=`a`@`b` EVENT `on completion` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION "
      "NOT PRESERVE ";
  EXPECT_EQ(create_statement(event, kMove), begin + "ENABLE COMMENT 'ENABLE' DO SELECT 'DISABLE'");
  event.status = "SLAVESIDE_DISABLED";
  EXPECT_EQ(create_statement(event, kMove), begin + "DISABLE ON SLAVE COMMENT 'ENABLE' DO SELECT 'DISABLE'");
  Placement placement = kMove;
  placement.events_disabled = true;
  EXPECT_EQ(create_statement(event, placement), begin + "DISABLE COMMENT 'ENABLE' DO SELECT 'DISABLE'");
}

TEST(ObjectText, View_NamesTheDatabaseItIsIn) {
  const SavedObject view =
      object(ObjectKind::view,
             "CREATE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW `here`.`v` AS select `here`.`t`.`id` AS "
             "`here`,`here`.`f`(1),'`here`.`t`' from (((`here`.`t` join `other`.`here`) left join `here`.`u` `here` on"
             "(`here`.`id` = 1)))");
  Placement placement = kMove;
  placement.or_replace = true;
  EXPECT_EQ(create_statement(view, placement),
            "CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW `v` AS select "
            "`there`.`t`.`id` AS `here`,`there`.`f`(1),'`here`.`t`' from (((`there`.`t` join `other`.`here`) left join "
            "`there`.`u` `here` on(`here`.`id` = 1)))");
}

TEST(ObjectText, DefaultsSequence_IsThatOfTheDatabase) {
  EXPECT_EQ(with_schema("nextval(`here`.`s`)", "here", "the`re"), "nextval(`the``re`.`s`)");
  EXPECT_EQ(with_schema("nextval(`other`.`here`)", "here", "there"), "nextval(`other`.`here`)");
}

TEST(ObjectText, WhatIsNoDefinition_IsRefused) {
  for (const char* text : {"", "DROP TABLE x", "CREATE TABLE x (id INT)", "CREATE DEFINER=", "CREATE TRIGGER t BEFORE",
                           "CREATE TRIGGER `t", "CREATE TRIGGER t BEFORE INSERT ON u SELECT 1"}) {
    EXPECT_TRUE(test::refuses([&] { static_cast<void>(create_statement(object(ObjectKind::trigger, text), kMove)); }))
        << text;
  }
}

TEST(ObjectText, BodyThatNamesADatabase_IsFound) {
  EXPECT_TRUE(body_names(object(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT * FROM HERE.t"), "here"));
  EXPECT_TRUE(body_names(object(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT * FROM `here` . t"), "here"));
  EXPECT_FALSE(body_names(object(ObjectKind::procedure, "CREATE PROCEDURE p() SELECT 'here.t'"), "here"));
}

TEST(SavedSchema, AnyBytes_SurviveAsJson) {
  SavedSchema schema;
  schema.schema = "x";
  schema.tables = {{"t", false, true}, {"s", true, false}};
  schema.defaults = {{"t", "c", "nextval(`x`.`s`)"}};
  schema.objects = {object(ObjectKind::trigger, "caf\xE9 \x00 '\\"), object(ObjectKind::package_body, "caf\xC3\xA9")};
  const Json json = json_of(schema);
  EXPECT_EQ(json_of(saved_schema_of(Json::parse(json.dump()))), json);
  EXPECT_EQ(saved_schema_of(json).objects[0].create, schema.objects[0].create);
  EXPECT_THROW(static_cast<void>(saved_schema_of(Json{{"schema", 1}})), Error);
}

}  // namespace
}  // namespace wobackup
