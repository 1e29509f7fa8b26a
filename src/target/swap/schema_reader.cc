#include "target/swap/schema_reader.h"

#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <utility>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::string text(const SqlRow& row, std::size_t column) {
  return column < row.size() ? row[column].value_or("") : std::string();
}

std::string of(const std::string& column, const std::string& schema) {
  return " WHERE " + column + " = " + quoted_text(schema);
}

void read_tables(DatabaseConnection& connection, const std::string& schema, const std::set<std::string>& only,
                 SavedSchema& saved) {
  connection.query(
      "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES" + of("TABLE_SCHEMA", schema) +
          " AND TABLE_TYPE NOT LIKE '%VIEW' AND TABLE_TYPE <> 'TEMPORARY' ORDER BY TABLE_NAME",
      [&](const SqlRow& row) {
        if (!only.empty() && !only.contains(text(row, 0))) return;
        saved.tables.push_back({text(row, 0), text(row, 1) == "SEQUENCE", text(row, 1) == "SYSTEM VERSIONED"});
      });
  connection.query("SELECT TABLE_NAME, COLUMN_NAME, COLUMN_DEFAULT FROM information_schema.COLUMNS" +
                       of("TABLE_SCHEMA", schema) + " AND COLUMN_DEFAULT REGEXP '(nextval|lastval|setval)[(]'",
                   [&](const SqlRow& row) {
                     const SavedTable* table = saved.table(text(row, 0));
                     if (table != nullptr) saved.defaults.push_back({text(row, 0), text(row, 1), text(row, 2)});
                   });
}

// What information_schema knows of events and SHOW CREATE does not.
struct EventFacts {
  std::string status;
  std::int64_t created = 0;
};

EventFacts event_facts(DatabaseConnection& connection, const std::string& schema, const std::string& name) {
  EventFacts facts;
  connection.query("SELECT STATUS, UNIX_TIMESTAMP(CREATED) FROM information_schema.EVENTS" +
                       of("EVENT_SCHEMA", schema) + " AND EVENT_NAME = " + quoted_text(name),
                   [&](const SqlRow& row) {
                     facts = {text(row, 0), std::strtoll(text(row, 1).c_str(), nullptr, 10)};
                   });
  return facts;
}

}  // namespace

bool schema_exists(DatabaseConnection& connection, const std::string& schema) {
  return !first_value(connection, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA" + of("SCHEMA_NAME", schema))
              .empty();
}

SchemaNames read_names(DatabaseConnection& connection, const std::string& schema) {
  SchemaNames names;
  connection.query(
      "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES" + of("TABLE_SCHEMA", schema) +
          " AND TABLE_TYPE <> 'TEMPORARY'",
      [&](const SqlRow& row) { (text(row, 1).ends_with("VIEW") ? names.views : names.tables).insert(text(row, 0)); });
  connection.query(
      "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS" + of("TRIGGER_SCHEMA", schema),
      [&](const SqlRow& row) { names.triggers.emplace(text(row, 0), text(row, 1)); });
  connection.query("SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES" + of("ROUTINE_SCHEMA", schema),
                   [&](const SqlRow& row) {
                     const auto kind = object_kind_of(text(row, 0));
                     if (!kind)
                       throw Error(ErrorKind::failed, "an unknown kind of routine: " + printable(text(row, 0)));
                     names.others.emplace(*kind, text(row, 1));
                   });
  connection.query("SELECT EVENT_NAME FROM information_schema.EVENTS" + of("EVENT_SCHEMA", schema),
                   [&](const SqlRow& row) { names.others.emplace(ObjectKind::event, text(row, 0)); });
  return names;
}

SavedObject read_object(SwapSession& session, const std::string& schema, ObjectKind kind, const std::string& name) {
  DatabaseConnection& connection = session.connection();
  // With the database open the server leaves its name out where it can.
  session.use(schema);
  const std::vector<SqlRow> rows = connection.rows(fmt::format("SHOW CREATE {} {}", sql_word(kind), quoted_name(name)));
  if (rows.empty()) throw Error(ErrorKind::dump, "the server does not show " + printable(name));
  const SqlRow& row = rows[0];
  SavedObject object;
  object.kind = kind;
  object.name = name;
  std::size_t settings = 3;
  if (kind == ObjectKind::view) {
    object.create = text(row, 1);
    settings = 2;
  } else {
    object.sql_mode = text(row, 1);
    if (kind == ObjectKind::event) {
      object.time_zone = text(row, 2);
      settings = 4;
    }
    object.create = text(row, settings - 1);
  }
  object.character_set_client = text(row, settings);
  object.collation_connection = text(row, settings + 1);
  object.database_collation = text(row, settings + 2);
  if (object.create.empty()) {
    throw Error(
        ErrorKind::dump,
        fmt::format("the login may not see the definition of {} {}", lower_ascii(sql_word(kind)), printable(name)),
        "use the admin's login: database.defaults_file");
  }
  if (kind == ObjectKind::event) {
    const EventFacts facts = event_facts(connection, schema, name);
    object.status = facts.status;
    object.created = facts.created;
  }
  return object;
}

SavedSchema read_schema(SwapSession& session, const std::string& schema, const std::set<std::string>& only_tables) {
  DatabaseConnection& connection = session.connection();
  SavedSchema saved;
  saved.schema = schema;
  read_tables(connection, schema, only_tables, saved);
  const SchemaNames names = read_names(connection, schema);
  if (only_tables.empty()) {
    for (const auto& [kind, name] : names.others) saved.objects.push_back(read_object(session, schema, kind, name));
    for (const std::string& name : names.views) {
      saved.objects.push_back(read_object(session, schema, ObjectKind::view, name));
      saved.objects.back().broken = connection.error_of("SHOW FIELDS FROM " + quoted_name(name)).has_value();
    }
  }
  // The order in which they fire is that in which they are made.
  const std::vector<SqlRow> triggers = connection.rows(
      "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME FROM information_schema.TRIGGERS" + of("TRIGGER_SCHEMA", schema) +
      " ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER");
  for (const SqlRow& row : triggers) {
    if (saved.table(text(row, 0)) == nullptr) continue;
    saved.objects.push_back(read_object(session, schema, ObjectKind::trigger, text(row, 1)));
    saved.objects.back().table = text(row, 0);
  }
  return saved;
}

}  // namespace wobackup
