// wobackup list
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kBesidesSite = 66;  // columns for all but the site's name, with a short reason
constexpr std::size_t kKeyColumn = 5;     // if there are encrypted ones

std::string state_of(const SnapshotRef& ref) {
  if (!ref.problem.empty()) return "damaged";
  return ref.complete ? "complete" : "incomplete";
}

// "verified 2026-11-24"
std::string verified_text(const SnapshotRef& ref) {
  if (!ref.problem.empty()) return {};
  const std::string word(word_for(ref.verified));
  return ref.verified ? word + " " + ref.verified->time.substr(0, std::string_view("2026-11-24").size()) : word;
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
  fields["good"] = ref.good();
  fields["encrypted"] = ref.encrypted;
  fields["indexed"] = ref.indexed;
  fields["state"] = state_of(ref);
  fields["problem"] = ref.problem;
  fields["verified"] = word_for(ref.verified);
  fields["verified_time"] = ref.verified ? Json(ref.verified->time) : Json(nullptr);
  fields["archive"] = json_text(ref.archive.string());
  if (!is_utf8(ref.archive.string())) fields["path_b64"] = base64(bytes_of(ref.archive.string()));
  return fields;
}

// Without the file's name, which stands before it in the table.
std::string problem_of(const SnapshotRef& ref) {
  std::string_view text = ref.problem;
  const std::string file = ref.archive.filename().string();
  if (text.starts_with(file)) text.remove_prefix(file.size());
  return printable(trim(text.starts_with(": ") ? text.substr(2) : text));
}

bool any_encrypted(std::span<const SnapshotRef> refs) {
  return std::any_of(refs.begin(), refs.end(), [](const SnapshotRef& ref) { return ref.encrypted; });
}

std::vector<std::string> table_lines(std::span<const SnapshotRef> refs, bool with_site, std::size_t width) {
  // The name is what one types next: it is never cut.
  std::vector<Table::Column> columns{
      {.heading = "NAME", .yields = -1},  {"SIZE", true}, {"TYPE"},
      {.heading = "REASON", .yields = 2}, {"STATE"},      {.heading = "VERIFIED", .yields = 1}};
  const bool with_encryption = any_encrypted(refs);
  if (with_encryption) columns.push_back({"KEY"});
  if (with_site) columns.insert(columns.begin(), Table::Column{.heading = "SITE"});
  const bool with_problem =
      std::any_of(refs.begin(), refs.end(), [](const SnapshotRef& ref) { return !ref.problem.empty(); });
  if (with_problem) columns.push_back({.heading = "PROBLEM", .fold = true});
  Table table(std::move(columns));
  for (const SnapshotRef& ref : refs) {
    std::vector<std::string> cells{printable(ref.name),
                                   human_size(ref.size_bytes),
                                   printable(ref.type.value_or("?")),
                                   printable(ref.reason.value_or("")),
                                   state_of(ref),
                                   verified_text(ref)};
    if (with_encryption) cells.emplace_back(ref.encrypted ? "age" : "");
    if (with_site) cells.insert(cells.begin(), ref.site);
    if (with_problem) cells.push_back(problem_of(ref));
    table.add(std::move(cells));
  }
  return table.lines(width);
}

// All in one table if the sites' names leave room for the rest, else a table below each site's name: a name that is
// cut is of no use.
void show_all(std::span<const SnapshotRef> refs, std::size_t width, Output& output) {
  std::size_t widest = 0;
  for (const SnapshotRef& ref : refs) widest = std::max(widest, ref.site.size());
  const std::size_t besides = kBesidesSite + (any_encrypted(refs) ? kKeyColumn : 0);
  if (width == 0 || widest + besides <= width) {
    for (const std::string& line : table_lines(refs, true, width)) output.line(line);
    return;
  }
  while (!refs.empty()) {
    const auto other =
        std::find_if(refs.begin(), refs.end(), [&](const SnapshotRef& ref) { return ref.site != refs[0].site; });
    const auto of_site = refs.first(static_cast<std::size_t>(other - refs.begin()));
    refs = refs.subspan(of_site.size());
    output.line(output.bold(of_site[0].site));
    for (const std::string& line : table_lines(of_site, false, width - kIndent)) {
      output.line(std::string(kIndent, ' ') + line);
    }
  }
}

void show(const std::vector<SnapshotRef>& refs, bool with_site, Output& output) {
  const std::size_t width = output.terminal().out_is_terminal ? std::max(40U, output.terminal().width) : 0;
  if (with_site) return show_all(refs, width, output);
  for (const std::string& line : table_lines(refs, false, width)) output.line(line);
}

void rescan(const std::string& site, const ListArguments& arguments, Service& service, Output& output) {
  if (!arguments.rescan) return;
  const std::size_t entered = service.rescan(site, path_argument(arguments.path));
  output.remark(fmt::format("{}: {} entered into the catalog", site, counted(entered, "encrypted backup")));
}

}  // namespace

int list_command(const ListArguments& arguments, Service& service, Output& output) {
  const auto root = path_argument(arguments.path);
  std::vector<SnapshotRef> refs;
  int exit = 0;
  if (!arguments.from.empty()) {
    if (root) throw Error(ErrorKind::usage, "--path and --from exclude each other");
    refs = service.list_in(store_argument(arguments.from),
                           arguments.site.empty() ? std::nullopt : std::optional(arguments.site));
  } else if (!arguments.site.empty()) {
    if (!arguments.names) tell_pending(arguments.site, service, output);
    rescan(arguments.site, arguments, service, output);
    refs = service.list(arguments.site, root);
  } else {
    for (const Site& site : service.sites()) {
      try {
        if (!arguments.names) tell_pending(site.name, service, output);
        rescan(site.name, arguments, service, output);
        const std::vector<SnapshotRef> more = service.list(site.name, root);
        refs.insert(refs.end(), more.begin(), more.end());
      } catch (const Error& error) {
        output.error(error, site.name);
        exit = std::max(exit, exit_code(error.kind()));
      }
    }
  }
  if (arguments.names) {
    for (const SnapshotRef& ref : refs) output.line(printable(ref.name));
  } else if (output.json()) {
    for (const SnapshotRef& ref : refs) output.object("snapshot", json_of(ref));
    output.object("summary", {{"snapshots", refs.size()}, {"exit_code", exit}});
  } else if (refs.empty() && exit == 0) {
    output.remark(arguments.site.empty() ? "there are no backups" : fmt::format("{} has no backups", arguments.site));
  } else {
    show(refs, arguments.site.empty(), output);
  }
  return exit;
}

}  // namespace wobackup::cli
