#include "wordpress/probe/installed_wordpress.h"

#include <sys/stat.h>
#include <unistd.h>

#include "fakes/plain_tools.h"

namespace wobackup::test {

namespace fs = std::filesystem;

std::unique_ptr<InstalledWordPress> WordPressSiteTest::site_;

InstalledWordPress::InstalledWordPress() {
  server_.add_database("wp", "se'cret \\ 1");
  server_.add_database("copy", "secret");
  ::chmod(folder_.path().c_str(), 0755);
  fs::create_directories(site());
  run_in(folder_.path(), {"cp", "-rL", "--preserve=mode,timestamps", "/usr/share/wordpress", htdocs().string()});
  fs::remove(htdocs() / "wp-config.php");
  fs::create_directories(htdocs() / "wp-content/uploads");
  fs::create_directories(htdocs() / "wp-content/mu-plugins");
  write_config(usual_settings());
  run_in(site(), {"php", "-d", "error_reporting=0", WORDPRESS_SCRIPT, htdocs().string(), "install"});
  run_in(site(), {"chown", "-R", "33:33", "."});
}

DatabaseLogin InstalledWordPress::login(const std::string& database) const {
  DatabaseLogin login;
  login.name = login.user = database;
  login.password = database == "wp" ? "se'cret \\ 1" : "secret";
  login.host.socket = server_.socket();
  return login;
}

std::string InstalledWordPress::usual_settings() const {
  return "define( 'DB_NAME', 'wp' );\ndefine( 'DB_USER', 'wp' );\ndefine( 'DB_PASSWORD', 'se\\'cret \\\\ 1' );\n"
         "define( 'DB_HOST', 'localhost:" +
         server_.socket() + "' );\n";
}

void InstalledWordPress::write_config(const std::string& settings) const {
  std::ofstream(site() / "wp-config.php")
      << "<?php\n"
      << settings << "define( 'DB_CHARSET', 'utf8mb4' );\n$table_prefix = 'wp_';\n"
      << "if ( ! defined( 'ABSPATH' ) ) {\n\tdefine( 'ABSPATH', __DIR__ . '/htdocs/' );\n}\n"
      << "require_once ABSPATH . 'wp-settings.php';\n";
}

void WordPressSiteTest::SetUpTestSuite() {
  if (::geteuid() == 0 && !site_) site_ = std::make_unique<InstalledWordPress>();
}

void WordPressSiteTest::TearDownTestSuite() { site_.reset(); }

void WordPressSiteTest::SetUp() {
  if (!site_) GTEST_SKIP() << "needs root: a site's code runs as another user";
}

void WordPressSiteTest::TearDown() {
  if (!site_) return;
  for (const fs::path& file : planted_) fs::remove_all(file);
  site_->write_config(site_->usual_settings());
}

fs::path WordPressSiteTest::plant(const std::string& name, std::string_view content) {
  const fs::path file = site_->htdocs() / name;
  std::ofstream(file, std::ios::binary) << content;
  if (::chown(file.c_str(), 33, 33) != 0) throw std::runtime_error("chown failed");
  planted_.push_back(file);
  return file;
}

WordPressRun WordPressSiteTest::run() {
  WordPressRun run;
  run.start.htdocs = site_->htdocs();
  run.start.host = "wp.example";
  run.php = find_php(std::nullopt, std::nullopt);
  run.user = InstalledWordPress::kUser;
  run.limits.isolated = true;
  return run;
}

}  // namespace wobackup::test
