#include "target/database/dump_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/bytes.h"
#include "base/text.h"
#include "database/sql_scanner.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostObjects = 1'000'000;
constexpr std::size_t kLongestName = 600;  // of a routine, with its kind; names have 64 characters
constexpr std::size_t kHeaderBytes = 1024;
constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

Error refused(const std::string& why) {
  return Error(ErrorKind::verification, "the description of the dump is not right: " + why);
}

std::string text_at(const Json& object, const std::string& key) {
  const auto encoded = object.find(key + "_b64");
  const auto plain = object.find(key);
  if (encoded != object.end() && encoded->is_string()) {
    std::optional<std::string> bytes = from_base64(encoded->get_ref<const std::string&>());
    if (!bytes) throw refused("a name is no base64");
    return std::move(*bytes);
  }
  if (plain == object.end() || !plain->is_string()) return {};
  return plain->get<std::string>();
}

std::string name_of_object(const Json& object) {
  std::string name = object.is_object() ? text_at(object, "name") : std::string();
  if (name.empty() || name.size() > kLongestName) throw refused("an object has no name");
  return name;
}

std::uint64_t number_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  if (found == object.end()) return 0;
  if (!found->is_number_unsigned()) throw refused(key + " is no number");
  return found->get<std::uint64_t>();
}

ByteRange range_from(const Json& json) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_number_unsigned() || !json[1].is_number_unsigned()) {
    throw refused("a range is no pair of numbers");
  }
  return {json[0].get<std::uint64_t>(), json[1].get<std::uint64_t>()};
}

const Json& list_at(const Json& database, const std::string& key) {
  static const Json kNone = Json::array();
  const auto found = database.find(key);
  if (found == database.end()) return kNone;
  if (!found->is_array() || found->size() > kMostObjects) throw refused(key + " is no list");
  return *found;
}

std::vector<DumpObject> objects_at(const Json& database, const std::string& key) {
  std::vector<DumpObject> objects;
  for (const Json& json : list_at(database, key)) {
    DumpObject object{name_of_object(json), {}, text_at(json, "table")};
    for (const Json& range : list_at(json, "ranges")) object.ranges.push_back(range_from(range));
    if (object.ranges.empty()) throw refused(printable(object.name) + " is nowhere");
    objects.push_back(std::move(object));
  }
  return objects;
}

void require_names_once(const DumpLayout& layout) {
  const auto check = [](const auto& objects) {
    std::set<std::string_view> names;
    for (const auto& object : objects) {
      if (!names.insert(object.name).second) throw refused(printable(object.name) + " is there twice");
    }
  };
  check(layout.tables);
  check(layout.views);
  check(layout.triggers);
  check(layout.routines);
  check(layout.events);
  check(layout.sequences);
}

// Bounds, order, overlaps; finds where the prelude ends.
void finish(DumpLayout& layout, std::uint64_t dump_size) {
  require_names_once(layout);
  for (const DumpTable& table : layout.tables) {
    const TableSection& section = table.section;
    const bool has_data = section.data.end != 0;
    if (has_data ? section.data.begin < section.schema.end : section.data.begin != 0 || section.rows != 0) {
      throw refused("the rows of " + printable(table.name) + " are not where they should be");
    }
  }
  std::uint64_t last = 0;
  const std::vector<ByteRange> ranges = layout.ranges();
  for (const ByteRange& range : ranges) {
    if (range.begin >= range.end || range.end > dump_size) throw refused("a section is not within the dump");
    if (range.begin < last) throw refused("two sections overlap");
    last = range.end;
  }
  layout.prelude = {0, ranges.empty() ? dump_size : ranges.front().begin};
}

// The database's name as dump programs write it in the first comment; empty if they did not. Only names are read by it.
std::string database_in_header(std::string_view begin) {
  constexpr std::string_view kHost = "\n-- Host: ";
  constexpr std::string_view kDatabase = "    Database: ";
  const std::size_t host = begin.find(kHost);
  if (host == std::string_view::npos) return {};
  const std::string_view line = begin.substr(host + 1, begin.find('\n', host + 1) - host - 1);
  const std::size_t name = line.rfind(kDatabase);
  return name == std::string_view::npos ? std::string() : std::string(trim(line.substr(name + kDatabase.size())));
}

std::vector<DumpObject> objects_of(const DumpSections::Ranges& ranges) {
  std::vector<DumpObject> objects;
  for (const auto& [name, places] : ranges) objects.push_back({name, places, {}});
  return objects;
}

// Such a command has no delimiter, so it swallows the end of the dump.
[[noreturn]] void throw_without_end(const SqlScanner& scanner, const std::string& dump) {
  const auto open = scanner.open_statement();
  const std::string head = open ? lower_ascii(open->head) : std::string();
  if (head.starts_with('\\') || head.starts_with("system ") || head.starts_with("source ")) {
    throw Error(ErrorKind::verification,
                fmt::format("{}: at byte {} the dump holds a command for a database client, which would run it as "
                            "whoever loads the dump: {}",
                            dump, open->begin, printable(open->head.substr(0, open->head.find('\n')))),
                "no dump of a website has one: look at it before anything of it is used");
  }
  throw Error(ErrorKind::verification, fmt::format("{}: the dump has no end: it was cut off", dump));
}

}  // namespace

std::vector<ByteRange> DumpLayout::ranges() const {
  std::vector<ByteRange> all;
  for (const DumpTable& table : tables) {
    all.push_back(table.section.schema);
    if (table.section.data.end != 0) all.push_back(table.section.data);
  }
  for (const auto* objects : {&views, &triggers, &routines, &events, &sequences}) {
    for (const DumpObject& object : *objects) all.insert(all.end(), object.ranges.begin(), object.ranges.end());
  }
  std::sort(all.begin(), all.end(), [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  return all;
}

DumpLayout layout_from_manifest(const Json& database, std::uint64_t dump_size) {
  if (!database.is_object()) throw refused("there is none");
  DumpLayout layout;
  layout.database = text_at(database, "name");
  layout.collation = text_at(database, "default_collation");
  layout.former_database = text_at(database, "former_name");
  layout.longest_statement = number_at(database, "max_allowed_packet");
  for (const Json& json : list_at(database, "tables")) {
    DumpTable table{name_of_object(json), {}};
    table.section.schema = range_from(json.value("schema", Json()));
    table.section.data = range_from(json.value("data", Json()));
    table.section.rows = number_at(json, "rows");
    layout.tables.push_back(std::move(table));
  }
  layout.views = objects_at(database, "views");
  layout.triggers = objects_at(database, "triggers");
  layout.routines = objects_at(database, "routines");
  layout.events = objects_at(database, "events");
  layout.sequences = objects_at(database, "sequences");
  for (const Json& view : list_at(database, "broken_views")) layout.broken_views.push_back(name_of_object(view));
  finish(layout, dump_size);
  return layout;
}

DumpLayout layout_by_scan(const RandomAccess& dump, const Cancellation& cancellation) {
  DumpLayout layout;
  DumpSections sections;
  SqlScanner scanner([&sections](const SqlStatement& statement) { sections.add(statement); });
  ByteVector piece(kPieceBytes);
  for (std::uint64_t at = 0; at < dump.size();) {
    cancellation.check();
    const std::size_t count = dump.read(at, piece);
    if (count == 0) break;
    if (at == 0) layout.database = database_in_header(text_of(ByteSpan(piece).first(std::min(count, kHeaderBytes))));
    scanner.feed(ByteSpan(piece).first(count));
    at += count;
  }
  scanner.finish();
  if (!scanner.completed()) throw_without_end(scanner, printable(dump.name()));
  Json description;
  sections.describe(description);
  for (const auto& [name, section] : sections.tables()) layout.tables.push_back({name, section});
  layout.views = objects_of(sections.views());
  layout.triggers = objects_at(description, "triggers");  // with their tables
  layout.routines = objects_of(sections.routines());
  layout.events = objects_of(sections.events());
  layout.sequences = objects_of(sections.sequences());
  layout.longest_statement = scanner.longest_statement();
  finish(layout, dump.size());
  return layout;
}

}  // namespace wobackup
