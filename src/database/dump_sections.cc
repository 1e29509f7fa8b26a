#include "database/dump_sections.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "container/manifest.h"

namespace wobackup {
namespace {

bool is_kind(const std::string& word) {
  static constexpr std::array<std::string_view, 8> kKinds{"table",     "view",    "trigger", "function",
                                                          "procedure", "package", "event",   "sequence"};
  return std::find(kKinds.begin(), kKinds.end(), word) != kKinds.end();
}

// How the dump programs name the variables in which an object's statements keep what they change. (Others, such as
// @OLD_SQL_MODE and @save_time_zone, span many objects.)
bool is_saved_variable(const std::optional<SqlHead::Token>& token) {
  return token && token->kind == SqlHead::Kind::word && token->text.starts_with("saved_");
}

Json json_of(const ByteRange& range) { return {range.begin, range.end}; }

Json described(const std::string& name, const std::vector<ByteRange>& ranges) {
  Json object;
  put_text(object, "name", name);
  object["ranges"] = Json::array();
  for (const ByteRange& range : ranges) object["ranges"].push_back(json_of(range));
  return object;
}

Json described(const DumpSections::Ranges& objects) {
  Json list = Json::array();
  for (const auto& [name, ranges] : objects) list.push_back(described(name, ranges));
  return list;
}

}  // namespace

void DumpSections::add(const SqlStatement& statement) {
  SqlHead tokens(statement.head);
  const std::optional<SqlHead::Token> verb = tokens.next();
  if (verb && verb->is_word("create")) return add_create(tokens, statement);
  if (verb && verb->is_word("set")) return add_set(tokens, statement);
  if (verb && (verb->is_word("insert") || verb->is_word("replace"))) {
    add_rows(tokens, statement);
  } else if (verb && verb->is_word("lock")) {
    lock(tokens, statement);
  } else if (verb && verb->is_word("unlock")) {
    const auto table = tables_.find(open_table_);
    open_table_.clear();
    if (table != tables_.end()) {
      last_ = &table->second.data;
      extend(statement);
    }
    return;
  } else if (verb && (verb->is_word("drop") || verb->is_word("delimiter"))) {
    const std::optional<SqlHead::Token> next = tokens.next();
    const bool ends = verb->is_word("delimiter") && next && next->is_symbol(';') && !tokens.next();
    return ends ? extend(statement) : prepare(statement);
  } else if (verb && verb->is_word("alter") && tokens.skip_past("database")) {
    // An object from before the database's collation changed is put between two of these.
    database_altered_ = !database_altered_;
    return database_altered_ ? prepare(statement) : extend(statement);
  } else if (verb && (verb->is_word("do") || verb->is_word("select"))) {
    // SETVAL of the sequence that was just created.
    const std::optional<SqlHead::Token> function = tokens.next();
    if (function && function->is_word("setval")) return extend(statement);
  } else if (verb && verb->is_word("commit")) {
    return extend(statement);  // of the rows, in dumps with autocommit off
  }
  prepared_from_.reset();
  last_ = nullptr;
}

void DumpSections::add_create(SqlHead& tokens, const SqlStatement& statement) {
  while (const std::optional<SqlHead::Token> token = tokens.next()) {
    if (token->kind == SqlHead::Kind::word && is_kind(token->text)) return add_object(token->text, tokens, statement);
  }
  prepared_from_.reset();
  last_ = nullptr;
}

void DumpSections::add_object(const std::string& kind, SqlHead& tokens, const SqlStatement& statement) {
  if (kind == "package") {
    SqlHead after = tokens;
    const std::optional<SqlHead::Token> body = after.next();
    if (body && body->is_word("body")) tokens = after;
  }
  const std::string name = tokens.object_name();
  if (kind == "table") {
    TableSection& table = tables_[name];
    table.schema = take_range(statement);
    last_ = &table.schema;
  } else if (kind == "view") {
    // Older dump programs put a table in a view's place first.
    const auto stand_in = tables_.find(name);
    if (stand_in != tables_.end()) {
      views_[name].push_back(stand_in->second.schema);
      tables_.erase(stand_in);
    }
    put(views_, name, statement);
  } else if (kind == "trigger") {
    if (tokens.skip_past("on")) trigger_tables_[name] = tokens.object_name();
    put(triggers_, name, statement);
  } else if (kind == "event") {
    put(events_, name, statement);
  } else if (kind == "sequence") {
    put(sequences_, name, statement);
  } else {
    put(routines_, kind + " " + name, statement);
  }
}

void DumpSections::add_set(SqlHead& tokens, const SqlStatement& statement) {
  bool saves = false, restores = false;
  bool behind_equals = false, is_variable = false;
  while (const std::optional<SqlHead::Token> token = tokens.next()) {
    if (token->is_symbol('@')) {
      is_variable = true;
      continue;
    }
    if (is_variable && is_saved_variable(token)) (behind_equals ? restores : saves) = true;
    behind_equals = token->is_symbol('=') || (behind_equals && !token->is_symbol(','));
    is_variable = false;
  }
  if (saves) {
    prepare(statement);
  } else if (restores) {
    extend(statement);
  } else if (!prepared_from_) {
    last_ = nullptr;  // a session variable that belongs to no object
  }
}

void DumpSections::add_rows(SqlHead& tokens, const SqlStatement& statement) {
  SqlHead name = tokens;
  std::optional<SqlHead::Token> token = tokens.next();
  while (token && (token->is_word("into") || token->is_word("ignore") || token->is_word("delayed"))) {
    name = tokens;
    token = tokens.next();
  }
  const auto table = tables_.find(name.object_name());
  if (table == tables_.end()) return;
  TableSection& section = table->second;
  section.rows += statement.rows;
  if (section.data.end == 0) section.data.begin = statement.begin;
  section.data.end = statement.end;
}

void DumpSections::lock(SqlHead& tokens, const SqlStatement& statement) {
  tokens.next();  // TABLES
  open_table_ = tokens.object_name();
  const auto table = tables_.find(open_table_);
  if (table != tables_.end() && table->second.data.end == 0) table->second.data = {statement.begin, statement.end};
}

// A statement that prepares the next object: DROP, SET @saved_... and a change of the delimiter.
void DumpSections::prepare(const SqlStatement& statement) {
  if (!prepared_from_) prepared_from_ = statement.begin;
  last_ = nullptr;
}

// A statement that still belongs to the last object, unless one came between that does not.
void DumpSections::extend(const SqlStatement& statement) {
  if (last_ != nullptr) last_->end = statement.end;
}

ByteRange DumpSections::take_range(const SqlStatement& statement) {
  const ByteRange range{prepared_from_.value_or(statement.begin), statement.end};
  prepared_from_.reset();
  return range;
}

void DumpSections::put(Ranges& objects, const std::string& name, const SqlStatement& statement) {
  std::vector<ByteRange>& ranges = objects[name];
  ranges.push_back(take_range(statement));
  last_ = &ranges.back();
}

void DumpSections::describe(Json& database) const {
  Json tables = Json::array();
  for (const auto& [name, section] : tables_) {
    Json table;
    put_text(table, "name", name);
    table["rows"] = section.rows;
    table["schema"] = json_of(section.schema);
    table["data"] = json_of(section.data);
    tables.push_back(std::move(table));
  }
  Json triggers = Json::array();
  for (const auto& [name, ranges] : triggers_) {
    Json trigger = described(name, ranges);
    const auto table = trigger_tables_.find(name);
    if (table != trigger_tables_.end()) put_text(trigger, "table", table->second);
    triggers.push_back(std::move(trigger));
  }
  database["tables"] = std::move(tables);
  database["views"] = described(views_);
  database["triggers"] = std::move(triggers);
  database["routines"] = described(routines_);
  database["events"] = described(events_);
  database["sequences"] = described(sequences_);
}

}  // namespace wobackup
