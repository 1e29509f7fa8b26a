#include "autoupdate/run_report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include "autoupdate/pending_updates.h"
#include "base/clock.h"
#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::string_view kPrefix = "autoupdate-";
constexpr std::size_t kTimeLength = 19;

// Paths may be any bytes; JSON is UTF-8.
std::string json_path(const std::filesystem::path& path) {
  return is_utf8(path.native()) ? path.string() : printable(path.string());
}

Json path_or_null(const std::filesystem::path& path) { return path.empty() ? Json(nullptr) : Json(json_path(path)); }

Json json_of(const std::vector<std::filesystem::path>& paths) {
  Json list = Json::array();
  for (const std::filesystem::path& path : paths) list.push_back(json_path(path));
  return list;
}

Json json_of(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return {{"kind", name_of(error->kind())},
          {"message", printable(error->message())},
          {"hint", printable(error->hint())},
          {"exit_code", exit_code(error->kind())}};
}

Json json_of(const std::vector<HeldBack>& held_back) {
  Json list = Json::array();
  for (const HeldBack& each : held_back) {
    list.push_back({{"kind", each.kind},
                    {"name", each.update.name},
                    {"from", each.update.from},
                    {"to", each.update.to},
                    {"why", each.why}});
  }
  return list;
}

Json json_of(const std::vector<CheckResult>& checks) {
  Json list = Json::array();
  for (const CheckResult& check : checks) {
    list.push_back({{"check", check.check}, {"state", name_of(check.state)}, {"what", check.what}});
  }
  return list;
}

Json json_of(const KeptRows& kept) {
  Json tables = Json::array();
  for (const KeptTable& table : kept.tables) {
    tables.push_back({{"table", printable(table.table)}, {"added", table.added}, {"changed", table.changed}});
  }
  return {{"file", path_or_null(kept.file)}, {"rows", kept.total()}, {"tables", std::move(tables)}};
}

Json json_of(const UpdateStep& step) {
  Json json;
  json["updates"] = json_of(step.updates);
  json["kept"] = step.kept;
  json["rolled_back"] = step.rolled_back;
  json["archive"] = path_or_null(step.archive);
  json["checks"] = json_of(step.checks);
  json["kept_rows"] = json_of(step.kept_rows);
  json["error"] = json_of(step.error);
  json["notes"] = step.notes;
  json["seconds"] = static_cast<double>(step.elapsed.count()) / 1000;
  return json;
}

Json json_of(const UpdateCommand& command) {
  return {{"command", command.command},
          {"end", command.end},
          {"printed", command.printed},
          {"seconds", static_cast<double>(command.elapsed.count()) / 1000}};
}

// Every file of one run has the same stem. Nothing for other names.
std::optional<std::string> stem_of(const std::string& name) {
  const std::size_t dot = name.find('.');
  if (!name.starts_with(kPrefix) || dot != kPrefix.size() + kTimeLength) return std::nullopt;
  const std::string_view ending = std::string_view(name).substr(dot);
  if ((ending != ".json" && ending != ".txt") || !time_from_snapshot_timestamp(name.substr(kPrefix.size()))) {
    return std::nullopt;
  }
  return name.substr(0, dot);
}

void rotate(int folder, const std::filesystem::path& path, std::size_t keep) {
  std::set<std::string, std::greater<>> stems;  // the newest first
  for (const auto& item : std::filesystem::directory_iterator(path)) {
    if (const auto stem = stem_of(item.path().filename().string())) stems.insert(*stem);
  }
  std::size_t seen = 0;
  for (const std::string& stem : stems) {
    if (++seen <= keep) continue;
    for (const char* ending : {".json", ".txt"}) ::unlinkat(folder, (stem + ending).c_str(), 0);
  }
}

// A name that no run has used: two of them may end within a second.
std::string free_stem(int folder, std::chrono::sys_seconds time) {
  for (;; time += std::chrono::seconds(1)) {
    std::string stem = std::string(kPrefix) + snapshot_timestamp(time);
    struct stat status {};
    if (::fstatat(folder, (stem + ".json").c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) return stem;
  }
}

std::string seconds_text(std::chrono::milliseconds time) {
  return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
}

void add_line(std::string& text, const std::string& indent, const std::string& line) { text += indent + line + "\n"; }

constexpr std::array kStates{AutoupdateState::up_to_date, AutoupdateState::planned,        AutoupdateState::backed_up,
                             AutoupdateState::updated,    AutoupdateState::partly_updated, AutoupdateState::rolled_back,
                             AutoupdateState::failed,     AutoupdateState::rollback_failed};

// "rolled_back" as a part of a key.
std::string in_json(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::size_t count_of(const AutoupdateRun& run, AutoupdateState state) {
  return static_cast<std::size_t>(
      std::count_if(run.sites.begin(), run.sites.end(), [&](const auto& site) { return site.state == state; }));
}

// What the state says to somebody who reads no code.
std::string sentence(const SiteAutoupdate& result) {
  switch (result.state) {
    case AutoupdateState::up_to_date:
      return "up to date";
    case AutoupdateState::planned:
      return "would update " + text_of(result.pending);
    case AutoupdateState::backed_up:
      return result.pending.empty() ? "backed up; nothing is pending"
                                    : "backed up; pending: " + text_of(result.pending);
    case AutoupdateState::updated:
      return "updated " + text_of(result.pending);
    case AutoupdateState::partly_updated:
      return "updated in part";
    case AutoupdateState::rolled_back:
      return "ROLLED BACK: everything is as it was";
    case AutoupdateState::failed:
      return "FAILED: nothing was updated";
    case AutoupdateState::rollback_failed:
      return "ROLL-BACK FAILED";
  }
  return "";
}

void add_error(std::string& text, const std::string& indent, const Error& error) {
  add_line(text, indent, printable(error.message()));
  if (!error.hint().empty()) add_line(text, indent, "hint: " + printable(error.hint()));
}

void add_step(std::string& text, const UpdateStep& step, bool errors) {
  add_line(text, "  ",
           fmt::format("{}: {}, {}",
                       step.kept          ? "kept"
                       : step.rolled_back ? "rolled back"
                                          : "not made",
                       text_of(step.updates), seconds_text(step.elapsed)));
  if (errors && step.error) add_error(text, "    ", *step.error);
  for (const CheckResult& check : step.checks) {
    if (check.state == CheckState::passed) continue;
    add_line(text, "    ", fmt::format("check {}: {}: {}", check.check, name_of(check.state), check.what));
  }
  if (step.kept_rows.total() > 0) {
    add_line(text, "    ",
             fmt::format("{} rows that were written meanwhile are in {}", step.kept_rows.total(),
                         printable(step.kept_rows.file.string())));
  }
  for (const std::string& note : step.notes) add_line(text, "    ", printable(note));
}

}  // namespace

Json json_of(const SiteAutoupdate& result) {
  Json json;
  json["site"] = result.site;
  json["state"] = name_of(result.state);
  json["exit_code"] = result.exit_code();
  json["pending_updates"] = json_of(result.pending);
  json["held_back"] = json_of(result.pending.held_back);
  json["archive"] = path_or_null(result.archive);
  json["verified"] = json_of(result.verified);
  json["removed"] = json_of(result.removed);
  json["steps"] = Json::array();
  for (const UpdateStep& step : result.steps) json["steps"].push_back(json_of(step));
  json["commands"] = Json::array();
  for (const UpdateCommand& command : result.commands) json["commands"].push_back(json_of(command));
  json["notes"] = Json::array();
  for (const std::string& note : result.notes) json["notes"].push_back(printable(note));
  json["error"] = json_of(result.error);
  json["seconds"] = static_cast<double>(result.elapsed.count()) / 1000;
  return json;
}

Json json_of(const AutoupdateRun& run) {
  Json json;
  json["started"] = run.started;
  json["seconds"] = static_cast<double>(run.elapsed.count()) / 1000;
  json["exit_code"] = run.exit_code;
  json["sites"] = Json::array();
  for (const SiteAutoupdate& site : run.sites) json["sites"].push_back(json_of(site));
  json["summary"] = summary_json(run);
  return json;
}

Json summary_json(const AutoupdateRun& run) {
  Json json;
  json["sites_total"] = run.sites.size();
  for (const AutoupdateState state : kStates) {
    json["sites_" + in_json(name_of(state))] = count_of(run, state);
  }
  json["sites_skipped"] = run.skipped;
  json["exit_code"] = run.exit_code;
  return json;
}

bool told_by_a_step(const SiteAutoupdate& result) {
  return std::any_of(result.steps.begin(), result.steps.end(), [&](const UpdateStep& step) {
    return step.error && result.error && step.error->message() == result.error->message();
  });
}

std::string text_of(const SiteAutoupdate& result, bool errors) {
  std::string text;
  add_line(text, "", fmt::format("{}: {}, {}", result.site, sentence(result), seconds_text(result.elapsed)));
  if (errors && result.error && !told_by_a_step(result)) add_error(text, "  ", *result.error);
  for (const UpdateStep& step : result.steps) add_step(text, step, errors);
  for (const HeldBack& each : result.pending.held_back) {
    add_line(text, "  ",
             fmt::format("held back: {} {} to {}: {}", each.update.name, each.update.from, each.update.to, each.why));
  }
  if (!result.archive.empty()) {
    const bool verified =
        std::find(result.verified.begin(), result.verified.end(), result.archive) != result.verified.end();
    add_line(text, "  ",
             fmt::format("backup: {}{}", printable(result.archive.string()), verified ? " (verified)" : ""));
  }
  for (const std::filesystem::path& path : result.removed) {
    add_line(text, "  ", "removed the older backup " + printable(path.string()));
  }
  for (const std::string& note : result.notes) add_line(text, "  ", printable(note));
  return text;
}

std::string text_of(const AutoupdateRun& run) {
  std::string text = fmt::format("wobackup autoupdate, {}\n\n", run.started);
  for (const SiteAutoupdate& site : run.sites) text += text_of(site);
  text += fmt::format("\n{}, {}\n", summary_of(run), seconds_text(run.elapsed));
  return text;
}

std::string summary_of(const AutoupdateRun& run) {
  constexpr std::array<std::pair<AutoupdateState, const char*>, 8> kWords{
      {{AutoupdateState::updated, "updated"},
       {AutoupdateState::partly_updated, "updated in part"},
       {AutoupdateState::planned, "with updates"},
       {AutoupdateState::backed_up, "backed up"},
       {AutoupdateState::up_to_date, "up to date"},
       {AutoupdateState::rolled_back, "rolled back"},
       {AutoupdateState::failed, "failed"},
       {AutoupdateState::rollback_failed, "with a failed roll-back"}}};
  std::string text;
  const auto add = [&text](std::size_t count, const char* word) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  };
  for (const auto& [state, word] : kWords) add(count_of(run, state), word);
  add(run.skipped, "skipped");
  return text.empty() ? "no sites" : text;
}

void write_report(AutoupdateRun& run, const std::filesystem::path& log_dir, std::size_t keep) {
  try {
    const UniqueFd folder = open_trusted_directory(log_dir, true);
    const std::string stem =
        free_stem(folder.get(), std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
    const std::string json = json_of(run).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    replace_file(log_dir / (stem + ".json"), json, 0600);
    replace_file(log_dir / (stem + ".txt"), text_of(run), 0600);
    run.report = log_dir / (stem + ".json");
    rotate(folder.get(), log_dir, keep);
  } catch (const std::exception& error) {
    run.report_problem = fmt::format("the report could not be written: {}", error.what());
  }
}

}  // namespace wobackup
