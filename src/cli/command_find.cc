// wobackup find
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/entry_text.h"
#include "cli/table.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

Json version_json(const PathVersion& version) {
  Json fields = entry_json(version.entry);
  fields.erase("path");
  fields.erase("path_b64");
  fields["since"] = printable(version.backups.back());
  fields["until"] = printable(version.backups.front());
  fields["backups"] = Json::array();
  for (const std::string& name : version.backups) fields["backups"].push_back(printable(name));
  return fields;
}

std::string what_of(const ArchiveEntry& entry) {
  if (entry.type == "file") return entry.sha256.substr(0, 12);
  if (entry.link.empty()) return entry.type;
  return fmt::format("{} -> {}", entry.type, printable(entry.link));
}

void show(const FoundPath& found, bool with_site, Output& output) {
  output.line(
      output.bold(with_site ? fmt::format("{}: {}", found.site, printable(found.path)) : printable(found.path)));
  Table table(
      // The names are what one types next: they are never cut.
      {{.heading = "UNTIL", .yields = -1},
       {.heading = "SINCE", .yields = -1},
       {"BACKUPS", true},
       {"SIZE", true},
       {.heading = "MODIFIED", .yields = 1},
       {.heading = "CONTENT", .fold = true}});
  for (const PathVersion& version : found.versions) {
    table.add({printable(version.backups.front()), printable(version.backups.back()),
               fmt::format("{}", version.backups.size()), human_size(version.entry.size),
               time_text(version.entry.mtime), what_of(version.entry)});
  }
  const std::size_t width = output.terminal().out_is_terminal ? std::max(40U, output.terminal().width) - 2 : 0;
  for (const std::string& line : table.lines(width)) output.line("  " + line);
}

}  // namespace

int find_command(const FindArguments& arguments, Service& service, Output& output) {
  if (arguments.pattern.empty()) {
    throw Error(ErrorKind::usage, "no pattern was given", "for example: wobackup find '*.php' example.com");
  }
  if (arguments.all && !arguments.site.empty()) throw Error(ErrorKind::usage, "a site and --all cannot go together");
  int exit = 0;
  FindOptions options;
  if (!arguments.site.empty()) options.site = arguments.site;
  options.backup_root = path_argument(arguments.path);
  if (!arguments.from.empty()) {
    if (options.backup_root) throw Error(ErrorKind::usage, "--path and --from exclude each other");
    options.store = store_argument(arguments.from);
  }
  options.on_problem = [&](const std::string& site, const std::filesystem::path& archive, const Error& error) {
    output.error(archive.empty() ? error : error.in(printable(archive.filename().string())), site);
    exit = std::max(exit, exit_code(error.kind()));
  };
  if (options.site) tell_interrupted(*options.site, service, output);
  if (!options.site && !options.store) {
    for (const Site& site : service.sites()) tell_interrupted(site.name, service, output);
  }
  const FindResult result = service.find_versions(arguments.pattern, options, [&](const FoundPath& found) {
    if (output.json()) {
      Json fields;
      fields["site"] = found.site;
      put_bytes(fields, "path", found.path);
      fields["versions"] = Json::array();
      for (const PathVersion& version : found.versions) fields["versions"].push_back(version_json(version));
      output.object("found", fields);
    } else {
      show(found, !options.site, output);
    }
    output.require_open();
  });
  if (!result.complete) output.warning("more paths match than can be remembered: name them more closely");
  if (output.json()) {
    output.object("summary", {{"backups", result.backups},
                              {"unreadable", result.unreadable},
                              {"paths", result.paths},
                              {"complete", result.complete},
                              {"exit_code", exit}});
  } else if (result.paths == 0) {
    output.remark(
        fmt::format("nothing in {} matches {}", counted(result.backups, "backup"), printable(arguments.pattern)));
  }
  return exit;
}

}  // namespace wobackup::cli
