// Dumps of hacked sites, restored in place.
#include "fakes/plain_tools.h"
#include "recovery/live_wordpress.h"

namespace wobackup {
namespace {

using test::LiveWordPressTest;

class HostileDumpTest : public LiveWordPressTest {
 protected:
  /// An archive as the older service made it: its dump is whatever a site's owner put there.
  void use_dump(const std::string& sql) {
    const std::string top = "2025-01-20_14-25-30";
    folder_.write("made/" + top + "/vhost.json", R"({"sitename": "wp.example"})");
    folder_.write("made/" + top + "/wp.example.sql", sql + "\n-- Dump completed\n");
    archive_ = folder_ / "archives/wp.example" / (top + ".tar.zst");
    test::run_in(folder_ / "made", {"tar", "--zstd", "-cf", archive_.string(), top});
  }
  std::string other_databases() const {
    return test::run_in("/", {"mariadb", "--socket=" + live().server().socket(), "--user=root", "-N", "-e",
                              "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN"
                              " ('information_schema', 'performance_schema', 'sys') UNION ALL SELECT User, Host FROM"
                              " mysql.user UNION ALL SELECT EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS"});
  }
};

TEST_F(HostileDumpTest, HasNoEffectOutsideTheSite) {
  const std::string table = "CREATE TABLE `t` (`id` int);\nINSERT INTO `t` VALUES (1);\n";
  const std::vector<std::string> attacks{
      "\\! touch /tmp/wobackup-was-here\n",
      "system touch /tmp/wobackup-was-here;\n",
      "LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;\n",
      "GRANT ALL ON *.* TO 'wp'@'localhost';\n",
      "CREATE USER evil;\n",
      "INSERT INTO mysql.user SELECT * FROM mysql.user;\n",
      "CREATE TABLE copy.planted (id int);\n",
      "USE copy;\nCREATE TABLE planted (id int);\n",
      "DROP DATABASE copy;\n",
      "SET GLOBAL event_scheduler = ON;\n",
      "SELECT 'x' INTO OUTFILE '/tmp/wobackup-was-here';\n",
      "INSTALL PLUGIN x SONAME 'x.so';\n",
      "/*!50000 GRANT ALL ON *.* TO 'wp'@'localhost' */;\n",
      "/*M!100000 DROP DATABASE copy */;\n",
  };
  const std::string before = other_databases();
  for (const std::string& attack : attacks) {
    use_dump(table + attack);
    try {
      static_cast<void>(restore({.files = false}));
      ADD_FAILURE() << "accepted: " << attack;
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::verification || error.kind() == ErrorKind::failed) << error.message();
    }
    EXPECT_EQ(differences_from(database_now_), "") << attack;
    EXPECT_EQ(other_databases(), before) << attack;
    EXPECT_FALSE(std::filesystem::exists("/tmp/wobackup-was-here")) << attack;
    EXPECT_FALSE(service().pending_restore("wp.example"));
  }
}

TEST_F(HostileDumpTest, ForeignDefiner_BecomesTheSites) {
  use_dump(
      "CREATE TABLE `t` (`id` int);\n"
      "DELIMITER ;;\n"
      "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET"
      " @a = 1 */;;\n"
      "DELIMITER ;\n"
      "/*!50106 CREATE*/ /*!50117 DEFINER=`root`@`localhost`*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS "
      "'2030-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO DROP DATABASE copy */;\n");
  static_cast<void>(restore({.files = false, .check = false}));
  const std::string now = database();
  EXPECT_EQ(now.find("DEFINER=`root`"), std::string::npos);
  EXPECT_NE(now.find("DEFINER=`wp`@`localhost`"), std::string::npos);
  undo();
  EXPECT_EQ(differences_from(database_now_), "");
}

}  // namespace
}  // namespace wobackup
