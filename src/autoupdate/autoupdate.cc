// A run over all sites that were asked for.
#include "wobackup/autoupdate.h"

#include <algorithm>

#include "autoupdate/run_report.h"
#include "autoupdate/site_autoupdate.h"
#include "autoupdate/wp_cli.h"
#include "base/clock.h"
#include "service/wanted_sites.h"

namespace wobackup {
namespace {

void check(const AutoupdateOptions& options) {
  const auto wrong = [](const char* message, const char* hint) { throw Error(ErrorKind::usage, message, hint); };
  if (options.all && !options.sites.empty()) wrong("all sites and some of them were named", "name sites, or use --all");
  if (!options.all && options.sites.empty()) wrong("no site was named", "name one, or use --all");
  if (options.dry_run && options.backup_only) {
    wrong("a dry run makes no backup", "leave out --dry-run or --backup-only");
  }
  if (!options.core && !options.plugins && !options.themes) wrong("nothing is to be updated", "");
}

// The WordPress sites that may be updated; how many others there are is counted.
std::vector<WantedSite> usable_sites(const Service& service, std::size_t& skipped) {
  std::vector<WantedSite> wanted = all_sites(service);
  skipped += std::erase_if(wanted, [&](const WantedSite& each) {
    return each.site && !(each.site->has_content() && each.site->enabled && is_wordpress(*each.site) &&
                          service.config().for_site(each.name).autoupdate.enabled);
  });
  return wanted;
}

SiteAutoupdate take(Service& service, const WantedSite& wanted, const AutoupdateOptions& options) {
  if (wanted.site) return autoupdate_site(service, *wanted.site, options);
  SiteAutoupdate result;
  result.site = wanted.name;
  result.state = AutoupdateState::failed;
  result.error = wanted.error;
  return result;
}

}  // namespace

std::string_view name_of(AutoupdateState state) noexcept {
  switch (state) {
    case AutoupdateState::up_to_date:
      return "up-to-date";
    case AutoupdateState::planned:
      return "planned";
    case AutoupdateState::backed_up:
      return "backed-up";
    case AutoupdateState::updated:
      return "updated";
    case AutoupdateState::partly_updated:
      return "partly-updated";
    case AutoupdateState::rolled_back:
      return "rolled-back";
    case AutoupdateState::failed:
      return "failed";
    case AutoupdateState::rollback_failed:
      return "rollback-failed";
  }
  return "";
}

int worse_exit_code(int a, int b) noexcept {
  const auto rank = [](int code) {
    return code == exit_code(ErrorKind::interrupted)  ? 3
           : code == exit_code(ErrorKind::incomplete) ? 1
           : code == 0                                ? 0
                                                      : 2;
  };
  return std::pair(rank(a), a) < std::pair(rank(b), b) ? b : a;
}

AutoupdateRun autoupdate(Service& service, const AutoupdateOptions& options,
                         const std::function<void(const SiteAutoupdate&)>& on_site) {
  check(options);
  const auto started = std::chrono::steady_clock::now();
  AutoupdateRun run;
  run.started = rfc3339(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  // Missing for one site, it is missing for all.
  static_cast<void>(wp_cli_path(service.config()));
  const std::vector<WantedSite> wanted =
      options.all ? usable_sites(service, run.skipped) : named_sites(service, options.sites);
  for (const WantedSite& each : wanted) {
    if (options.cancelled && options.cancelled()) break;
    const SiteAutoupdate& result = run.sites.emplace_back(take(service, each, options));
    run.exit_code = worse_exit_code(run.exit_code, result.exit_code());
    if (on_site) on_site(result);
  }
  if (options.cancelled && options.cancelled()) {
    run.exit_code = worse_exit_code(run.exit_code, exit_code(ErrorKind::interrupted));
  }
  run.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  const Config& config = service.config();
  if (!options.dry_run) write_report(run, config.log_dir, config.autoupdate.reports);
  return run;
}

}  // namespace wobackup
