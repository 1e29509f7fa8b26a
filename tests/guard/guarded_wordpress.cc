#include "guard/guarded_wordpress.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <regex>
#include <sstream>
#include <thread>

#include "base/cancellation.h"
#include "fakes/plain_tools.h"
#include "fakes/tree_facts.h"
#include "wordpress/http_check.h"

namespace wobackup::test {
namespace {

std::uint16_t free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), general, size) != 0 || ::getsockname(fd.get(), general, &size) != 0) return 0;
  return ::ntohs(address.sin_port);
}

HttpAnswer front_page(std::uint16_t port) {
  HttpRequest request;
  request.host = "wp.example";
  request.http_port = port;
  const Cancellation never;
  return http_check(request, never);
}

void plant(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

constexpr const char* kActivate =
    "update_option('active_plugins', array('shop/shop.php')); update_option('template', 'plain');"
    " update_option('stylesheet', 'plain'); wp_update_comment_count_now(1);";
constexpr const char* kTheme =
    "<!DOCTYPE html><html><head><title><?php echo wp_get_document_title(); ?></title><?php wp_head(); ?></head><body>"
    "<?php while (have_posts()) { the_post(); the_title('<h2>', '</h2>'); the_content(); } wp_footer(); "
    "?></body></html>";

}  // namespace

void GuardedWordPress::SetUpTestSuite() {
  if (::geteuid() != 0) return;
  site_ = std::make_unique<InstalledWordPress>();
  const auto plugins = live().htdocs() / "wp-content/plugins";
  plant(plugins / "shop/shop.php",
        "<?php\n/* Plugin Name: Shop\nVersion: 1.0 */\nadd_action('wp_footer', function () "
        "{ echo '<p>shop 1.0</p>'; });\n");
  plant(plugins / "shop/inc/orders.php", "<?php // orders\n");
  plant(plugins / "quiet/quiet.php", "<?php\n/* Plugin Name: Quiet\nVersion: 1.0 */\n");
  const auto theme = live().htdocs() / "wp-content/themes/plain";
  plant(theme / "style.css", "/* Theme Name: Plain */");
  plant(theme / "index.php", kTheme);
  run_in(live().site(), {"chown", "-R", "33:33", "."});
  port_ = free_port();
  Command server;
  server.argv = {"php",
                 "-d",
                 "display_errors=0",
                 "-d",
                 "opcache.enable=0",
                 "-S",
                 fmt::format("127.0.0.1:{}", port_),
                 "-t",
                 live().htdocs().string()};
  server.environment = {{"PHP_CLI_SERVER_WORKERS", "2"}};
  server.confinement = Confinement{.umask = 022, .limits = {}};  // its workers end with it
  server.run_as = {33, 33};
  web_ = std::make_unique<Subprocess>(server);
  std::thread([out = web_->err_fd()] {  // what it tells of each request
    char buffer[4096];
    while (::read(out, buffer, sizeof buffer) > 0) {
    }
  })
      .detach();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      if (front_page(port_).status == 200) break;
    } catch (const Error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
}

void GuardedWordPress::TearDownTestSuite() {
  web_.reset();
  site_.reset();
}

void GuardedWordPress::SetUp() {
  if (!site_) GTEST_SKIP() << "needs root: a site's code runs as another user";
  output_.reset(::open((folder_ / "output").c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  config_.registry = folder_ / "none.db";
  config_.state_dir = folder_ / "state";
  config_.backup_root = folder_ / "archives";
  config_.min_free_bytes = 0;
  config_.database.defaults_file = live().server().defaults_file();
  config_.server.http_port = port_;
  config_.server.reload_php = false;
  config_.server.page_cache = folder_ / "no-cache";
  config_.server.web_logs = folder_ / "no-logs";
  config_.guard.settle = std::chrono::milliseconds(0);
  config_.site["wp.example"].path = live().site();
  config_.site["wp.example"].type = "wp";
  config_.site["wp.example"].database.name = "wp";
  run_in(live().site(), {"sh", "-c", shell("wp \"" + std::string(kActivate) + "\"").argv.at(2)});
  static_cast<void>(front_page(port_));
  files_before_ = files();
  rows_before_ = rows();
}

// What is not taken back is a failure of the test, and must not become one of the next.
void GuardedWordPress::TearDown() {
  if (!site_) return;
  if (service().pending_restore("wp.example")) static_cast<void>(service().finish_restore(the_site(), true));
}

std::string GuardedWordPress::query(const std::string& text) const {
  return run_in("/", {"mariadb", "--socket=" + live().server().socket(), "--user=root", "-N", "wp", "-e", text});
}

GuardCommand GuardedWordPress::shell(const std::string& script) const {
  GuardCommand command;
  command.argv = {"sh", "-c",
                  "wp() { php -r '$_SERVER[\"HTTP_HOST\"] = \"wp.example\"; define(\"WP_HTTP_BLOCK_EXTERNAL\", true); "
                  "define(\"DISABLE_WP_CRON\", true); require \"htdocs/wp-load.php\"; eval($argv[1]);' \"$1\"; }\n"
                  "cd " +
                      live().site().string() + "\n" + script};
  command.out = command.err = output_ ? output_.get() : 2;
  return command;
}

std::string GuardedWordPress::failure(const std::string& script, const GuardOptions& options,
                                      GuardResult* result) const {
  try {
    static_cast<void>(guard(script, options));
  } catch (const GuardFailed& failed) {
    EXPECT_EQ(name_of(failed.kind()), "rolled_back") << failed.message();
    if (result != nullptr) *result = failed.result();
    return failed.message();
  }
  ADD_FAILURE() << "it was kept: " << output();
  return {};
}

std::map<std::string, std::string> GuardedWordPress::files() {
  std::map<std::string, std::string> all = facts_of(live().site());
  std::erase_if(all, [](const auto& item) { return item.first.starts_with(".wobackup"); });
  return all;
}

std::map<std::string, int> GuardedWordPress::rows() {
  const std::string dump =
      run_in("/", {"mariadb-dump", "--socket=" + live().server().socket(), "--user=root", "--skip-comments",
                   "--skip-extended-insert", "--routines", "--events", "--triggers", "--order-by-primary", "--hex-blob",
                   "--single-transaction", "wp"});
  static const std::regex by_themselves(
      "^INSERT INTO `wp_options` .*'(cron|_transient_|_site_transient_).*|"
      "^INSERT INTO `wp_usermeta` .*'session_tokens'.*");
  static const std::regex counter(" AUTO_INCREMENT=[0-9]+");
  std::map<std::string, int> lines;
  std::istringstream stream(dump);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("INSERT INTO `wp_options`") || line.starts_with("INSERT INTO `wp_usermeta`")) {
      if (std::regex_match(line.substr(0, 200), by_themselves)) continue;
    }
    if (line.starts_with(") ENGINE")) line = std::regex_replace(line, counter, "");
    ++lines[line];
  }
  return lines;
}

::testing::AssertionResult GuardedWordPress::is_as_before() const {
  std::string differs;
  const auto add = [&](const char* sign, const std::string& text) { differs += sign + text.substr(0, 300) + "\n"; };
  const auto now = files();
  for (const auto& [name, fact] : files_before_) {
    const auto place = now.find(name);
    if (place == now.end()) add("- ", name);
    if (place != now.end() && place->second != fact) add("! ", name + ": " + place->second + " not " + fact);
  }
  for (const auto& [name, fact] : now) {
    if (!files_before_.contains(name)) add("+ ", name);
  }
  const auto lines = rows();
  for (const auto& [line, count] : rows_before_) {
    if (!lines.contains(line) || lines.at(line) != count) add("- ", line);
  }
  for (const auto& [line, count] : lines) {
    if (!rows_before_.contains(line)) add("+ ", line);
  }
  const HttpAnswer answer = front_page(port_);
  if (answer.status != 200 || answer.body_bytes < 1000) add("? ", fmt::format("it answers with {}", answer.status));
  if (differs.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << differs << output();
}

std::string GuardedWordPress::output() const { return text_of_file(folder_ / "output"); }

}  // namespace wobackup::test
