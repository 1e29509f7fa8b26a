// Records that become sites, and --site-json.
#include "site/site_record.h"

#include <gtest/gtest.h>

#include <string>

#include "site/told.h"

namespace wobackup {
namespace {

using test::contains;
using test::told;

SiteRecord record_of(std::string name, std::string path) {
  SiteRecord record;
  record.sitename = std::move(name);
  record.site_path = std::move(path);
  return record;
}

std::string naming(const std::string& name) {
  return told(
      [&] { static_cast<void>(site_from_record(record_of(name, "/var/www/a"), std::nullopt, SiteOrigin::given)); });
}

std::string given(const char* fields) {
  return told([&] { static_cast<void>(site_from_fields(Json::parse(fields))); });
}

TEST(SiteRecord, NamesThatAreHostNames_AreTaken) {
  for (const std::string& name : {std::string("example.com"), std::string("a"), std::string("xn--bcher-kva.example"),
                                  std::string("_acme.example.com"), std::string("1.example"),
                                  std::string("a_b.example"), std::string(63, 'a') + ".example"}) {
    EXPECT_EQ(naming(name), "no error") << name;
  }
  const Site site = site_from_record(record_of("WWW.Example.com", "/var/www/a"), "p", SiteOrigin::given);
  EXPECT_EQ(site.name, "www.example.com");
  EXPECT_EQ(site.record.sitename, "WWW.Example.com") << "the record stays as it was given";
  EXPECT_EQ(site.recorded_password, "p");
  EXPECT_EQ(site.origin, SiteOrigin::given);
}

TEST(SiteRecord, NamesThatAreNone_AreRefused) {
  std::string too_long;
  for (int i = 0; i < 64; ++i) too_long += "abc.";
  too_long += "d";
  for (const std::string& name : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("../x"),
                                  std::string("/etc"),
                                  std::string("a/b"),
                                  std::string("a..b"),
                                  std::string(".a"),
                                  std::string("a."),
                                  std::string("-a"),
                                  std::string("a-"),
                                  std::string("a_"),
                                  std::string("a b"),
                                  std::string("a\nb"),
                                  std::string("a\0b", 3),
                                  std::string("*.example"),
                                  std::string("a:80"),
                                  std::string("b\u00fccher.example"),
                                  std::string("a\\b"),
                                  std::string("~"),
                                  std::string("--all"),
                                  std::string(64, 'a'),
                                  too_long,
                                  std::string(10'000'000, 'a')}) {
    const std::string text = naming(name);
    EXPECT_TRUE(contains(text, "usage: \"")) << text;
    EXPECT_TRUE(contains(text, "is not a host name | a site's name looks like example.com")) << text;
    EXPECT_LT(text.size(), 1000U) << "a long name does not fill the terminal";
  }
}

TEST(SiteRecord, Paths_AreNormalized) {
  EXPECT_EQ(site_path_from("a.example", "/var/www/a"), "/var/www/a");
  EXPECT_EQ(site_path_from("a.example", "/var/www/a/"), "/var/www/a");
  EXPECT_EQ(site_path_from("a.example", "//var//www/./a/."), "/var/www/a");
  EXPECT_EQ(site_path_from("a.example", "/var/www/..a"), "/var/www/..a") << "only a name that begins with dots";
}

TEST(SiteRecord, PathsThatLeadElsewhere_AreRefused) {
  using namespace std::string_literals;
  for (const std::string& path : {""s, "var/www"s, "./a"s, "../a"s, "/"s, "//"s, "/."s, "/./"s, "/.."s, "/a/.."s,
                                  "/a/../b"s, "/a/b/.."s, "/a\0b"s}) {
    const std::string text = told([&] { static_cast<void>(site_path_from("a.example", path)); });
    EXPECT_TRUE(contains(text, "usage: a.example: its path")) << path << text;
  }
}

TEST(SiteRecord, WhoGaveIt_IsNamed) {
  Site site;
  site.origin = SiteOrigin::registry;
  EXPECT_EQ(recorder_of(site), "the registry");
  site.origin = SiteOrigin::given;
  EXPECT_EQ(recorder_of(site), "the given site");
  site.origin = SiteOrigin::config;
  EXPECT_EQ(recorder_of(site), "wobackup.toml");
}

TEST(SiteJson, AllFields_AreTaken) {
  const Site site = site_from_fields(Json::parse(R"({"id": 4, "sitename": "example.com", "site_type": "wp",
      "cache_type": "basic", "site_path": "/var/www/example.com", "created_on": "2024-05-01 10:20:30", "is_enabled": 0,
      "is_ssl": true, "storage_fs": "ext4", "storage_db": "mysql", "db_name": "d", "db_user": "u", "db_password": "p",
      "db_host": "localhost", "is_hhvm": 0, "php_version": "8.2", "something_else": {"a": [1]}})"));
  EXPECT_EQ(site.name, "example.com");
  EXPECT_EQ(site.type, SiteType::wp);
  EXPECT_EQ(site.origin, SiteOrigin::given);
  EXPECT_EQ(site.path, "/var/www/example.com");
  EXPECT_FALSE(site.enabled);
  EXPECT_EQ(site.recorded_password, "p");
  EXPECT_EQ(site.record.id, 4);
  EXPECT_EQ(site.record.cache_type, "basic");
  EXPECT_EQ(site.record.created_on, "2024-05-01 10:20:30");
  EXPECT_EQ(site.record.is_ssl, true);
  EXPECT_EQ(site.record.storage_fs, "ext4");
  EXPECT_EQ(site.record.storage_db, "mysql");
  EXPECT_EQ(site.record.db_name, "d");
  EXPECT_EQ(site.record.db_user, "u");
  EXPECT_EQ(site.record.db_host, "localhost");
  EXPECT_EQ(site.record.php_version, "8.2");
}

TEST(SiteJson, NullsAndMissingFields_AreUnset) {
  const Site site = site_from_fields(Json::parse(
      R"({"id": null, "sitename": "example.com", "site_path": "/a", "db_name": null, "is_enabled": null})"));
  EXPECT_EQ(site.record.site_type, "php");
  EXPECT_TRUE(site.enabled);
  EXPECT_FALSE(site.record.id || site.record.db_name || site.record.is_ssl || site.recorded_password);
}

TEST(SiteJson, NumbersTextsAndTruths_AreTakenForEachOther) {
  const Site site = site_from_fields(Json::parse(
      R"({"id": "12", "sitename": "a.example", "site_path": "/a", "php_version": 8.2, "is_enabled": "false",
          "is_ssl": "1", "db_password": 123})"));
  EXPECT_EQ(site.record.id, 12);
  EXPECT_EQ(site.record.php_version, "8.2");
  EXPECT_FALSE(site.enabled);
  EXPECT_EQ(site.record.is_ssl, true);
  EXPECT_EQ(site.recorded_password, "123");
}

TEST(SiteJson, FieldsThatCannotBeUsed_AreNamed) {
  EXPECT_EQ(given("[]"), "usage: the site is not a JSON object | ");
  EXPECT_EQ(given("\"example.com\""), "usage: the site is not a JSON object | ");
  EXPECT_EQ(given("null"), "usage: the site is not a JSON object | ");
  EXPECT_EQ(given("{}"), "usage: the site has no \"sitename\" | ");
  EXPECT_EQ(given(R"({"sitename": ""})"), "usage: the site has no \"sitename\" | ");
  EXPECT_EQ(given(R"({"sitename": ["a"]})"), "usage: the site's \"sitename\" is neither text nor number | ");
  EXPECT_EQ(given(R"({"sitename": "a.example", "id": 1.5})"), "usage: the site's \"id\" is not a whole number | ");
  EXPECT_EQ(given(R"({"sitename": "a.example", "id": 99999999999999999999})"),
            "usage: the site's \"id\" is not a whole number | ");
  EXPECT_EQ(given(R"({"sitename": "a.example", "is_enabled": "perhaps"})"),
            "usage: the site's \"is_enabled\" is neither true nor false | ");
  EXPECT_EQ(given(R"({"sitename": "a.example", "is_ssl": 2})"),
            "usage: the site's \"is_ssl\" is neither true nor false | ");
  EXPECT_EQ(given(R"({"sitename": "a.example", "site_path": "/a", "db_password": {"x": 1}})"),
            "usage: the site's \"db_password\" is neither text nor number | ");
  EXPECT_TRUE(contains(given(R"({"sitename": "../x", "site_path": "/a"})"), "is not a host name"));
  EXPECT_TRUE(contains(given(R"({"sitename": "a.example"})"), "the site has no \"site_path\""));
  EXPECT_TRUE(contains(given(R"({"sitename": "a.example", "site_path": "/a\u0000b"})"), "is not absolute"));
}

}  // namespace
}  // namespace wobackup
