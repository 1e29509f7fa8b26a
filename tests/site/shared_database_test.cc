// Which sites live in one database.
#include "site/shared_database.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wobackup {
namespace {

using Sites = std::vector<std::pair<std::string, SiteDatabase>>;

SiteDatabase on(const std::string& host, const std::string& name, std::vector<std::string> additional = {}) {
  SiteDatabase database;
  database.login = DatabaseLogin{name, "u", "p", database_host_from(host).value_or(DatabaseHost{})};
  database.additional = std::move(additional);
  return database;
}

// "name@host: site site; ..."
std::string shared(const Sites& sites) {
  std::string all;
  for (const SharedDatabase& database : shared_databases(sites)) {
    all += (all.empty() ? "" : "; ") + database.database + "@" + database.host + ":";
    for (const std::string& site : database.sites) all += " " + site;
  }
  return all;
}

TEST(SharedDatabases, OfTwoSites_AreToldWithTheSitesByName) {
  EXPECT_EQ(shared({{"b.example", on("localhost", "x")},
                    {"c.example", on("localhost", "y")},
                    {"a.example", on("localhost", "x")}}),
            "x@localhost: a.example b.example");
}

TEST(SharedDatabases, OneServerInTwoSpellings_IsOne) {
  EXPECT_EQ(shared({{"a.example", on("localhost", "x")}, {"b.example", on("127.0.0.1:3306", "x")}}),
            "x@localhost: a.example b.example");
}

TEST(SharedDatabases, OneNameOnTwoServers_IsNotShared) {
  EXPECT_EQ(shared({{"a.example", on("localhost", "x")},
                    {"b.example", on("db.example.org", "x")},
                    {"c.example", on("db.example.org:3307", "x")}}),
            "");
  EXPECT_EQ(shared({{"a.example", on("localhost", "x")},
                    {"b.example", on("db.example.org", "x")},
                    {"c.example", on("DB.example.org", "x")}}),
            "x@db.example.org: b.example c.example");
}

TEST(SharedDatabases, NamesThatDifferInCase_AreDifferent) {
  EXPECT_EQ(shared({{"a.example", on("localhost", "x")}, {"b.example", on("localhost", "X")}}), "");
}

TEST(SharedDatabases, AdditionalOnes_Count) {
  EXPECT_EQ(shared({{"a.example", on("localhost", "x", {"stats"})}, {"b.example", on("localhost", "stats")}}),
            "stats@localhost: a.example b.example");
  EXPECT_EQ(shared({{"a.example", on("localhost", "x", {"s"})}, {"b.example", on("localhost", "y", {"s"})}}),
            "s@localhost: a.example b.example");
}

TEST(SharedDatabases, OneSiteThatNamesItsDatabaseTwice_SharesWithNobody) {
  EXPECT_EQ(shared({{"a.example", on("localhost", "x", {"x"})}}), "");
}

TEST(SharedDatabases, SitesWithoutAServer_ShareNothing) {
  SiteDatabase sqlite;
  sqlite.sqlite = "htdocs/wp-content/database/.ht.sqlite";
  EXPECT_EQ(shared({{"a.example", sqlite}, {"b.example", sqlite}, {"c.example", {}}, {"d.example", {}}}), "");
  EXPECT_EQ(shared({}), "");
}

TEST(SharedDatabases, ComeByName) {
  EXPECT_EQ(shared({{"a.example", on("localhost", "z", {"y"})}, {"b.example", on("localhost", "y", {"z"})}}),
            "y@localhost: a.example b.example; z@localhost: a.example b.example");
}

}  // namespace
}  // namespace wobackup
