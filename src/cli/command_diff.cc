// wobackup diff
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/entry_text.h"
#include "cli/table.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

constexpr std::string_view kLive = "live";

Json change_json(const EntryChange& change) {
  Json fields;
  fields["change"] = change.change;
  put_bytes(fields, "path", change.path);
  if (!change.what.empty()) fields["what"] = change.what;
  if (change.php_in_uploads) fields["php_in_uploads"] = true;
  if (change.before) fields["before"] = entry_json(*change.before);
  if (change.after) fields["after"] = entry_json(*change.after);
  for (const char* side : {"before", "after"}) {
    if (!fields.contains(side)) continue;
    fields[side].erase("path");
    fields[side].erase("path_b64");
  }
  return fields;
}

// Bytes of SQL and bytes on a server's disk are not to be compared.
Json side_json(const TableChange::Side& side) {
  return {{"rows", side.rows}, {side.on_server ? "disk_bytes" : "bytes", side.bytes}};
}

Json table_json(const TableChange& change) {
  Json fields;
  fields["change"] = change.change;
  put_bytes(fields, "database", change.database);
  fields["kind"] = change.kind;
  put_bytes(fields, "name", change.name);
  fields["definition"] = change.definition;
  if (change.before) fields["before"] = side_json(*change.before);
  if (change.after) fields["after"] = side_json(*change.after);
  return fields;
}

Json software_json(const SoftwareChange& change) {
  Json fields;
  fields["kind"] = change.kind;
  put_bytes(fields, "place", change.place);
  put_bytes(fields, "name", change.name);
  if (change.before) put_bytes(fields, "before", *change.before);
  if (change.after) put_bytes(fields, "after", *change.after);
  return fields;
}

const char* sign_of(const std::string& change) {
  if (change == "added") return "+";
  return change == "removed" ? "-" : "M";
}

// "changed (content, mode)", and what about it.
std::string details_of(const EntryChange& change) {
  if (!change.before || !change.after) return {};
  std::string text;
  for (const std::string& what : change.what) {
    text += text.empty() ? "  (" : ", ";
    text += what;
    if (what == "mode") text += fmt::format(" {:04o} -> {:04o}", change.before->mode, change.after->mode);
    if (what == "owner") {
      text +=
          fmt::format(" {}:{} -> {}:{}", change.before->uid, change.before->gid, change.after->uid, change.after->gid);
    }
    if (what == "type") text += fmt::format(" {} -> {}", change.before->type, change.after->type);
    if (what == "target")
      text += fmt::format(" {} -> {}", printable(change.before->link), printable(change.after->link));
    if (what == "content" && change.before->size != change.after->size) {
      text += fmt::format(" {} -> {}", human_size(change.before->size), human_size(change.after->size));
    }
  }
  return text + ")";
}

void show(const EntryChange& change, Output& output) {
  const bool is_folder = (change.after ? change.after : change.before)->type == "dir";
  std::string line = fmt::format("{} {}{}{}", sign_of(change.change), printable(change.path), is_folder ? "/" : "",
                                 details_of(change));
  if (change.php_in_uploads) line += "  " + output.red("PHP among the uploads!");
  output.line(line);
}

std::string version_text(const std::optional<std::string>& version) {
  if (!version) return "none";
  return version->empty() ? "unknown" : printable(*version);
}

void show_software(const std::vector<SoftwareChange>& changes, Output& output) {
  if (changes.empty()) return;
  output.line("");
  Table table({{"SOFTWARE"}, {"NAME"}, {"BEFORE"}, {"AFTER"}});
  for (const SoftwareChange& change : changes) {
    table.add({change.kind, printable(change.name), version_text(change.before), version_text(change.after)});
  }
  for (const std::string& line : table.lines(0)) output.line(line);
}

std::string side_text(const std::optional<TableChange::Side>& side, const std::string& kind) {
  if (!side) return "none";
  if (kind == "table") {
    return fmt::format("{}, {}{}", counted(side->rows, "row"), human_size(side->bytes),
                       side->on_server ? " on disk" : "");
  }
  return side->on_server ? "is there" : human_size(side->bytes);
}

void show_tables(const std::vector<TableChange>& changes, Output& output) {
  if (changes.empty()) return;
  output.line("");
  Table table({{"DATABASE"}, {"NAME"}, {"BEFORE"}, {"AFTER"}, {"WHAT"}});
  for (const TableChange& change : changes) {
    table.add({printable(change.database), printable(fmt::format("{} {}", change.kind, change.name)),
               side_text(change.before, change.kind), side_text(change.after, change.kind),
               change.definition ? "definition changed" : change.change});
  }
  for (const std::string& line : table.lines(0)) output.line(line);
}

void show_end(const Difference& found, Output& output) {
  show_software(found.software, output);
  show_tables(found.tables, output);
  if (found.php_in_uploads > 0) {
    output.warning(fmt::format("{} appeared or changed among the uploads, where WordPress puts none: look at {}",
                               counted(found.php_in_uploads, "PHP file"), found.php_in_uploads == 1 ? "it" : "them"));
  }
  for (const std::string& note : found.notes) output.remark(printable(note));
  if (found.same()) {
    output.remark("what was compared is the same");
  } else {
    output.remark(fmt::format("{} added, {} removed, {} changed; {} of databases", grouped(found.added),
                              grouped(found.removed), grouped(found.changed), counted(found.tables.size(), "change")));
  }
}

void print_end(const Difference& found, int exit, Output& output) {
  for (const SoftwareChange& change : found.software) output.object("software", software_json(change));
  for (const TableChange& change : found.tables) output.object("table", table_json(change));
  Json notes = Json::array();
  for (const std::string& note : found.notes) notes.push_back(printable(note));
  output.object("summary", {{"same", found.same()},
                            {"added", found.added},
                            {"removed", found.removed},
                            {"changed", found.changed},
                            {"tables", found.tables.size()},
                            {"software", found.software.size()},
                            {"php_in_uploads", found.php_in_uploads},
                            {"files_compared", found.files_compared},
                            {"database_compared", found.database_compared},
                            {"notes", std::move(notes)},
                            {"exit_code", exit}});
}

}  // namespace

int diff_command(const DiffArguments& arguments, Service& service, Output& output) {
  if (arguments.before.empty() || arguments.after.empty()) {
    throw Error(ErrorKind::usage, "two backups are needed, or one and \"live\"",
                "for example: wobackup diff example.com/2025-01-20_14-25-30 live");
  }
  const DiffOptions options{.checksum = arguments.checksum};
  const auto visit = [&](const EntryChange& change) {
    if (output.json()) {
      output.object("change", change_json(change));
    } else {
      show(change, output);
    }
    output.require_open();
  };
  const auto find = [&](const std::string& what) {
    return arguments.after == kLive ? find_backup(what, arguments.path, arguments.from, service)
                                    : find_backup_to_read(what, arguments.path, arguments.from, service, output);
  };
  const auto before = find(arguments.before);
  if (arguments.after == kLive) {
    if (const auto site = service.origin(before).site) tell_pending(*site, service, output);
  }
  const Difference found = arguments.after == kLive ? service.difference_to_live(before, options, visit)
                                                    : service.difference(before, find(arguments.after), options, visit);
  const int exit = arguments.exit_code && !found.same() ? exit_code(ErrorKind::failed) : 0;
  if (output.json()) {
    print_end(found, exit, output);
  } else {
    show_end(found, output);
  }
  return exit;
}

}  // namespace wobackup::cli
