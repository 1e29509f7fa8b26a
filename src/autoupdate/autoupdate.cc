// A run over all sites that were asked for.
#include "wobackup/autoupdate.h"

#include <algorithm>

#include "autoupdate/run_report.h"
#include "autoupdate/site_autoupdate.h"
#include "autoupdate/wp_cli.h"
#include "base/clock.h"

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

// A site to update, or why there is none of this name.
struct Wanted {
  std::string name;
  std::optional<Site> site;
  std::optional<Error> error;
};

std::vector<Wanted> all_sites(const Service& service, std::size_t& skipped) {
  std::vector<Wanted> wanted;
  std::vector<std::string> left_out;
  for (const Site& site : service.sites(&left_out)) {
    const bool usable = site.has_content() && site.enabled && is_wordpress(site) &&
                        service.config().for_site(site.name).autoupdate.enabled;
    if (usable) {
      wanted.push_back({site.name, site, std::nullopt});
    } else {
      ++skipped;
    }
  }
  for (const std::string& text : left_out) {
    wanted.push_back({"", std::nullopt, Error(ErrorKind::failed, text, "mend the row: this may be a site of yours")});
  }
  return wanted;
}

std::vector<Wanted> named_sites(const Service& service, const std::vector<std::string>& names) {
  std::vector<Wanted> wanted;
  for (const std::string& name : names) {
    Wanted next{name, std::nullopt, std::nullopt};
    try {
      next.site = service.site(name);
      next.name = next.site->name;  // in lower case
    } catch (const Error& error) {
      next.error = error;
    }
    const auto twice = [&](const Wanted& other) { return other.name == next.name; };
    if (std::none_of(wanted.begin(), wanted.end(), twice)) wanted.push_back(std::move(next));
  }
  return wanted;
}

SiteAutoupdate take(Service& service, const Wanted& wanted, const AutoupdateOptions& options) {
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
  const std::vector<Wanted> wanted =
      options.all ? all_sites(service, run.skipped) : named_sites(service, options.sites);
  for (const Wanted& each : wanted) {
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
