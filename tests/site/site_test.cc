// What follows from a kind of site.
#include "wobackup/site.h"

#include <gtest/gtest.h>

#include <string_view>

namespace wobackup {
namespace {

TEST(SiteType, Words_AreTheRegistrys) {
  for (const std::string_view word :
       {"html", "php", "mysql", "wp", "wpsubdir", "wpsubdomain", "proxy", "alias", "subsite"}) {
    EXPECT_NE(site_type_from(word), SiteType::other) << word;
    EXPECT_EQ(name_of(site_type_from(word)), word);
  }
  for (const std::string_view word : {"", "WP", "wordpress", "wp ", "other"}) {
    EXPECT_EQ(site_type_from(word), SiteType::other) << word;
  }
  EXPECT_EQ(name_of(SiteType::other), "other");
}

TEST(SiteType, SaysWhetherThereIsContent) {
  Site site;
  for (const SiteType type : {SiteType::html, SiteType::php, SiteType::mysql, SiteType::wp, SiteType::wpsubdir,
                              SiteType::wpsubdomain, SiteType::other}) {
    site.type = type;
    EXPECT_TRUE(site.has_content()) << name_of(type);
  }
  for (const SiteType type : {SiteType::alias, SiteType::proxy, SiteType::subsite}) {
    site.type = type;
    EXPECT_FALSE(site.has_content()) << name_of(type);
  }
}

TEST(SiteType, SaysWhetherADatabaseIsExpected) {
  Site site;
  const auto expects = [&](SiteType type) {
    site.type = type;
    return site.expects_database();
  };
  for (const SiteType type : {SiteType::mysql, SiteType::wp, SiteType::wpsubdir, SiteType::wpsubdomain}) {
    EXPECT_TRUE(expects(type)) << name_of(type);
  }
  for (const SiteType type : {SiteType::html, SiteType::php, SiteType::other}) {
    site.record.db_name.reset();
    EXPECT_FALSE(expects(type)) << name_of(type);
    site.record.db_name = "";
    EXPECT_FALSE(expects(type)) << name_of(type) << ": an empty name names none";
    site.record.db_name = "a";
    EXPECT_TRUE(expects(type)) << name_of(type);
  }
  EXPECT_FALSE(expects(SiteType::alias)) << "whatever the record says";
}

TEST(SiteFolderNames, HtdocsIsInTheSitesFolder) {
  Site site;
  site.path = "/var/www/a";
  EXPECT_EQ(htdocs_of(site), "/var/www/a/htdocs");
}

}  // namespace
}  // namespace wobackup
