// wobackup guard: back up, run a command, check, and roll back if it failed
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/guard_text.h"
#include "cli/option_values.h"

namespace wobackup::cli {
namespace {

constexpr const char* kSeeHelp = "for example `wobackup guard example.com --type db -- wp plugin update --all`";

[[noreturn]] void wrong_usage(const std::string& message, const std::string& hint = kSeeHelp) {
  throw Error(ErrorKind::usage, message, hint);
}

// What a wobackup that the command starts must know to find the same state.
std::vector<std::pair<std::string, std::string>> own_settings() {
  std::vector<std::pair<std::string, std::string>> settings;
  for (const char* name :
       {"WOBACKUP_REGISTRY", "WOBACKUP_STATE_DIR", "WOBACKUP_BACKUP_ROOT", "WOBACKUP_DEFAULTS_FILE",
        "WOBACKUP_MIN_FREE", "WOBACKUP_THREADS", "WOBACKUP_LEVEL", "WOBACKUP_LIMIT_RATE", "WOBACKUP_RECIPIENTS_FILE"}) {
    if (const char* value = std::getenv(name)) settings.emplace_back(name, value);
  }
  return settings;
}

GuardCommand command_of(const GuardArguments& arguments, const Terminal& terminal, bool json) {
  GuardCommand command;
  command.argv = arguments.command;
  // A program is named as seen from where the user is; everything else as seen from the site's folder.
  std::string& program = command.argv.at(0);
  if (program.find('/') != std::string::npos) program = std::filesystem::absolute(program).lexically_normal().string();
  if (!arguments.user.empty()) command.user = arguments.user;
  if (!arguments.timeout.empty()) command.timeout = duration_from("--timeout", arguments.timeout);
  command.environment = own_settings();
  // What was read from there is not the command's, and may hold a password.
  const bool is_read = arguments.site_json == "-" || arguments.meta_json == "-";
  command.in = is_read ? -1 : terminal.in_fd;
  command.out = json ? terminal.err_fd : terminal.out_fd;
  command.err = terminal.err_fd;
  return command;
}

GuardOptions options_of(const GuardArguments& arguments, Output& output) {
  GuardOptions options;
  options.type = type_from(arguments.type, arguments.database_only, arguments.files_only);
  if (!arguments.reason.empty()) options.reason = arguments.reason;
  options.metadata_extra = metadata_from(arguments.meta_json, arguments.meta, output);
  options.backup_root = path_argument(arguments.path);
  for (const std::string& store : arguments.to) options.stores.push_back(store_argument(store));
  for (const std::string& check : arguments.checks) options.checks.push_back(guard_check_from(check));
  if (arguments.no_checks && !arguments.checks.empty()) wrong_usage("--check and --no-check exclude each other");
  options.no_checks = arguments.no_checks;
  options.shared = arguments.shared;
  options.live_load = arguments.live_load;
  if (!arguments.wait.empty()) options.wait = duration_from("--wait", arguments.wait);
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  options.cancelled = output.terminal().interrupted;
  return options;
}

// What happens now, on stderr: stdout is the command's.
std::function<void(std::string_view)> phase_teller(const std::string& site, const GuardCommand& command,
                                                   Output& output) {
  return [site, program = std::filesystem::path(command.argv.front()).filename().string(),
          &output](std::string_view phase) {
    output.clear_progress();
    if (output.json()) return output.object("phase", {{"site", site}, {"phase", phase}});
    if (phase == "backup") output.remark(fmt::format("{}: backing up", site));
    if (phase == "roll-back") output.remark(fmt::format("{}: rolling back", site));
    if (phase != "change") return;
    output.remark(fmt::format("{}: running {}", site, printable(program)));
    // A second Ctrl-C must not stop the way back.
    output.terminal().stay();
  };
}

// Of stores that have it, the end tells.
void tell_stored(const std::string& site, const Stored& stored, Output& output) {
  output.clear_progress();
  if (output.json()) {
    Json fields{{"what", json_text(site)}};
    fields.update(json_of(stored));
    return output.object("stored", fields);
  }
  if (!stored.error) return;
  output.warning(
      fmt::format("{}: {} does not have the backup: {}", site, printable(stored.store), stored.error->message()));
}

int finish(const std::string& text, const GuardResult& result, int exit, Output& output) {
  if (output.json()) {
    Json summary = json_of(result);
    summary["exit_code"] = exit;
    output.object("summary", summary);
  } else {
    report_notes(result, output);
    if (!text.empty()) output.remark(text);
  }
  return exit;
}

int run_guarded(const Site& site, const GuardOptions& wanted, const GuardCommand& command, Service& service,
                Output& output) {
  GuardOptions options = wanted;
  options.on_phase = phase_teller(site.name, command, output);
  options.on_stored = [&](const Stored& stored) { tell_stored(site.name, stored, output); };
  try {
    const GuardResult result = service.guard(site, options, command);
    output.clear_progress();
    return finish(fmt::format("{}: done, {}; the backup is {}, {:.1f} s", site.name, checks_text(result),
                              archives_text(result), std::chrono::duration<double>(result.elapsed).count()),
                  result, 0, output);
  } catch (const GuardFailed& failed) {
    output.clear_progress();
    if (!output.json()) report_notes(failed.result(), output);
    output.error(failed, site.name);
    const int exit = exit_code(failed.kind());
    return output.json() ? finish({}, failed.result(), exit, output) : exit;
  }
}

int resume(const std::string& site, Service& service, Output& output) {
  const GuardResult result = service.resume_guard(site);
  return finish(result.rolled_back ? fmt::format("{}: the roll-back is done", printable(site))
                                   : fmt::format("{}: the change is kept, {}", printable(site), checks_text(result)),
                result, 0, output);
}

int abort(const std::string& site, Service& service, Output& output) {
  try {
    const GuardResult result = service.abort_guard(site);
    std::string text = fmt::format("{}: rolled back to {}", printable(site), printable(result.restored_from.string()));
    if (!result.kept_rows.tables.empty()) text += "; " + text_of(result.kept_rows);
    return finish(text, result, 0, output);
  } catch (const GuardFailed& failed) {
    if (!output.json()) report_notes(failed.result(), output);
    output.error(failed, site);
    const int exit = exit_code(failed.kind());
    return output.json() ? finish({}, failed.result(), exit, output) : exit;
  }
}

int status(const Service& service, Output& output) {
  const std::vector<PendingGuard> all = service.pending_guards();
  const std::size_t killed = tell_pending_guards(all, output);
  const int exit = killed == 0 ? 0 : exit_code(ErrorKind::failed);
  if (output.json()) {
    output.object("summary", {{"pending", all.size()}, {"killed", killed}, {"exit_code", exit}});
  } else if (all.empty()) {
    output.line("no guard is at work or was killed");
  }
  return exit;
}

Site site_of(const GuardArguments& arguments, const Service& service, Output& output) {
  if (arguments.site_json.empty()) return service.site(arguments.site);
  if (!arguments.site.empty()) wrong_usage("--site-json describes the only site: name no other");
  if (arguments.site_json == "-" && arguments.meta_json == "-") {
    wrong_usage("--site-json and --meta-json cannot both read standard input");
  }
  return site_from_file(arguments.site_json, service, output);
}

}  // namespace

int guard_command(const GuardArguments& arguments, Service& service, Output& output) {
  const int ways = int{arguments.resume} + int{arguments.abort} + int{arguments.status};
  if (ways > 1) wrong_usage("--resume, --abort and --status exclude each other");
  if (ways > 0 && !arguments.command.empty()) wrong_usage("--resume, --abort and --status take no command");
  if (arguments.status) return status(service, output);
  if (arguments.site.empty() && arguments.site_json.empty()) wrong_usage("no site was named");
  if (arguments.resume) return resume(arguments.site, service, output);
  if (arguments.abort) return abort(arguments.site, service, output);
  if (arguments.command.empty()) wrong_usage("no command was given: it stands behind --");
  const Site site = site_of(arguments, service, output);
  const GuardOptions options = options_of(arguments, output);
  const GuardCommand command = command_of(arguments, output.terminal(), output.json());
  return run_guarded(site, options, command, service, output);
}

int update_command(const GuardArguments& arguments, Service& service, Output& output) {
  if (arguments.database_only == arguments.files_only) {
    throw Error(ErrorKind::usage, "what is to be updated: --db or --files?", "see `wobackup update --help`");
  }
  if (arguments.command.empty())
    wrong_usage("no command was given: it stands behind --", "see `wobackup update --help`");
  if (arguments.site.empty() && arguments.site_json.empty()) wrong_usage("no site was named");
  const Site site = site_of(arguments, service, output);
  GuardOptions options = options_of(arguments, output);
  options.reason = arguments.database_only ? "pre-db-update" : "pre-file-update";
  Json metadata{{"operation", arguments.database_only ? "db-update" : "file-update"}};
  const std::optional<std::string> database = service.database_name(site);
  metadata["db_name"] = database ? Json(json_text(*database)) : Json(nullptr);
  metadata.update(options.metadata_extra);
  options.metadata_extra = std::move(metadata);
  return run_guarded(site, options, command_of(arguments, output.terminal(), output.json()), service, output);
}

std::size_t tell_pending_guards(const std::vector<PendingGuard>& all, Output& output) {
  std::size_t killed = 0;
  for (const PendingGuard& pending : all) {
    if (!pending.running) ++killed;
    if (output.json()) {
      output.object("pending_guard", json_of(pending));
    } else if (!pending.problem.empty()) {
      output.warning(printable(pending.problem));
    } else if (pending.running) {
      output.line(fmt::format("{}: a guard is at work since {} ({})", pending.site, pending.started,
                              printable(pending.reason)));
    } else {
      output.warning(text_of(pending));
    }
  }
  return killed;
}

std::string text_of(const PendingGuard& pending) {
  if (pending.phase == "roll-back") {
    return fmt::format(
        "{0}: a guard that began {1} did not end its roll-back: take it to its end with `wobackup guard "
        "--abort {0}`",
        pending.site, pending.started);
  }
  return fmt::format(
      "{0}: a guard that began {1} ({2}) was killed: keep its change with `wobackup guard --resume {0}`, "
      "if the site is well, or take it back with --abort",
      pending.site, pending.started, printable(pending.reason));
}

}  // namespace wobackup::cli
