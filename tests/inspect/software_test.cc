#include "inspect/software.h"

#include <gtest/gtest.h>

namespace wobackup {
namespace {

TEST(Software, WordPress_TellsItsVersion) {
  const auto found =
      software_from("htdocs/wp-includes/version.php", "<?php\n/** $wp_version here */\n$wp_version = '6.4.2';\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, "wordpress");
  EXPECT_EQ(found->version, "6.4.2");
  EXPECT_FALSE(software_from("htdocs/wp-includes/version.php", "<?php $wp_version = f();").has_value());
}

TEST(Software, PluginHeader_IsReadAsWordPressReadsIt) {
  const auto found = software_from("htdocs/wp-content/plugins/shop/shop.php",
                                   "<?php\r\n/**\r\n * Plugin Name: My Shop\r\n * version:  1.2.3 */\r\n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, "plugin");
  EXPECT_EQ(found->place, "htdocs/wp-content/plugins/shop");
  EXPECT_EQ(found->name, "My Shop");
  EXPECT_EQ(found->version, "1.2.3");
  EXPECT_EQ(software_from("wp-content/plugins/hello.php", "<?php /* Plugin Name: Hello */")->place,
            "wp-content/plugins/hello.php");
  EXPECT_FALSE(software_from("htdocs/wp-content/plugins/shop/other.php", "<?php // Version: 3").has_value());
}

TEST(Software, Theme_IsKnownByItsStyle) {
  const auto found =
      software_from("htdocs/wp-content/themes/sky/style.css", "/*\nTheme Name: Sky\nVersion: 2\n*/ body{}");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->kind, "theme");
  EXPECT_EQ(found->place, "htdocs/wp-content/themes/sky");
  EXPECT_EQ(found->version, "2");
}

TEST(Software, HostileHeaders_AreCut) {
  const std::string text =
      "<?php // Plugin Name: " + std::string(5000, 'x') + "\n// Version: " + std::string(4000, 'y');
  const auto found = software_from("wp-content/plugins/a/a.php", text);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->name.size(), 100U);
  EXPECT_LE(found->version.size(), 100U);
  EXPECT_FALSE(software_from("wp-content/plugins/a/a.php", std::string(9000, ' ') + "Plugin Name: late").has_value());
}

TEST(Software, OnlySomePathsDescribeSoftware) {
  for (const char* path : {"htdocs/wp-includes/version.php", "htdocs/wp-content/plugins/a.php",
                           "htdocs/wp-content/plugins/a/b.php", "htdocs/wp-content/themes/a/style.css"}) {
    EXPECT_TRUE(may_describe_software(path)) << path;
  }
  for (const char* path : {"htdocs/xwp-includes/version.php", "htdocs/wp-content/plugins/a/b/c.php",
                           "htdocs/wp-content/themes/a/css/style.css", "htdocs/wp-content/themes/style.css"}) {
    EXPECT_FALSE(may_describe_software(path)) << path;
  }
}

TEST(Software, ProgramsAmongTheUploads_AreKnown) {
  for (const char* name : {"x.php", "2024/05/X.PHP", "a.phtml", "shell.php.jpg", "a.phar"}) {
    EXPECT_TRUE(is_php_in_uploads(std::string("htdocs/wp-content/uploads/") + name)) << name;
  }
  for (const char* path : {"htdocs/wp-content/uploads/x.jpg", "htdocs/wp-content/uploads/php", "htdocs/x.php",
                           "htdocs/wp-content/uploads/x.phpinfo", "htdocs/mywp-content/uploads/x.php"}) {
    EXPECT_FALSE(is_php_in_uploads(path)) << path;
  }
}

}  // namespace
}  // namespace wobackup
