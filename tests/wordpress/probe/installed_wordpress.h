// Debian's WordPress, installed into a private MariaDB, owned by www-data. Installed once for all tests of a program.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fakes/private_mariadb.h"
#include "fakes/scratch_folder.h"
#include "wordpress/wordpress_run.h"

namespace wobackup::test {

/// The site wp.example: its folder, its files, its database "wp" with 51 posts.
class InstalledWordPress {
 public:
  static constexpr SiteUser kUser{33, 33};

  InstalledWordPress();

  [[nodiscard]] std::filesystem::path site() const { return folder_ / "wp.example"; }
  [[nodiscard]] std::filesystem::path htdocs() const { return site() / "htdocs"; }
  [[nodiscard]] const PrivateMariadb& server() const { return server_; }
  [[nodiscard]] DatabaseLogin login(const std::string& database) const;
  /// A config of our own: `settings` before WordPress' own lines.
  void write_config(const std::string& settings) const;
  [[nodiscard]] std::string usual_settings() const;

 private:
  ScratchFolder folder_;
  PrivateMariadb server_;
};

/// A test with that WordPress. What it writes below htdocs is removed afterwards.
class WordPressSiteTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;
  void TearDown() override;

  /// A file below htdocs, the site's own.
  std::filesystem::path plant(const std::string& name, std::string_view content);
  /// A must-use plugin: WordPress loads it always.
  void plant_plugin(const std::string& body) { plant("wp-content/mu-plugins/planted.php", "<?php\n" + body); }
  /// As a drill would run it, but with the site's own database.
  [[nodiscard]] static WordPressRun run();

  static std::unique_ptr<InstalledWordPress> site_;

 private:
  std::vector<std::filesystem::path> planted_;
};

}  // namespace wobackup::test
