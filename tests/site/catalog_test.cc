// The registry's sites and the config's, as one list.
#include "site/catalog.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fakes/scratch_folder.h"
#include "site/made_registry.h"
#include "site/told.h"

namespace wobackup {
namespace {

using test::contains;
using test::told;

class Catalog : public ::testing::Test {
 protected:
  Catalog() { config_.registry = folder_ / "dbase.db"; }

  SiteSettings& settings_with_path(const std::string& name, const std::string& path) {
    config_.site[name].path = path;
    return config_.site[name];
  }
  [[nodiscard]] std::string names() {
    std::string all;
    for (const Site& site : catalog(config_, log_)) all += (all.empty() ? "" : " ") + site.name;
    return all;
  }
  [[nodiscard]] std::string asking_for(const std::string& name) {
    return told([&] { static_cast<void>(site_by_name(name, config_, log_)); });
  }

  test::ScratchFolder folder_;
  Config config_;
  std::vector<std::string> warnings_;
  LogSink log_ = [this](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings_.emplace_back(text);
  };
};

TEST_F(Catalog, RegistryAndConfig_AreOneListByName) {
  const test::MadeRegistry registry(config_.registry);
  for (const char* name : {"d.example", "b.example"}) registry.add_site(name);
  settings_with_path("c.example", "/srv/c");
  settings_with_path("a.example", "/srv/a");
  EXPECT_EQ(names(), "a.example b.example c.example d.example");
  EXPECT_EQ(site_by_name("a.example", config_, log_).origin, SiteOrigin::config);
  EXPECT_EQ(site_by_name("b.example", config_, log_).origin, SiteOrigin::registry);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(Catalog, ASiteOfBoth_IsTheRegistrys_WithTheAdminsPathAndType) {
  const test::MadeRegistry registry(config_.registry);
  registry.add_site("a.example");
  registry.run("UPDATE sites SET id = 5, db_name = 'recorded', site_type = 'html'");
  SiteSettings& settings = settings_with_path("a.example", "/srv/moved/");
  settings.type = "wp";
  settings.database.name = "other";
  EXPECT_EQ(names(), "a.example");
  const Site site = site_by_name("a.example", config_, log_);
  EXPECT_EQ(site.origin, SiteOrigin::registry);
  EXPECT_EQ(site.path, "/srv/moved");
  EXPECT_EQ(site.type, SiteType::wp);
  EXPECT_EQ(site.record.id, 5);
  EXPECT_EQ(site.record.db_name, "recorded") << "who contradicts whom is decided later";
}

TEST_F(Catalog, SettingsWithoutAPath_LeaveTheRegistrysSiteAlone) {
  const test::MadeRegistry registry(config_.registry);
  registry.add_site("a.example");
  config_.site["a.example"].exclude = {"*.log"};
  EXPECT_EQ(site_by_name("a.example", config_, log_).path, "/var/www/a.example");
}

TEST_F(Catalog, SettingsForASiteThatNobodyKnows_AreToldAndMakeNoSite) {
  const test::MadeRegistry registry(config_.registry);
  registry.add_site("a.example");
  config_.site["typo.example"].exclude = {"*.log"};
  EXPECT_EQ(names(), "a.example");
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_TRUE(contains(warnings_.front(), "typo.example")) << warnings_.front();
}

TEST_F(Catalog, TheKindOfAConfigsSite_IsToldByItsFiles) {
  folder_.write("beside/wp-config.php", "");
  folder_.write("inside/htdocs/wp-config.php", "");
  folder_.write("none/htdocs/index.php", "");
  settings_with_path("a.example", folder_ / "beside");
  settings_with_path("b.example", folder_ / "inside");
  settings_with_path("c.example", folder_ / "none");
  settings_with_path("d.example", folder_ / "beside").type = "html";
  EXPECT_EQ(site_by_name("a.example", config_, log_).type, SiteType::wp);
  EXPECT_EQ(site_by_name("b.example", config_, log_).type, SiteType::wp);
  EXPECT_EQ(site_by_name("c.example", config_, log_).type, SiteType::php);
  EXPECT_EQ(site_by_name("d.example", config_, log_).type, SiteType::html);
}

TEST_F(Catalog, AliasesProxiesAndSubsites_AreThereWithoutContent) {
  const test::MadeRegistry registry(config_.registry);
  registry.add_site("a.example");
  for (const char* type : {"alias", "proxy", "subsite"}) {
    registry.run("UPDATE sites SET site_type = '" + std::string(type) + "'");
    const auto sites = catalog(config_, log_);
    ASSERT_EQ(sites.size(), 1U);
    EXPECT_FALSE(sites.front().has_content()) << type;
    EXPECT_FALSE(sites.front().expects_database()) << type;
  }
}

TEST_F(Catalog, AMissingRegistry_IsAnErrorOnlyWithoutSitesInTheConfig) {
  EXPECT_TRUE(contains(told([&] { static_cast<void>(names()); }), "not_found: there is no WordOps registry"));
  config_.site["a.example"].exclude = {"*.log"};
  EXPECT_TRUE(contains(told([&] { static_cast<void>(names()); }), "not_found: there is no WordOps registry"))
      << "settings alone name no site";
  settings_with_path("a.example", "/srv/a");
  EXPECT_EQ(names(), "a.example");
}

TEST_F(Catalog, ADamagedRegistry_IsAnErrorWhateverTheConfigHas) {
  folder_.write("dbase.db", std::string(20'000, 'x'));
  settings_with_path("a.example", "/srv/a");
  EXPECT_TRUE(contains(told([&] { static_cast<void>(names()); }), "failed: cannot read the WordOps registry"));
}

TEST_F(Catalog, RowsThatCannotBeUsed_AreToldToWhoAsks_ElseLogged) {
  const test::MadeRegistry registry(config_.registry);
  registry.add("'../x'", "'/var/www/a'");
  std::vector<std::string> left_out;
  EXPECT_TRUE(catalog(config_, log_, &left_out).empty());
  EXPECT_EQ(left_out.size(), 1U);
  EXPECT_TRUE(warnings_.empty());
  EXPECT_TRUE(catalog(config_, log_).empty());
  EXPECT_EQ(warnings_.size(), 1U);
}

TEST_F(Catalog, Names_AreFoundInAnyCase) {
  settings_with_path("a.example", "/srv/a");
  EXPECT_EQ(site_by_name("A.Example", config_, log_).name, "a.example");
}

TEST_F(Catalog, AnUnknownName_IsNotFound_WithASimilarOne) {
  settings_with_path("example.com", "/srv/a");
  settings_with_path("other.org", "/srv/b");
  EXPECT_EQ(asking_for("exmple.com"), "not_found: there is no site exmple.com | did you mean example.com?");
  EXPECT_EQ(asking_for("completely-different.net"),
            "not_found: there is no site completely-different.net | `wobackup sites` lists the known ones");
  EXPECT_TRUE(contains(asking_for("example.com.au"), "not_found: ")) << "the beginning of a name is not the name";
  EXPECT_TRUE(contains(asking_for("xample.com"), "not_found: "));
}

TEST_F(Catalog, WhatIsNoHostName_IsRefusedBeforeAnythingIsRead) {
  for (const char* name : {"../x", "", "a/b", "/var/www/a", "a\nb", "--all", "a.example/"}) {
    EXPECT_TRUE(contains(asking_for(name), "usage: ")) << name << " though there is no registry";
  }
  EXPECT_EQ(asking_for("a\x1b[2J").find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace wobackup
