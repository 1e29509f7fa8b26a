// wobackup list
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace wobackup::cli {
namespace {

std::string state_of(const SnapshotRef& ref) {
  if (!ref.problem.empty()) return "damaged";
  return ref.complete ? "complete" : "incomplete";
}

Json json_of(const SnapshotRef& ref) {
  Json fields;
  fields["site"] = ref.site;
  fields["name"] = printable(ref.name);
  fields["time"] = rfc3339(ref.time);
  fields["size"] = ref.size_bytes;
  fields["type"] = ref.type ? Json(*ref.type) : Json(nullptr);
  fields["reason"] = ref.reason ? Json(*ref.reason) : Json(nullptr);
  fields["complete"] = ref.complete && ref.problem.empty();
  fields["indexed"] = ref.indexed;
  fields["state"] = !ref.problem.empty() ? "damaged" : ref.complete ? "complete" : "incomplete";
  fields["problem"] = ref.problem;
  fields["archive"] = json_text(ref.archive.string());
  if (!is_utf8(ref.archive.string())) fields["path_b64"] = base64(bytes_of(ref.archive.string()));
  return fields;
}

void show(const std::vector<SnapshotRef>& refs, bool with_site, Output& output) {
  std::vector<Table::Column> columns{{"NAME"}, {"SIZE", true}, {"TYPE"}, {.heading = "REASON", .yields = 2}, {"STATE"}};
  if (with_site) columns.insert(columns.begin(), Table::Column{.heading = "SITE", .yields = 1});
  const bool with_problem =
      std::any_of(refs.begin(), refs.end(), [](const SnapshotRef& ref) { return !ref.problem.empty(); });
  if (with_problem) columns.push_back({.heading = "PROBLEM", .fold = true});
  Table table(std::move(columns));
  for (const SnapshotRef& ref : refs) {
    std::vector<std::string> cells{printable(ref.name), human_size(ref.size_bytes), printable(ref.type.value_or("?")),
                                   printable(ref.reason.value_or("")), state_of(ref)};
    if (with_site) cells.insert(cells.begin(), ref.site);
    if (with_problem) cells.push_back(printable(ref.problem));
    table.add(std::move(cells));
  }
  for (const std::string& line : table.lines(output.terminal().out_is_terminal ? output.terminal().width : 0)) {
    output.line(line);
  }
}

}  // namespace

int list_command(const ListArguments& arguments, Service& service, Output& output) {
  const auto root = path_argument(arguments.path);
  std::vector<SnapshotRef> refs;
  int exit = 0;
  if (!arguments.site.empty()) {
    refs = service.list(arguments.site, root);
  } else {
    for (const Site& site : service.sites()) {
      try {
        const std::vector<SnapshotRef> more = service.list(site.name, root);
        refs.insert(refs.end(), more.begin(), more.end());
      } catch (const Error& error) {
        output.error(error, site.name);
        exit = exit_code(error.kind());
      }
    }
  }
  if (arguments.names) {
    for (const SnapshotRef& ref : refs) output.line(printable(ref.name));
  } else if (output.json()) {
    for (const SnapshotRef& ref : refs) output.object("snapshot", json_of(ref));
    output.object("summary", {{"snapshots", refs.size()}, {"exit_code", exit}});
  } else if (refs.empty()) {
    output.remark(arguments.site.empty() ? "there are no backups" : fmt::format("{} has no backups", arguments.site));
  } else {
    show(refs, arguments.site.empty(), output);
  }
  return exit;
}

}  // namespace wobackup::cli
