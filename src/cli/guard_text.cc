#include "cli/guard_text.h"

#include <fmt/format.h>

#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {
namespace {

template <class T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const std::vector<CheckResult>& checks) {
  Json list = Json::array();
  for (const CheckResult& check : checks) {
    list.push_back(
        {{"check", json_text(check.check)}, {"state", name_of(check.state)}, {"what", json_text(check.what)}});
  }
  return list;
}

Json json_of(const CommandEnd& end) {
  return {{"exit_code", value_or_null(end.exit_code)},
          {"signal", value_or_null(end.signal)},
          {"timed_out", end.timed_out},
          {"interrupted", end.interrupted}};
}

Json json_of(const KeptRows& kept) {
  Json tables = Json::array();
  for (const KeptTable& table : kept.tables) {
    tables.push_back({{"table", json_text(table.table)}, {"added", table.added}, {"changed", table.changed}});
  }
  return {{"rows", kept.total()},
          {"file", kept.file.empty() ? Json(nullptr) : Json(json_text(kept.file.string()))},
          {"tables", std::move(tables)}};
}

void put_path(Json& json, const char* key, const std::filesystem::path& path) {
  json[key] = json_text(path.string());
  if (!is_utf8(path.string())) json["path_b64"] = base64(bytes_of(path.string()));
}

// The first failure stands in the error's message.
void report_checks(const std::vector<CheckResult>& checks, const char* when, Output& output) {
  bool told = false;
  for (const CheckResult& check : checks) {
    if (check.state == CheckState::broken_before) {
      output.warning(fmt::format("check {}{}: {} (so it was before)", printable(check.check), when, check.what));
    } else if (check.state == CheckState::not_asked) {
      output.warning(fmt::format("check {}{} was not asked: {}", printable(check.check), when, check.what));
    } else if (check.state == CheckState::failed && std::exchange(told, true)) {
      output.warning(fmt::format("check {}{} failed: {}", printable(check.check), when, check.what));
    }
  }
}

}  // namespace

Json json_of(const GuardResult& result) {
  Json json;
  json["site"] = result.site;
  put_path(json, "archive", result.archive);
  json["type"] = name_of(result.type);
  json["stores"] = Json::array();
  for (const Stored& stored : result.stores) json["stores"].push_back(json_of(stored));
  json["command"] = result.command ? json_of(*result.command) : Json(nullptr);
  json["checks"] = json_of(result.checks);
  json["rolled_back"] = result.rolled_back;
  json["restored_from"] = result.restored_from.empty() ? Json(nullptr) : Json(json_text(result.restored_from.string()));
  json["checks_after_roll_back"] = json_of(result.checks_after_roll_back);
  json["kept_rows"] = json_of(result.kept_rows);
  json["notes"] = Json::array();
  for (const std::string& note : result.notes) json["notes"].push_back(json_text(note));
  json["seconds"] = static_cast<double>(result.elapsed.count()) / 1000;
  return json;
}

Json json_of(const PendingGuard& pending) {
  Json json;
  json["site"] = pending.site;
  put_path(json, "archive", pending.archive);
  json["archives"] = Json::array();
  for (const std::filesystem::path& archive : pending.archives) json["archives"].push_back(json_text(archive.string()));
  json["started"] = pending.started;
  json["reason"] = json_text(pending.reason);
  json["phase"] = pending.phase;
  json["state"] = pending.running ? "running" : "killed";
  json["problem"] = json_text(pending.problem);
  return json;
}

void report_notes(const GuardResult& result, Output& output) {
  report_checks(result.checks, "", output);
  report_checks(result.checks_after_roll_back, " after the roll-back", output);
  for (const std::string& note : result.notes) output.warning(printable(note));
}

std::string checks_text(const GuardResult& result) {
  std::string passed;
  for (const CheckResult& check : result.checks) {
    if (check.state == CheckState::passed) passed += (passed.empty() ? "" : ", ") + printable(check.check);
  }
  return passed.empty() ? "no check was asked" : "passed: " + passed;
}

std::string archives_text(const GuardResult& result) {
  std::string text = printable(result.archive.string());
  for (const Stored& stored : result.stores) {
    if (!stored.error && stored.archive != result.archive) text += ", also " + printable(stored.archive.string());
  }
  return text;
}

}  // namespace wobackup::cli
