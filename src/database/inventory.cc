#include "database/inventory.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/text.h"
#include "crypto/sha256.h"
#include "database/single_value.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// The server may be a hacked site's: what is kept has a bound.
constexpr std::size_t kMostNames = 200'000;
constexpr std::size_t kLongestName = 1024;  // a name has 64 characters at most
constexpr std::size_t kMostViewText = std::size_t{16} << 20U;

// Adds a query's rows to the fingerprint.
void fingerprint(DatabaseConnection& connection, Sha256& hash, const std::string& sql) {
  connection.query(sql, [&hash](const SqlRow& row) {
    for (const auto& value : row) {
      const std::string length = value ? std::to_string(value->size()) : "null";
      hash.update(bytes_of(length + ":"));
      if (value) hash.update(bytes_of(*value));
    }
    hash.update(bytes_of("\n"));
  });
}

// Nothing for NULL, and for a column that a hostile server leaves out.
std::string text(const SqlRow& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : std::string();
}

}  // namespace

std::vector<std::string> Inventory::tables_without_transactions() const {
  std::vector<std::string> names;
  for (const auto& [name, facts] : tables) {
    if (!facts.transactional) names.push_back(name);
  }
  return names;
}

Inventory take_inventory(DatabaseConnection& connection) {
  Inventory inventory;
  std::size_t names = 0;
  const auto count = [&names](const SqlRow& row) {
    if (++names > kMostNames) throw Error(ErrorKind::dump, fmt::format("more than {} tables and routines", kMostNames));
    for (const auto& value : row) {
      if (value && value->size() > kLongestName) {
        throw Error(ErrorKind::dump, "the database server names a table or routine that is too long to be one",
                    "is the database's host right?");
      }
    }
  };
  std::set<std::string> transactional;
  connection.query("SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'", [&](const SqlRow& row) {
    count(row);
    transactional.insert(lower_ascii(text(row, 0)));
  });
  connection.query(
      "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
      "DATABASE()",
      [&](const SqlRow& row) {
        count(row);
        const std::string name = text(row, 0), type = text(row, 1), engine = text(row, 2);
        if (type == "VIEW" || type == "SYSTEM VIEW") {
          inventory.views.insert(name);
        } else if (type == "SEQUENCE") {
          inventory.sequences.insert(name);
        } else if (type != "TEMPORARY") {
          inventory.tables[name] = {engine, transactional.contains(lower_ascii(engine)), type == "SYSTEM VERSIONED"};
          inventory.data_bytes += std::strtoull(text(row, 3).c_str(), nullptr, 10);
        }
      });
  const auto collect = [&](std::set<std::string>& found, const std::string& sql) {
    connection.query(sql, [&](const SqlRow& row) {
      count(row);
      found.insert(text(row, 0));
    });
  };
  collect(inventory.triggers, "SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()");
  collect(inventory.events, "SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()");
  connection.query(
      "SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
      [&](const SqlRow& row) {
        count(row);
        const std::string type = lower_ascii(text(row, 0));
        inventory.routines.insert((type.starts_with("package") ? "package" : type) + " " + text(row, 1));
      });

  inventory.default_charset = first_value(connection, "SELECT @@character_set_database");
  inventory.default_collation = first_value(connection, "SELECT @@collation_database");

  Sha256 hash;
  fingerprint(connection, hash,
              "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, CREATE_TIME FROM information_schema.TABLES "
              "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE <> 'TEMPORARY' ORDER BY TABLE_NAME");
  fingerprint(connection, hash,
              "SELECT TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, "
              "COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
              "ORDER BY TABLE_NAME, ORDINAL_POSITION");
  fingerprint(connection, hash,
              "SELECT TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS "
              "WHERE TRIGGER_SCHEMA = DATABASE() ORDER BY TRIGGER_NAME");
  fingerprint(connection, hash,
              "SELECT ROUTINE_NAME, ROUTINE_TYPE, LAST_ALTERED FROM information_schema.ROUTINES "
              "WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_NAME, ROUTINE_TYPE");
  fingerprint(connection, hash,
              "SELECT EVENT_NAME, EVENT_DEFINITION FROM information_schema.EVENTS "
              "WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME");
  inventory.fingerprint = hex(hash.finish());
  return inventory;
}

std::vector<BrokenView> broken_views(DatabaseConnection& connection, const Inventory& inventory) {
  std::vector<BrokenView> broken;
  std::size_t kept = 0;
  for (const std::string& name : inventory.views) {
    // What the dump program asks first for each view.
    const std::optional<std::string> why = connection.error_of("SHOW FIELDS FROM " + quoted_name(name));
    if (!why) continue;
    BrokenView view{name, *why, {}};
    try {
      const std::vector<SqlRow> rows = connection.rows("SHOW CREATE VIEW " + quoted_name(name));
      if (!rows.empty() && rows[0].size() > 1) view.definition = text(rows[0], 1);
    } catch (const Error&) {
      const std::vector<SqlRow> rows = connection.rows(
          "SELECT VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE() AND "
          "TABLE_NAME = " +
          quoted_text(name));
      if (!rows.empty()) view.definition = text(rows[0], 0);
    }
    kept += view.definition.size() + view.why.size();
    if (kept > kMostViewText) {
      throw Error(ErrorKind::dump, "the definitions of the broken views are too long", "mend the views, or drop them");
    }
    broken.push_back(std::move(view));
  }
  return broken;
}

}  // namespace wobackup
