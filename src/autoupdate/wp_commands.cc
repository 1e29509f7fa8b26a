#include "autoupdate/wp_commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "autoupdate/wp_json.h"
#include "base/json_text.h"
#include "base/text.h"
#include "wobackup/error.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestName = 255;

WpRun must_run(const WpCli& wp, const std::vector<std::string>& words) {
  WpRun run = wp.run(words);
  if (!run.succeeded()) throw wp_failure(run);
  return run;
}

std::vector<Json> list_of(const WpRun& run, const std::vector<std::string_view>& keys) {
  if (auto list = wp_list(run.watched.out, keys)) return *std::move(list);
  // Nothing at all is how some versions say "none".
  if (trim(run.watched.out).empty()) return {};
  throw Error(ErrorKind::failed, fmt::format("`{}` gave no list that makes sense", run.command),
              "run it by hand as the site's user, and look at what it prints");
}

// As it stands: a name must reach WP-CLI again unchanged.
std::string raw_text(const Json& item, const char* key) { return text_member(item, key).value_or(""); }

// "WordPress database upgraded on 2/3 sites." is a success to WP-CLI.
bool all_sites_done(std::string_view out) {
  constexpr std::string_view kBefore = " upgraded on ";
  const std::size_t at = out.rfind(kBefore);
  if (at == std::string_view::npos) return true;
  const std::string_view counts = out.substr(at + kBefore.size());
  unsigned done = 0, total = 0;
  const auto first = std::from_chars(counts.data(), counts.data() + counts.size(), done);
  if (first.ec != std::errc() || first.ptr == counts.data() + counts.size() || *first.ptr != '/') return true;
  const auto second = std::from_chars(first.ptr + 1, counts.data() + counts.size(), total);
  return second.ec != std::errc() || done == total;
}

// The files are all there; only the list of what an older version has left behind could not be had.
bool failed_at_cleaning_up(const WpRun& run) {
  return run.watched.end == WatchEnd::by_itself &&
         run.watched.err.find("Failed to get url 'https://api.wordpress.org/core/checksums/") != std::string::npos;
}

}  // namespace

std::string_view name_of(ExtensionKind kind) noexcept { return kind == ExtensionKind::plugin ? "plugin" : "theme"; }

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName && name.front() != '-' && name.front() != '@' &&
         name.front() != '/' && printable(name) == name && name.find("://") == std::string_view::npos;
}

std::string core_version(const WpCli& wp) {
  const WpRun run = must_run(wp, {"core", "version"});
  // Its own line is the last one.
  const std::string_view out = trim(run.watched.out);
  const std::string_view version = trim(out.substr(out.rfind('\n') + 1));
  if (version.empty() || version.size() > 64 || version.front() < '0' || version.front() > '9') {
    throw Error(ErrorKind::failed, fmt::format("`{}` gave no version", run.command));
  }
  return printable(version);
}

std::vector<std::string> core_offers(const WpCli& wp) {
  // Without --minor and --major: with one of them WP-CLI 2.11 ends with a PHP error if there is none. Without
  // --force-check nothing is told for a minute after a visit to the dashboard.
  const WpRun run = must_run(wp, {"core", "check-update", "--force-check", "--format=json"});
  std::vector<std::string> versions;
  const std::vector<std::string_view> keys{"version", "update_type"};
  // If there is none, 2.10 prints no list at all: what stands there is then some notice of the site's.
  if (!wp_list(run.watched.out, keys) && run.watched.out.find("\"update_type\"") == std::string::npos) return versions;
  for (const Json& item : list_of(run, keys)) {
    // Newer versions of WP-CLI tell that PHP or the database server is too old for it.
    if (answer_text(item, "status") == "unavailable") continue;
    versions.push_back(answer_text(item, "version"));
  }
  return versions;
}

std::vector<ExtensionUpdate> extension_updates(const WpCli& wp, ExtensionKind kind) {
  std::string fields = "--fields=name,version,update_version,update_package";
  if (kind == ExtensionKind::plugin) fields += ",file";
  const WpRun run = must_run(wp, {std::string(name_of(kind)), "list", "--update=available", fields, "--format=json"});
  std::vector<ExtensionUpdate> updates;
  for (const Json& item : list_of(run, {"name", "version", "update_version"})) {
    updates.push_back({.name = raw_text(item, "name"),
                       .file = raw_text(item, "file"),
                       .version = answer_text(item, "version"),
                       .available = answer_text(item, "update_version"),
                       .has_package = !raw_text(item, "update_package").empty()});
  }
  return updates;
}

std::map<std::string, std::string> installed_versions(const WpCli& wp, ExtensionKind kind) {
  const WpRun run = must_run(
      wp, {std::string(name_of(kind)), "list", "--fields=name,version", "--skip-update-check", "--format=json"});
  std::map<std::string, std::string> versions;
  for (const Json& item : list_of(run, {"name", "version"})) {
    versions[raw_text(item, "name")] = answer_text(item, "version");
  }
  return versions;
}

bool is_multisite(const WpCli& wp) { return wp.run({"core", "is-installed", "--network"}).succeeded(); }

void update_core(const WpCli& wp, bool minor, const std::string& expected, std::vector<std::string>& notes) {
  std::vector<std::string> words{"core", "update"};
  if (minor) words.emplace_back("--minor");
  const WpRun run = wp.run(words);
  if (!run.succeeded()) {
    if (!failed_at_cleaning_up(run)) throw wp_failure(run);
    notes.emplace_back(
        "WP-CLI could not ask wordpress.org which files of the older WordPress are left over; if any are, they stay");
  }
  const std::string version = core_version(wp);
  if (version == expected) return;
  throw Error(ErrorKind::failed, fmt::format("`{}` left WordPress {} instead of {}", run.command, version, expected));
}

void update_core_database(const WpCli& wp, std::vector<std::string>& notes) {
  std::vector<std::string> words{"core", "update-db"};
  if (is_multisite(wp)) words.emplace_back("--network");
  const WpRun run = must_run(wp, words);
  if (!all_sites_done(run.watched.out)) {
    throw Error(ErrorKind::failed, fmt::format("`{}` did not bring all sites of the network up to date", run.command));
  }
  const std::string_view out = trim(run.watched.out);
  const std::string_view last = trim(out.substr(out.rfind('\n') + 1));
  if (!last.empty()) notes.push_back(printable(last.substr(0, 300)));
}

void update_extensions(const WpCli& wp, ExtensionKind kind, const std::vector<std::string>& names) {
  std::vector<std::string> words{std::string(name_of(kind)), "update"};
  words.insert(words.end(), names.begin(), names.end());
  words.emplace_back("--format=json");
  const WpRun run = wp.run(words);
  std::map<std::string, std::string> status;
  if (const auto list = wp_list(run.watched.out, {"name", "status"})) {
    for (const Json& item : *list) status[raw_text(item, "name")] = answer_text(item, "status");
  }
  std::string not_updated;
  for (const std::string& name : names) {
    const auto found = status.find(name);
    if (found != status.end() && found->second == "Updated") continue;
    not_updated += (not_updated.empty() ? "" : ", ") + name;
  }
  if (run.succeeded() && not_updated.empty()) return;
  if (!run.succeeded()) {
    const Error failure = wp_failure(run);
    throw not_updated.empty()
        ? failure
        : Error(failure.kind(), fmt::format("{} (not updated: {})", failure.message(), not_updated));
  }
  throw Error(ErrorKind::failed, fmt::format("`{}` did not say that it updated {}", run.command, not_updated));
}

}  // namespace wobackup
