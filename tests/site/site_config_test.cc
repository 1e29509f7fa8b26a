// Which of a site's files says what its database is.
#include "site/site_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "fakes/scratch_folder.h"
#include "site/told.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::told;

constexpr const char* kInHtdocs = "htdocs/wp-config.php";

class SiteConfigs : public ::testing::Test {
 protected:
  SiteConfigs() { fs::create_directories(root_ / "site/htdocs"); }
  void write(const std::string& name, const std::string& content) const { root_.write("site/" + name, content); }
  // A file that names a database.
  void name_database(const std::string& file) const { write(file, "<?php define('DB_NAME', 'x');"); }
  void link(const fs::path& target, const std::string& name) const {
    fs::create_symlink(target, root_ / "site" / name);
  }
  [[nodiscard]] std::vector<SiteConfig> configs() const {
    const SiteFolder folder(root_ / "site");
    return find_site_configs(folder, folder.config_files());
  }
  // The files, in their order.
  [[nodiscard]] std::string found() const {
    std::string all;
    for (const SiteConfig& config : configs()) all += (all.empty() ? "" : " ") + config.file;
    return all;
  }

  test::ScratchFolder root_;
};

TEST_F(SiteConfigs, TheOneThatWordPressLoads_ComesFirst) {
  EXPECT_EQ(found(), "");
  name_database("wp-config.php");
  EXPECT_EQ(found(), "wp-config.php");
  name_database(kInHtdocs);
  EXPECT_EQ(found(), "htdocs/wp-config.php wp-config.php");
}

TEST_F(SiteConfigs, OtherFiles_CountOnlyIfNoWpConfigDoes) {
  name_database("b-config.php");
  name_database("a-config.php");
  EXPECT_EQ(found(), "a-config.php");
  name_database("wp-config.php");
  EXPECT_EQ(found(), "wp-config.php");
}

TEST_F(SiteConfigs, FilesThatNameNoDatabase_DoNotCount) {
  write(kInHtdocs, "<?php require '../wp-config.php';");
  write("a-config.php", "<?php // define('DB_NAME', 'x');");
  name_database("b-config.php");
  EXPECT_EQ(found(), "b-config.php");
  name_database("wp-config.php");
  EXPECT_EQ(found(), "wp-config.php");
}

TEST_F(SiteConfigs, AnEngineOrAComputedName_Counts) {
  for (const char* source : {"<?php define('DB_ENGINE', 'sqlite');", "<?php define('DATABASE_TYPE', 'sqlite');",
                             "<?php define('DB_NAME', getenv('X'));"}) {
    write("wp-config.php", source);
    EXPECT_EQ(found(), "wp-config.php") << source;
  }
}

TEST_F(SiteConfigs, Constants_AreFound) {
  write("wp-config.php", "<?php define('DB_NAME', 'x');\ndefine('DB_HOST', A);");
  const auto all = configs();
  ASSERT_EQ(all.size(), 1U);
  ASSERT_NE(all.front().find("DB_NAME"), nullptr);
  EXPECT_EQ(all.front().find("DB_NAME")->text, "x");
  ASSERT_NE(all.front().find("DB_HOST"), nullptr);
  EXPECT_FALSE(all.front().find("DB_HOST")->text);
  EXPECT_EQ(all.front().find("DB_HOST")->line, 2U);
  EXPECT_EQ(all.front().find("DB_USER"), nullptr);
}

TEST_F(SiteConfigs, HtdocsLinkedWithinTheSite_IsReadFrom) {
  fs::remove(root_ / "site/htdocs");
  name_database("releases/1/wp-config.php");
  link("releases/1", "htdocs");
  EXPECT_EQ(found(), kInHtdocs);
}

TEST_F(SiteConfigs, HtdocsLinkedToElsewhere_IsNotReadFrom) {
  fs::remove(root_ / "site/htdocs");
  root_.write("elsewhere/wp-config.php", "<?php define('DB_NAME', 'other');");
  link("../elsewhere", "htdocs");
  const std::string text = told([&] { static_cast<void>(found()); });
  EXPECT_TRUE(contains(text, "outside the site's folder: it is not read")) << text;
  name_database("wp-config.php");
  EXPECT_EQ(found(), "wp-config.php") << "the file beside it speaks";
  fs::remove(root_ / "site/wp-config.php");
  fs::remove(root_ / "elsewhere/wp-config.php");
  EXPECT_EQ(found(), "") << "and if there is nothing to read, nothing is wrong";
}

TEST_F(SiteConfigs, AConfigFileThatLeadsOut_IsAnError) {
  root_.write("other/wp-config.php", "<?php define('DB_NAME', 'other');");
  link("../other/wp-config.php", "wp-config.php");
  EXPECT_TRUE(contains(told([&] { static_cast<void>(found()); }), "outside the site's folder"));
}

TEST_F(SiteConfigs, ALargeFile_IsRefused) {
  write("wp-config.php", "<?php define('DB_NAME', 'x'); //" + std::string(1U << 20U, 'x'));
  EXPECT_TRUE(contains(told([&] { static_cast<void>(found()); }), "wp-config.php is larger than 1048576 bytes"));
}

TEST_F(SiteConfigs, AnAbsurdFile_IsRefusedByName) {
  write("wp-config.php", "<?php " + std::string(300'000, ';'));
  const std::string text = told([&] { static_cast<void>(found()); });
  EXPECT_EQ(text,
            "failed: " + (root_ / "site/wp-config.php").string() + ": its PHP source is longer than 200000 tokens | ");
}

}  // namespace
}  // namespace wobackup
