#include "inspect/live_parts.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"
#include "database/inventory.h"
#include "database/single_value.h"
#include "database/sql_cursor.h"
#include "inspect/definition_tokens.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

class LiveReader {
 public:
  LiveReader(DatabaseConnection& connection, std::vector<std::string>& notes)
      : connection_(connection), notes_(notes), inventory_(take_inventory(connection)) {
    // As dump programs ask: names in backticks, and texts as the bytes that they are.
    connection_.execute("SET SESSION sql_mode = '', sql_quote_show_create = 1, character_set_results = NULL");
  }

  DatabaseParts read() {
    for (const auto& [name, facts] : inventory_.tables) add("table", name, {{"TABLE", 1}});
    for (const std::string& name : inventory_.views) add("view", name, {{"VIEW", 1}});
    for (const std::string& name : inventory_.sequences) add("sequence", name, {{"SEQUENCE", 1}});
    for (const std::string& name : inventory_.triggers) add("trigger", name, {{"TRIGGER", 2}});
    for (const std::string& name : inventory_.events) add("event", name, {{"EVENT", 3}});
    for (const std::string& routine : inventory_.routines) add_routine(routine);
    measure();
    return std::move(parts_);
  }

 private:
  // A statement SHOW CREATE, and the column in which it gives the definition. From the second on the SQL mode stands in
  // column 1.
  struct Shown {
    std::string_view word;
    std::size_t column;
  };

  void add_routine(const std::string& routine) {
    const std::size_t blank = routine.find(' ');
    const std::string word = routine.substr(0, blank), name = routine.substr(blank + 1);
    if (word == "package") return add("routine", routine, {{"PACKAGE", 2}, {"PACKAGE BODY", 2}}, name);
    add("routine", routine, {{word == "function" ? "FUNCTION" : "PROCEDURE", 2}}, name);
  }

  void add(const char* kind, const std::string& name, const std::vector<Shown>& ways, const std::string& shown = {}) {
    DatabasePart& part = parts_[{kind, name}];
    DefinitionTokens tokens;
    bool all = true;
    for (const Shown& way : ways) {
      // A package may have no body.
      if (!add_shown(tokens, way, shown.empty() ? name : shown, kind) && way.word != "PACKAGE BODY") all = false;
    }
    if (all) part.definition = tokens.finish();
  }

  bool add_shown(DefinitionTokens& tokens, const Shown& way, const std::string& name, const char* kind) {
    std::vector<SqlRow> rows;
    try {
      rows = connection_.rows(fmt::format("SHOW CREATE {} {}", way.word, quoted_name(name)));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::dump || way.word == "PACKAGE BODY") return false;
      notes_.push_back(fmt::format("the live {} {} cannot be read: {}", kind, name, error.message()));
      return false;
    }
    const auto value = [&](std::size_t column) {
      return !rows.empty() && column < rows[0].size() ? rows[0][column].value_or("") : std::string();
    };
    const std::string create = value(way.column);
    if (create.empty()) {
      notes_.push_back(fmt::format("the login may not see the definition of the live {} {}", kind, name));
      return false;
    }
    tokens.add(create, way.column > 1 ? quote_rules_of(value(1)) : QuoteRules{});
    return true;
  }

  void measure() {
    connection_.query(
        "SELECT TABLE_NAME, DATA_LENGTH + INDEX_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()",
        [this](const SqlRow& row) {
          if (row.size() < 2 || !row[0] || !row[1]) return;
          const auto part = parts_.find({"table", *row[0]});
          if (part != parts_.end()) part->second.side.bytes = std::strtoull(row[1]->c_str(), nullptr, 10);
        });
    for (auto& [key, part] : parts_) {
      part.side.on_server = true;
      if (key.first != "table") continue;
      try {
        part.side.rows = first_number(connection_, "SELECT COUNT(*) FROM " + quoted_name(key.second));
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::dump) throw;
        notes_.push_back(fmt::format("the live table {} cannot be counted: {}", key.second, error.message()));
      }
    }
  }

  DatabaseConnection& connection_;
  std::vector<std::string>& notes_;
  const Inventory inventory_;
  DatabaseParts parts_;
};

}  // namespace

DatabaseParts live_parts(DatabaseConnection& connection, std::vector<std::string>& notes) {
  return LiveReader(connection, notes).read();
}

}  // namespace wobackup
