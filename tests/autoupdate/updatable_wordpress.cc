#include "autoupdate/updatable_wordpress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "fakes/plain_tools.h"
#include "fakes/tree_facts.h"
#include "wordpress/http_check.h"

namespace wobackup::test {
namespace {

namespace fs = std::filesystem;

// A plugin's old version runs what the new one has brought, once its files are there.
std::string plugin_text(const std::string& name, const std::string& version, const std::string& code) {
  return "<?php\n/*\nPlugin Name: " + name + "\nVersion: " + version +
         "\n*/\nadd_action('upgrader_process_complete', function () { if (is_file(__DIR__ . '/upgrade.php')) include "
         "__DIR__ "
         ". '/upgrade.php'; });\n" +
         code + "\n";
}

std::string theme_style(const std::string& version) { return "/*\nTheme Name: Plain\nVersion: " + version + "\n*/\n"; }

constexpr const char* kThemeCode =
    "<?php ?><!DOCTYPE html><html><head><title><?php bloginfo('name'); ?></title><?php wp_head(); ?></head><body>\n"
    "<?php while (have_posts()) { the_post(); the_title('<h2>', '</h2>'); the_excerpt(); } wp_footer(); "
    "?></body></html>\n";

// With the archiver that WordPress brings along.
void zip(const fs::path& archive, const fs::path& folder) {
  fs::remove(archive);
  run_in("/", {"php", "-d", "error_reporting=0", "-r",
               "require '/usr/share/wordpress/wp-admin/includes/class-pclzip.php'; $zip = new PclZip($argv[1]);"
               "exit($zip->create($argv[2], PCLZIP_OPT_REMOVE_PATH, dirname($argv[2])) ? 0 : 1);",
               archive.string(), folder.string()});
}

std::uint16_t free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), general, size) != 0 || ::getsockname(fd.get(), general, &size) != 0) {
    throw std::runtime_error("no port");
  }
  return ::ntohs(address.sin_port);
}

}  // namespace

void AutoupdateTest::SetUpTestSuite() {
  if (::geteuid() != 0) return;
  site_ = std::make_unique<InstalledWordPress>();
  const fs::path content = live().htdocs() / "wp-content";
  const auto put = [](const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
  };
  // What only browsers load is half of all files; each test copies them all.
  for (const char* part : {"wp-includes/js/dist", "wp-includes/js/tinymce", "wp-includes/css", "wp-includes/images",
                           "wp-admin/css", "wp-admin/js", "wp-admin/images"}) {
    fs::remove_all(live().htdocs() / part);
  }
  put(content / "plugins/shop/shop.php", plugin_text("shop", "1.0", ""));
  put(content / "plugins/mail/mail.php", plugin_text("mail", "1.0", ""));
  put(content / "themes/plain/style.css", theme_style("1.0"));
  put(content / "themes/plain/index.php", kThemeCode);
  fs::copy_file(fs::path(AUTOUPDATE_FOLDER) / "wordpress_org.php", content / "mu-plugins/wordpress_org.php");
  live().server().run("wp", R"sql(
    UPDATE wp_options SET option_value = 'plain' WHERE option_name IN ('template', 'stylesheet');
    UPDATE wp_options SET option_value = 'a:2:{i:0;s:13:"mail/mail.php";i:1;s:13:"shop/shop.php";}'
      WHERE option_name = 'active_plugins';
    CREATE TABLE wp_shop_orders (id INT PRIMARY KEY, total DECIMAL(9, 2));
    INSERT INTO wp_shop_orders VALUES (1, 9.99), (2, 20), (3, 1.5);)sql");
  run_in(live().site(), {"chown", "-R", "33:33", "."});
  port_ = free_port();
  Command command;
  // Errors are there, and not shown, as on a live server: WordPress tells of them itself.
  command.argv = {
      "php", "-d",           "display_errors=0", "-d", "opcache.enable=0", "-S", "127.0.0.1:" + std::to_string(port_),
      "-t",  live().htdocs()};
  command.environment = {{"PHP_CLI_SERVER_WORKERS", "4"}};
  command.confinement = Confinement{.umask = 022, .limits = {}};  // its workers end with it
  command.run_as = {33, 33};
  web_server_ = std::make_unique<Subprocess>(command);
  // The first visit writes what every WordPress writes then.
  HttpRequest request;
  request.host = "wp.example";
  request.http_port = port_;
  for (int attempt = 0; attempt < 100; ++attempt) {
    try {
      static_cast<void>(http_check(request, Cancellation()));
      break;
    } catch (const Error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  pristine_ = std::make_unique<ScratchFolder>();
  run_in("/", {"cp", "-a", live().site().string(), (*pristine_ / "site").string()});
  run_in("/", {"mariadb-dump", "--socket=" + live().server().socket(), "--user=root", "--databases",
               "--add-drop-database", "--result-file=" + (*pristine_ / "wp.sql").string(), "wp"});
}

void AutoupdateTest::TearDownTestSuite() {
  web_server_.reset();
  site_.reset();
  pristine_.reset();
}

void AutoupdateTest::SetUp() {
  if (!site_) GTEST_SKIP() << "needs root: a site's code runs as another user";
  ::chmod(folder_.path().c_str(), 0755);
  run_in("/", {"rm", "-rf", live().site().string()});
  run_in("/", {"cp", "-a", (*pristine_ / "site").string(), live().site().string()});
  live().server().load("", *pristine_ / "wp.sql");
  fs::copy_file(fs::path(AUTOUPDATE_FOLDER) / "wp", folder_ / "wp");
  config_.registry = folder_ / "none.db";
  config_.state_dir = folder_ / "state";
  config_.log_dir = folder_ / "log";
  config_.scratch_dir = folder_ / "scratch";
  fs::create_directory(config_.scratch_dir);
  config_.backup_root = folder_ / "archives";
  config_.min_free_bytes = 0;
  config_.database.defaults_file = live().server().defaults_file();
  config_.server.http_port = port_;
  config_.server.reload_php = false;
  config_.server.page_cache = folder_ / "no-cache";
  config_.server.web_logs = folder_ / "no-logs";
  config_.autoupdate.wp = folder_ / "wp";
  if (const char* real = std::getenv("WOBACKUP_TEST_WP_CLI")) config_.autoupdate.wp = real;
  config_.site["wp.example"].path = live().site();
  config_.site["wp.example"].type = "wp";
  config_.site["wp.example"].database.name = "wp";
  write_offers();
  files_before_ = files();
  rows_before_ = rows();
  page_before_ = front_page();
}

void AutoupdateTest::write_offers() const {
  std::ofstream(live().site().parent_path() / "offers.json") << offers_.dump();
}

void AutoupdateTest::offer_plugin(const std::string& name, const std::string& version, const std::string& code,
                                  const std::string& upgrade, const std::string& requires_php) {
  const fs::path base = name + "-" + version;
  folder_.write(base / name / (name + ".php"), plugin_text(name, version, code));
  if (!upgrade.empty()) folder_.write(base / name / "upgrade.php", "<?php\n" + upgrade);
  const fs::path package = folder_ / (base.string() + ".zip");
  zip(package, folder_ / base / name);
  const std::string file = name + "/" + name + ".php";
  offers_["plugins"][file] = {{"id", "w.org/plugins/" + name}, {"slug", name}, {"plugin", file},
                              {"new_version", version},        {"url", ""},    {"package", package.string()},
                              {"requires_php", requires_php}};
  write_offers();
}

void AutoupdateTest::offer_theme(const std::string& version, const std::string& code) {
  folder_.write("theme-" + version + "/plain/style.css", theme_style(version));
  std::string index = kThemeCode;
  folder_.write("theme-" + version + "/plain/index.php", index.insert(index.find("</body>"), code));
  const fs::path package = folder_ / ("plain-" + version + ".zip");
  zip(package, folder_ / ("theme-" + version) / "plain");
  offers_["themes"]["plain"] = {
      {"theme", "plain"}, {"new_version", version}, {"url", ""}, {"package", package.string()}};
  write_offers();
}

void AutoupdateTest::offer_core(const std::string& version) {
  const std::string installed = version_of("core");
  // A package of what has changed since one version, as wordpress.org has them.
  for (const char* file : {"readme.html", "wp-admin/includes/update-core.php"}) {
    folder_.write(fs::path("core/wordpress") / file, text_of_file(live().htdocs() / file));
  }
  std::string text = text_of_file(live().htdocs() / "wp-includes/version.php");
  text = std::regex_replace(text, std::regex("wp_version = '[^']*'"), "wp_version = '" + version + "'");
  text = std::regex_replace(text, std::regex("wp_db_version = [0-9]*"), "wp_db_version = 59999");
  folder_.write("core/wordpress/wp-includes/version.php", text);
  // WordPress removes the package when it has unpacked it.
  const fs::path packages = folder_ / "packages";
  fs::create_directories(packages);
  const fs::path package = packages / "core.zip";
  zip(package, folder_ / "core/wordpress");
  run_in("/", {"chown", "-R", "33:33", packages.string()});
  offers_["core"] = Json::array({{{"response", "upgrade"},
                                  {"download", ""},
                                  {"locale", "en_US"},
                                  {"packages",
                                   {{"full", package.string()},
                                    {"no_content", false},
                                    {"new_bundled", false},
                                    {"partial", package.string()},
                                    {"rollback", false}}},
                                  {"current", version},
                                  {"version", version},
                                  {"php_version", "5.6.20"},
                                  {"mysql_version", "5.0"},
                                  {"new_bundled", "6.1"},
                                  {"partial_version", installed}}});
  write_offers();
}

void AutoupdateTest::bad_day(const std::string& words) {
  config_.autoupdate.wp = folder_ / "wp";
  folder_.write("bad-day", words + "\n");
}

AutoupdateRun AutoupdateTest::run(const AutoupdateOptions& options) const {
  AutoupdateOptions all = options;
  if (all.sites.empty()) all.sites = {"wp.example"};
  Service wobackup = service();
  return autoupdate(wobackup, all);
}

SiteAutoupdate AutoupdateTest::update(const AutoupdateOptions& options) const {
  const AutoupdateRun done = run(options);
  EXPECT_EQ(done.sites.size(), 1U);
  const SiteAutoupdate& site = done.sites.at(0);
  EXPECT_EQ(done.exit_code, site.exit_code());
  if (site.error) std::printf("%s\n  hint: %s\n", site.error->message().c_str(), site.error->hint().c_str());
  for (const UpdateStep& step : site.steps) {
    for (const std::string& note : step.notes) std::printf("  note: %s\n", note.c_str());
  }
  return site;
}

std::string AutoupdateTest::version_of(const std::string& what) const {
  const fs::path content = live().htdocs() / "wp-content";
  const fs::path file = what == "core"    ? live().htdocs() / "wp-includes/version.php"
                        : what == "plain" ? content / "themes/plain/style.css"
                                          : content / "plugins" / what / (what + ".php");
  const std::string text = text_of_file(file);
  std::smatch found;
  const std::regex pattern(what == "core" ? "wp_version = '([^']*)'" : "Version: (\\S*)");
  return std::regex_search(text, found, pattern) ? found[1].str() : "";
}

std::string AutoupdateTest::sql(const std::string& query) const {
  return run_in("/", {"mariadb", "--socket=" + live().server().socket(), "--user=root", "-N", "-B", "-e", query, "wp"});
}

std::map<std::string, std::string> AutoupdateTest::files() const {
  std::map<std::string, std::string> all = facts_of(live().site());
  std::erase_if(all, [](const auto& item) { return item.first.starts_with(".wobackup"); });
  return all;
}

std::string AutoupdateTest::rows() const {
  std::istringstream dump(
      run_in("/", {"mariadb-dump", "--socket=" + live().server().socket(), "--user=root", "--skip-comments",
                   "--skip-extended-insert", "--order-by-primary", "--routines", "--triggers", "wp"}));
  static const std::regex passing(
      "^INSERT INTO `wp_(options` VALUES \\([0-9]+,'(_site_transient_|_transient_|cron'|.*\\.lock')|usermeta` VALUES "
      ".*session_tokens)");
  static const std::regex counter(" AUTO_INCREMENT=[0-9]+");
  std::string text;
  for (std::string line; std::getline(dump, line);) {
    if (std::regex_search(line.substr(0, 200), passing)) continue;
    text += std::regex_replace(line, counter, "") + "\n";
  }
  return text;
}

std::string AutoupdateTest::front_page() const {
  HttpRequest request;
  request.host = "wp.example";
  request.http_port = port_;
  const HttpAnswer answer = http_check(request, Cancellation());
  return std::to_string(answer.status) + " " + answer.title + " " + std::to_string(answer.body_bytes) +
         (answer.signs.critical_error ? " critical" : "") + (answer.signs.maintenance ? " maintenance" : "");
}

void AutoupdateTest::expect_untouched() const {
  const auto now = files();
  for (const auto& [path, facts] : files_before_) {
    const auto found = now.find(path);
    EXPECT_EQ(found == now.end() ? "missing" : found->second, facts) << path;
  }
  for (const auto& [path, facts] : now) EXPECT_TRUE(files_before_.contains(path)) << path << " is new";
  const auto lines_of = [](const std::string& text) {
    std::set<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  };
  const std::string rows_now = rows();
  if (rows_now != rows_before_) {
    const auto a = lines_of(rows_before_), b = lines_of(rows_now);
    for (const std::string& line : a) EXPECT_TRUE(b.contains(line)) << "- " << line.substr(0, 300);
    for (const std::string& line : b) EXPECT_TRUE(a.contains(line)) << "+ " << line.substr(0, 300);
    EXPECT_TRUE(rows_now == rows_before_);
  }
  EXPECT_EQ(front_page(), page_before_);
}

}  // namespace wobackup::test
