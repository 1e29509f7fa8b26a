// A real WordPress, backed up by the real command and brought back with plain tools.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>

#include "fakes/plain_tools.h"
#include "fakes/private_mariadb.h"
#include "fakes/scratch_folder.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::run_in;

constexpr const char* kWordpress = "/usr/share/wordpress";  // Debian's package

std::map<std::string, std::string> checksums(const test::PrivateMariadb& server, const std::string& database) {
  const Cancellation never;
  DatabaseConnection connection(server.root(), database, never);
  std::map<std::string, std::string> sums;
  for (const SqlRow& table : connection.rows("SHOW TABLES")) {
    sums[*table[0]] = connection.rows("CHECKSUM TABLE " + quoted_name(*table[0])).at(0).at(1).value_or("NULL");
  }
  return sums;
}

class WordpressTest : public testing::Test {
 protected:
  WordpressTest() {
    server_.add_database("wp", "secret");
    server_.add_database("copy", "secret");
    fs::create_directories(site());
    run_in(root(), {"cp", "-rL", "--preserve=mode,timestamps", kWordpress, (site() / "htdocs").string()});
    // Debian's own config reads /etc; WordOps keeps a site's config above htdocs.
    fs::remove(site() / "htdocs/wp-config.php");
    fs::create_directories(site() / "htdocs/wp-content/uploads");
    write_config(site(), "wp");
    folder_.write("wobackup.toml", "registry = \"" + (root() / "none").string() + "\"\nstate_dir = \"" +
                                       (root() / "state").string() + "\"\n[database]\ndefaults_file = \"" +
                                       server_.defaults_file().string() + "\"\n[site.\"wp.example\"]\npath = \"" +
                                       site().string() + "\"\ntype = \"wp\"\n");
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }
  [[nodiscard]] fs::path site() const { return root() / "wp.example"; }
  void write_config(const fs::path& folder, const std::string& database) const {
    std::ofstream(folder / "wp-config.php")
        << "<?php\n/** The name of the database: define('DB_NAME', 'other'); */\n"
        << "define( 'DB_NAME', '" << database << "' );\ndefine( 'DB_USER', '" << database
        << "' );\ndefine( 'DB_PASSWORD', 'secret' );\ndefine( 'DB_HOST', 'localhost:" << server_.socket()
        << "' );\ndefine( 'DB_CHARSET', 'utf8mb4' );\ndefine( 'DB_COLLATE', '' );\n"
        << "define( 'WP_HTTP_BLOCK_EXTERNAL', true );\ndefine( 'DISABLE_WP_CRON', true );\n$table_prefix = 'wp_';\n"
        << "if ( ! defined( 'ABSPATH' ) ) {\n\tdefine( 'ABSPATH', __DIR__ . '/htdocs/' );\n}\n"
        << "require_once ABSPATH . 'wp-settings.php';\n";
  }
  [[nodiscard]] std::string php(const fs::path& folder, const std::string& what) const {
    return run_in(folder, {"php", "-d", "error_reporting=0", WORDPRESS_SCRIPT, (folder / "htdocs").string(), what});
  }

  test::ScratchFolder folder_;
  test::PrivateMariadb server_;
};

TEST_F(WordpressTest, BackedUpAndBroughtBackWithPlainTools_ItIsTheSame) {
  const std::string shown = php(site(), "install");
  ASSERT_NE(shown.find("|51|"), std::string::npos) << shown;

  const std::string made =
      run_in(root(), {WOBACKUP_COMMAND, "--config", (root() / "wobackup.toml").string(), "create", "wp.example"});
  const fs::path archive = made.substr(made.find('/'), made.find(".tar.zst") + 8 - made.find('/'));
  ASSERT_TRUE(fs::exists(archive)) << made;

  const fs::path out = root() / "out";
  fs::create_directories(out);
  run_in(out, {"tar", "--zstd", "--xattrs", "--xattrs-include=*", "--acls", "-xpf", archive.string()});
  const fs::path top = out / archive.stem().stem();
  run_in(root(), {"diff", "-r", "--no-dereference", (site() / "htdocs").string(), (top / "htdocs").string()});
  run_in(root(), {"diff", (site() / "wp-config.php").string(), (top / "wp-config.php").string()});

  server_.load("copy", top / "wp.example.sql");
  const auto before = checksums(server_, "wp");
  EXPECT_GE(before.size(), 12U);
  EXPECT_EQ(before, checksums(server_, "copy"));

  write_config(top, "copy");
  EXPECT_EQ(php(top, "show"), shown);
}

}  // namespace
}  // namespace wobackup
