// How long a dump takes to load: `mariadb < dump` and our loader side by side, on a private server.
//   bench_table_load [--mb=200 | --dump=FILE] [--threads=2] [--rounds=3] [--only=loader|client] [--json]
// Without a dump, the largest tables of a WordPress are made.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_access.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "fakes/private_mariadb.h"
#include "fakes/scratch_folder.h"
#include "target/database/dump_loader.h"
#include "target/database/shadow_database.h"
#include "wobackup/json.h"

namespace wobackup {
namespace {

struct Options {
  unsigned mb = 200;
  unsigned threads = 2;
  unsigned rounds = 3;
  std::string only;
  std::string dump;
  bool json = false;
};

Options options_from(const std::vector<std::string_view>& arguments) {
  Options options;
  for (const std::string_view argument : arguments) {
    const std::size_t equals = argument.find('=');
    const std::string_view key = argument.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : argument.substr(equals + 1);
    unsigned number = 0;
    std::from_chars(value.data(), value.data() + value.size(), number);
    if (key == "--mb") options.mb = number;
    if (key == "--threads") options.threads = number;
    if (key == "--rounds") options.rounds = number;
    if (key == "--only") options.only = value;
    if (key == "--dump") options.dump = value;
    if (key == "--json") options.json = true;
  }
  return options;
}

// Tables as WordPress makes them; half of the bytes in posts, half in their meta data, some options and users.
std::string site_of(unsigned mb) {
  const unsigned posts = mb * 170;
  return fmt::format(R"SQL(
CREATE TABLE wp_posts (ID bigint(20) unsigned NOT NULL AUTO_INCREMENT, post_author bigint(20) unsigned NOT NULL DEFAULT 0,
  post_date datetime NOT NULL, post_date_gmt datetime NOT NULL, post_content longtext NOT NULL, post_title text NOT NULL,
  post_excerpt text NOT NULL, post_status varchar(20) NOT NULL DEFAULT 'publish', comment_status varchar(20) NOT NULL
  DEFAULT 'open', ping_status varchar(20) NOT NULL DEFAULT 'open', post_password varchar(255) NOT NULL DEFAULT '',
  post_name varchar(200) NOT NULL DEFAULT '', to_ping text NOT NULL, pinged text NOT NULL, post_modified datetime NOT NULL,
  post_modified_gmt datetime NOT NULL, post_content_filtered longtext NOT NULL, post_parent bigint(20) unsigned NOT NULL
  DEFAULT 0, guid varchar(255) NOT NULL DEFAULT '', menu_order int(11) NOT NULL DEFAULT 0, post_type varchar(20) NOT NULL
  DEFAULT 'post', post_mime_type varchar(100) NOT NULL DEFAULT '', comment_count bigint(20) NOT NULL DEFAULT 0,
  PRIMARY KEY (ID), KEY post_name (post_name(191)), KEY type_status_date (post_type,post_status,post_date,ID),
  KEY post_parent (post_parent), KEY post_author (post_author))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
CREATE TABLE wp_postmeta (meta_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, post_id bigint(20) unsigned NOT NULL DEFAULT
  0, meta_key varchar(255) DEFAULT NULL, meta_value longtext DEFAULT NULL, PRIMARY KEY (meta_id), KEY post_id (post_id),
  KEY meta_key (meta_key(191))) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
CREATE TABLE wp_options (option_id bigint(20) unsigned NOT NULL AUTO_INCREMENT, option_name varchar(191) NOT NULL DEFAULT
  '', option_value longtext NOT NULL, autoload varchar(20) NOT NULL DEFAULT 'yes', PRIMARY KEY (option_id), UNIQUE KEY
  option_name (option_name), KEY autoload (autoload))
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
INSERT INTO wp_posts SELECT NULL, 1 + seq % 9, '2020-01-01' + INTERVAL seq MINUTE, '2020-01-01' + INTERVAL seq MINUTE,
  REPEAT(CONCAT('<p>Post "', seq, '" ', MD5(seq), ' isn''t ', SHA1(seq), '</p>\n'), 24), CONCAT('Post ', seq), '',
  IF(seq % 5, 'publish', 'inherit'), 'open', 'open', '', CONCAT('post-', seq * 7919 % 1000003), '', '',
  '2024-01-01' + INTERVAL seq SECOND, '2024-01-01' + INTERVAL seq SECOND, '', seq * 31 % 5000,
  CONCAT('https://example.com/?p=', seq), 0, ELT(1 + seq % 3, 'post', 'attachment', 'revision'), '', seq % 7
  FROM seq_1_to_{0};
INSERT INTO wp_postmeta SELECT NULL, seq * 7907 % {0}, ELT(1 + seq % 5, '_edit_lock', '_wp_attached_file', '_thumbnail_id',
  '_sku', CONCAT('_field_', seq % 97)), CONCAT('a:2:{{s:5:"width";i:', seq, ';s:4:"file";s:20:"', MD5(seq * 3), '";}}')
  FROM seq_1_to_{1};
INSERT INTO wp_options SELECT NULL, CONCAT('_transient_', MD5(seq)), REPEAT(SHA1(seq), 20), IF(seq % 3, 'yes', 'no')
  FROM seq_1_to_{2};
)SQL",
                     posts, posts * 25, mb * 30);
}

double seconds_of(const auto& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::filesystem::path dump_of(const test::PrivateMariadb& server, const test::ScratchFolder& folder) {
  std::filesystem::path file = folder / "site.sql";
  const Collected result =
      run_collecting({{"mariadb-dump", "--no-defaults", "--user=root", "--socket=" + server.socket(),
                       "--single-transaction", "--quick", "--hex-blob", "--default-character-set=utf8mb4",
                       "--order-by-primary", "--result-file=" + file.string(), "site"},
                      {},
                      {},
                      std::nullopt},
                     std::chrono::minutes(10));
  if (!result.status.success()) throw std::runtime_error(result.err);
  return file;
}

// The database is made and removed outside of the timing.
double load_by_client(const test::PrivateMariadb& server, const std::filesystem::path& file) {
  server.run("", "CREATE DATABASE by_client CHARACTER SET utf8mb4;");
  const double seconds = seconds_of([&] { server.load("by_client", file); });
  server.run("", "DROP DATABASE by_client;");
  return seconds;
}

// The scan, the gaps and the counts are part of it; the shadow's making and removal are not.
double load_by_loader(const test::PrivateMariadb& server, const std::filesystem::path& file, unsigned threads) {
  const Cancellation never;
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) throw system_error("open", errno);
  const FileAccess dump(std::move(fd), std::filesystem::file_size(file), "site.sql");
  const ShadowDatabase shadow(server.root(), {new_shadow_name("bench"), {}, {}, true}, never);
  LoadOptions options;
  options.threads = threads;
  return seconds_of([&] {
    static_cast<void>(
        load_dump(dump, layout_by_scan(dump, never), {shadow.name(), shadow.login(), std::nullopt}, options, never));
  });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::filesystem::path made_dump(const test::PrivateMariadb& server, const test::ScratchFolder& folder, unsigned mb) {
  server.run("", "CREATE DATABASE site CHARACTER SET utf8mb4;");
  server.run("site", site_of(mb));
  std::filesystem::path file = dump_of(server, folder);
  server.run("", "DROP DATABASE site;");
  return file;
}

Json way(const std::vector<double>& seconds, double reference) {
  return {{"seconds", median(seconds)},
          {"seconds_min", *std::min_element(seconds.begin(), seconds.end())},
          {"ratio", median(seconds) / reference}};
}

void run(const Options& options) {
  const test::PrivateMariadb server;
  const test::ScratchFolder folder;
  const std::filesystem::path file =
      options.dump.empty() ? made_dump(server, folder, options.mb) : std::filesystem::path(options.dump);
  std::vector<double> client, loader;
  for (unsigned round = 0; round < options.rounds; ++round) {
    if (options.only != "loader") client.push_back(load_by_client(server, file));
    if (options.only != "client") {
      loader.push_back(load_by_loader(server, file, options.threads));
    }
    fmt::print(stderr, "{}/{} mariadb < dump: {:.2f} s, loader: {:.2f} s\n", round + 1, options.rounds,
               client.empty() ? 0.0 : client.back(), loader.empty() ? 0.0 : loader.back());
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const double reference = median(client.empty() ? loader : client);
  Json summary = {{"dump_bytes", std::filesystem::file_size(file)},
                  {"runs", options.rounds},
                  {"peak_memory_bytes", static_cast<std::uint64_t>(usage.ru_maxrss) * 1024}};
  if (!loader.empty()) summary["ways"]["wobackup's loader"] = way(loader, reference);
  if (!client.empty()) summary["ways"]["mariadb < dump"] = way(client, reference);
  fmt::print("{}\n", summary.dump(options.json ? -1 : 2));
}

}  // namespace
}  // namespace wobackup

int main(int argc, char** argv) {
  try {
    wobackup::run(wobackup::options_from({argv + 1, argv + argc}));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
