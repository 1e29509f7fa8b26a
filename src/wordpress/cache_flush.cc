#include "wordpress/cache_flush.h"

#include <fmt/format.h>

#include <chrono>

#include "base/text.h"
#include "base/watched_run.h"
#include "wordpress/object_cache.h"
#include "wordpress/page_cache.h"

namespace wobackup {
namespace {

constexpr std::chrono::seconds kLongestReload{30};

CacheOutcome page_cache(const std::filesystem::path& folder, const std::vector<std::string>& hosts,
                        const Cancellation& cancellation) {
  const std::uint64_t removed = purge_page_cache(folder, hosts, cancellation);
  return {true, fmt::format("page cache: {} pages removed", removed)};
}

CacheOutcome php_scripts(const std::vector<std::string>& argv, const Cancellation& cancellation) {
  Command command;
  command.argv = argv;
  WatchLimits limits;
  limits.timeout = kLongestReload;
  limits.cancellation = &cancellation;
  const Watched run = run_watched(command, limits);
  if (run.end == WatchEnd::by_itself && run.status.success()) return {true, "PHP: reloaded"};
  const std::string why = run.end == WatchEnd::out_of_time ? std::string("it takes too long") : run.status.text();
  return {false, fmt::format("PHP: not reloaded, {}: {} {}", argv.front(), why, printable(trim(run.err)))};
}

template <class Action>
void add(CacheFlush& all, const char* what, const Action& action) {
  try {
    CacheOutcome outcome = action();
    (outcome.flushed ? all.flushed : all.not_flushed).push_back(std::move(outcome.text));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    all.not_flushed.push_back(fmt::format("{}: not flushed: {}", what, error.message()));
  }
}

}  // namespace

CacheFlush flush_caches(const CacheFlushRequest& request, const Cancellation& cancellation) {
  CacheFlush all;
  // Compiled scripts first: what the others cache anew comes from the new ones.
  if (!request.php_reload.empty()) add(all, "PHP", [&] { return php_scripts(request.php_reload, cancellation); });
  if (request.wordpress) {
    add(all, "object cache",
        [&] { return flush_object_cache(*request.wordpress, request.own_object_cache, cancellation); });
  }
  if (request.page_cache) {
    add(all, "page cache", [&] { return page_cache(*request.page_cache, request.hosts, cancellation); });
  }
  return all;
}

std::vector<std::string> php_reload_command(const std::optional<std::string>& php_version) {
  if (!php_version || !is_php_version(*php_version)) return {};
  return {"systemctl", "reload", fmt::format("php{}-fpm", *php_version)};
}

}  // namespace wobackup
