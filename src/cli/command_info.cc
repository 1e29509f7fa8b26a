// wobackup info
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kShownNotes = 20;

std::string value_text(const std::string& key, const Json& value) {
  if (value.is_null()) return "-";
  if ((key == "archive_size" || key == "file_bytes" || key == "tar_bytes") && value.is_number_unsigned()) {
    const auto bytes = value.get<std::uint64_t>();
    return bytes < 1024 ? human_size(bytes) : fmt::format("{} ({} bytes)", human_size(bytes), bytes);
  }
  if (key == "archive_mtime" && value.is_number()) {
    return rfc3339(std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(value.get<double>()))));
  }
  if (key == "backup_scope" && value.is_object()) {
    const auto has = [&value](const char* part) { return value.contains(part) && value[part] == true; };
    if (has("files")) return has("database") ? "files and database" : "files";
    if (has("database")) return "database";
  }
  if (key == "holds_only" && value.is_object()) {
    std::string list;
    for (const char* kind : {"paths", "tables"}) {
      if (!value.contains(kind) || !value[kind].is_array()) continue;
      for (const Json& name : value[kind]) {
        list += fmt::format("{}{}{}", list.empty() ? "" : ", ", kind == std::string_view("tables") ? "table " : "",
                            value_text("", name));
      }
    }
    return (list.empty() ? "nothing" : list) + " (of the site as it was, nothing else)";
  }
  if (key == "verified" && value.is_object()) {
    const std::string level = value.value("level", "");
    const char* const failed = level == name_of(VerifyLevel::drill) ? "failed" : "damaged";
    return fmt::format("{}: {}, {}", level, value.value("ok", false) ? "ok" : failed, value.value("time", ""));
  }
  if (value.is_string()) return printable(value.get<std::string>());
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

int info_command(const InfoArguments& arguments, Service& service, Output& output) {
  if (arguments.what.empty()) {
    throw Error(ErrorKind::usage, "no backup was named",
                "name one: SITE, SITE/latest, SITE/NAME, or an archive's path");
  }
  Json info = service.info(find_backup_to_read(arguments.what, arguments.path, arguments.from, service, output));
  if (output.json()) {
    info["exit_code"] = 0;
    output.object("summary", info);
    return 0;
  }
  std::size_t widest = 0;
  for (const auto& [key, value] : info.items()) {
    if (key != "notes") widest = std::max(widest, printable(key).size());
  }
  for (const auto& [key, value] : info.items()) {
    if (key != "notes") output.line(fmt::format("{:<{}}  {}", printable(key), widest, value_text(key, value)));
  }
  if (!info.contains("notes") || !info["notes"].is_array()) return 0;
  std::size_t shown = 0;
  for (const Json& note : info["notes"]) {
    if (shown++ == kShownNotes) break;
    if (!note.is_object()) continue;
    const bool unreadable = note.contains("unreadable") && note["unreadable"] == true;
    output.line(fmt::format("{}: {}: {}", unreadable ? "missing" : "note", value_text("", note.value("path", Json(""))),
                            value_text("", note.value("what", Json("")))));
  }
  if (info["notes"].size() > kShownNotes) output.line("(more with --json)");
  return 0;
}

}  // namespace wobackup::cli
