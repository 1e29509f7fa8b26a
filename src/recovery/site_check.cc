#include "recovery/site_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <utility>

#include "base/unique_fd.h"
#include "wobackup/error.h"
#include "wordpress/cache_flush.h"
#include "wordpress/http_check.h"
#include "wordpress/site_user.h"
#include "wordpress/wordpress_probe.h"

namespace wobackup {
namespace {

// The first problem that is there now and was not before.
std::optional<std::string> compare(const std::optional<std::string>& before, const std::optional<std::string>& after,
                                   std::vector<std::string>& notes) {
  if (!after) return std::nullopt;
  if (!before) return after;
  notes.push_back(*after + " (so it was before)");
  return std::nullopt;
}

}  // namespace

std::optional<unsigned> live_owner(const Site& site) {
  struct stat status {};
  if (::stat(htdocs_of(site).c_str(), &status) == 0) return status.st_uid;
  // Of a site whose content is gone, its folder's owner.
  if (::stat(site.path.c_str(), &status) == 0 && status.st_uid != 0) return status.st_uid;
  return std::nullopt;
}

std::optional<WordPressRun> wordpress_of(const Site& site, const Config& config, const std::optional<unsigned>& owner,
                                         std::optional<std::string>& why_not) {
  const UniqueFd folder(::open(site.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd htdocs(::open(htdocs_of(site).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!folder || !htdocs || ::fstatat(htdocs.get(), "wp-load.php", &status, 0) != 0) return std::nullopt;
  if (::fstat(htdocs.get(), &status) != 0 || owner != status.st_uid) {
    why_not = owner ? fmt::format("htdocs belonged to user {} before, and to user {} now", *owner, status.st_uid)
                    : std::string("the site had no htdocs before, whose owner would tell as whom it may run");
    return std::nullopt;
  }
  try {
    WordPressRun run;
    run.user = site_user(htdocs.get(), folder.get(), site.name);
    run.php = find_php(config.server.php, site.record.php_version);
    run.start.htdocs = htdocs_of(site);
    run.start.host = site.name;
    run.start.read_only = true;
    run.start.https = site.record.is_ssl.value_or(false);
    return run;
  } catch (const Error& error) {
    why_not = error.message();
    return std::nullopt;
  }
}

void look_at_wordpress(const Site& site, const Config& config, const std::optional<unsigned>& owner,
                       const Cancellation& cancellation, SiteLook& look) {
  std::optional<std::string> why_not;
  const std::optional<WordPressRun> run = wordpress_of(site, config, owner, why_not);
  if (why_not) look.notes.push_back("WordPress was not tried: " + *why_not);
  if (!run) return;
  try {
    look.version = probe_wordpress(*run, cancellation).version;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (error.kind() == ErrorKind::verification) {
      look.wordpress_problem = error.message();
    } else {
      look.notes.push_back("WordPress was not tried: " + error.message());
    }
  }
}

void look_at_front_page(const Site& site, const Config& config, const std::optional<int>& before,
                        const Cancellation& cancellation, SiteLook& look) {
  if (!config.server.http_check) return;
  HttpRequest request;
  request.host = site.name;
  request.https = site.record.is_ssl.value_or(false);
  request.address = config.server.http_address;
  request.http_port = config.server.http_port;
  request.https_port = config.server.https_port;
  try {
    const HttpAnswer answer = http_check(request, cancellation);
    look.http_status = answer.status;
    look.http_problem = http_problem(answer, {});
    // A page that asks for a password, or leads elsewhere, did so before.
    if (look.http_problem && before == answer.status && answer.status < 500) {
      look.http_problem = http_problem(answer, {.status = answer.status, .maintenance = false});
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    look.notes.push_back("the front page was not asked for: " + error.message());
  }
}

std::optional<std::string> newly_broken(const SiteLook& before, const SiteLook& after,
                                        std::vector<std::string>& notes) {
  notes.insert(notes.end(), after.notes.begin(), after.notes.end());
  if (auto broken = compare(before.wordpress_problem, after.wordpress_problem, notes)) return broken;
  // A server that did not answer before is not this site's.
  if (before.http_status && !after.http_status) return "the web server does not answer any more";
  return compare(before.http_problem, after.http_problem, notes);
}

std::vector<std::string> flush_site_caches(const Site& site, const Config& config, const std::optional<unsigned>& owner,
                                           const Cancellation& cancellation) {
  CacheFlushRequest request;
  request.hosts = {site.name, "www." + site.name};
  std::optional<std::string> why_not;
  request.wordpress = wordpress_of(site, config, owner, why_not);
  request.page_cache = config.server.page_cache;
  if (config.server.reload_php) request.php_reload = php_reload_command(site.record.php_version);
  return flush_caches(request, cancellation).not_flushed;
}

}  // namespace wobackup
