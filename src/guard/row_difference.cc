#include "guard/row_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

struct Column {
  std::string name;
  std::string type;  // as in the column's definition
  std::string data_type;
  bool has_charset = false;
};

struct Shape {
  std::vector<Column> columns;  // that can be given a value
  std::vector<std::string> key;

  [[nodiscard]] const Column* find(const std::string& name) const {
    const auto place = std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
    return place == columns.end() ? nullptr : &*place;
  }
};

std::string text_at(const SqlRow& row, std::size_t index) {
  return index < row.size() && row[index] ? *row[index] : std::string();
}

// Names are compared as they are: `Users` is another table than `users` where the server tells them apart.
std::string is_table(const std::string& schema, const std::string& table) {
  return fmt::format("TABLE_SCHEMA = {0} AND TABLE_NAME = {1} AND CAST(TABLE_NAME AS BINARY) = CAST({1} AS BINARY)",
                     quoted_text(schema), quoted_text(table));
}

Shape shape_of(DatabaseConnection& connection, const std::string& schema, const std::string& table) {
  Shape shape;
  const std::string where = is_table(schema, table);
  for (const SqlRow& row : connection.rows(
           "SELECT COLUMN_NAME, COLUMN_TYPE, LOWER(DATA_TYPE), CHARACTER_SET_NAME, IFNULL(GENERATION_EXPRESSION, '')"
           " FROM information_schema.COLUMNS WHERE " +
           where + " ORDER BY ORDINAL_POSITION")) {
    if (!text_at(row, 4).empty()) continue;  // the server computes it
    shape.columns.push_back({text_at(row, 0), text_at(row, 1), text_at(row, 2), row.size() > 3 && row[3].has_value()});
  }
  for (const SqlRow& row : connection.rows("SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE " + where +
                                           " AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX")) {
    shape.key.push_back(text_at(row, 0));
  }
  return shape;
}

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_inexact(const Column& column) { return is_one_of(column.data_type, {"float", "double"}); }

ColumnKind kind_of(const Column& column) {
  if (column.has_charset) return ColumnKind::text;
  if (is_inexact(column) ||
      is_one_of(column.data_type, {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"})) {
    return ColumnKind::number;
  }
  if (is_one_of(column.data_type, {"date", "time", "datetime", "timestamp", "json", "uuid", "inet4", "inet6"})) {
    return ColumnKind::text;
  }
  return ColumnKind::bytes;
}

// A column's value as something that compares byte by byte: collations take too much for equal, and a dump has fewer
// digits than a float.
std::string comparable(const std::string& alias, const Column& column) {
  std::string value = alias + "." + quoted_name(column.name);
  if (column.has_charset) return fmt::format("CAST(CONVERT({} USING utf8mb4) AS BINARY)", value);
  if (is_inexact(column) || column.data_type == "json") return fmt::format("CAST(CONCAT({}) AS BINARY)", value);
  return value;
}

std::string row_hash(const std::string& alias, const std::vector<Column>& columns) {
  std::string parts;
  for (const Column& column : columns) {
    const std::string value = comparable(alias, column);
    parts += fmt::format("{0}IF({1} IS NULL, 'N', MD5({1}))", parts.empty() ? "" : ", ", value);
  }
  return fmt::format("MD5(CONCAT({}))", parts);
}

std::string types_condition(const std::string& alias, const std::vector<std::string>& likes) {
  std::string any;
  for (const std::string& like : likes) {
    any += fmt::format("{}{}.post_type LIKE {} ESCAPE '|'", any.empty() ? "" : " OR ", alias, quoted_text(like));
  }
  return "(" + any + ")";
}

class Difference {
 public:
  Difference(const DatabasePair& pair, const KeptSelection& selection, const Shape& displaced, const Shape& live)
      : pair_(pair), selection_(selection), displaced_(displaced) {
    for (const Column& column : displaced.columns) {
      if (live.columns.empty() || live.find(column.name) != nullptr) common_.push_back(column);
    }
    has_live_ = !live.columns.empty();
    by_key_ = has_live_ && !displaced.key.empty() && displaced.key == live.key;
    for (const std::string& name : displaced.key) {
      const Column* a = displaced.find(name);
      const Column* b = live.find(name);
      by_key_ = by_key_ && a != nullptr && b != nullptr && a->type == b->type;
    }
  }

  [[nodiscard]] bool has_live() const noexcept { return has_live_; }
  [[nodiscard]] bool by_key() const noexcept { return by_key_; }
  void without_key() noexcept { by_key_ = false; }
  [[nodiscard]] const std::vector<Column>& columns() const noexcept { return common_; }

  // First whether the row was added, then the columns.
  [[nodiscard]] std::string sql() const {
    std::string list;
    for (const Column& column : common_) list += ", d." + quoted_name(column.name);
    return fmt::format("SELECT {}{} FROM {} d{} WHERE {}{}", by_key_ ? on_key() + " IS NULL" : "1", list,
                       name_in(pair_.displaced, selection_.table), join(), differs(), wanted());
  }

 private:
  static std::string name_in(const std::string& schema, const std::string& table) {
    return quoted_name(schema) + "." + quoted_name(table);
  }
  [[nodiscard]] std::string on_key() const { return "l." + quoted_name(displaced_.key.front()); }

  [[nodiscard]] std::string join() const {
    if (!has_live_) return {};
    const std::string live = name_in(pair_.live, selection_.table);
    if (!by_key_) {
      return fmt::format(" LEFT JOIN (SELECT DISTINCT {} AS h FROM {} l) x ON x.h = {}", row_hash("l", common_), live,
                         row_hash("d", common_));
    }
    std::string on;
    for (const std::string& name : displaced_.key) {
      on += fmt::format("{0}d.{1} = l.{1}", on.empty() ? "" : " AND ", quoted_name(name));
    }
    return fmt::format(" LEFT JOIN {} l ON {}", live, on);
  }

  [[nodiscard]] std::string differs() const {
    if (!has_live_) return "TRUE";
    if (!by_key_) return "x.h IS NULL";
    std::string same;
    for (const Column& column : common_) {
      same += fmt::format("{}{} <=> {}", same.empty() ? "" : " AND ", comparable("d", column), comparable("l", column));
    }
    return fmt::format("({} IS NULL OR NOT ({}))", on_key(), same);
  }

  [[nodiscard]] std::string wanted() const {
    std::string and_also;
    if (selection_.without && displaced_.find(selection_.without->first) != nullptr) {
      const std::string column = "d." + quoted_name(selection_.without->first);
      and_also += fmt::format(" AND ({0} IS NULL OR {0} <> {1})", column, quoted_text(selection_.without->second));
    }
    if (selection_.post_types.empty()) return and_also;
    if (selection_.posts_table.empty()) return and_also + " AND " + types_condition("d", selection_.post_types);
    return and_also + fmt::format(" AND d.post_id IN (SELECT p.ID FROM {} p WHERE {})",
                                  name_in(pair_.displaced, selection_.posts_table),
                                  types_condition("p", selection_.post_types));
  }

  const DatabasePair& pair_;
  const KeptSelection& selection_;
  const Shape& displaced_;
  std::vector<Column> common_;
  bool has_live_ = false;
  bool by_key_ = false;
};

void tell_shape(const Shape& displaced, const Difference& difference, const std::string& table, RowFile& file,
                std::vector<std::string>& notes) {
  const auto tell = [&](const std::string& text) {
    notes.push_back(text);
    file.comment(text);
  };
  const std::string name = printable(table);
  if (!difference.has_live()) tell(fmt::format("the table {} is not in the backup; its rows need it made again", name));
  std::string left_out;
  for (const Column& column : displaced.columns) {
    const auto& kept = difference.columns();
    if (std::any_of(kept.begin(), kept.end(), [&](const Column& c) { return c.name == column.name; })) continue;
    left_out += (left_out.empty() ? "" : ", ") + printable(column.name);
  }
  if (!left_out.empty())
    tell(fmt::format("the backup's {} has no column {}: their values are not here", name, left_out));
}

KeptTable write_rows(DatabaseConnection& connection, const Difference& difference, const std::string& table,
                     RowFile& file) {
  KeptTable kept{table, 0, 0};
  std::vector<RowColumn> columns;
  for (const Column& column : difference.columns()) columns.push_back({column.name, kind_of(column)});
  connection.query(difference.sql(), [&](const SqlRow& row) {
    if (row.empty()) return;
    const bool added = text_at(row, 0) == "1";
    if (kept.added + kept.changed == 0) file.comment("table " + table);
    file.row(table, columns, SqlRow(row.begin() + 1, row.end()), added);
    ++(added ? kept.added : kept.changed);
  });
  return kept;
}

}  // namespace

KeptTable write_row_difference(DatabaseConnection& connection, const DatabasePair& pair, const KeptSelection& selection,
                               RowFile& file, std::vector<std::string>& notes) {
  const Shape displaced = shape_of(connection, pair.displaced, selection.table);
  const Shape live = shape_of(connection, pair.live, selection.table);
  Difference difference(pair, selection, displaced, live);
  if (difference.columns().empty()) return {selection.table, 0, 0};
  if (difference.by_key() && connection.error_of("EXPLAIN " + difference.sql())) {
    difference.without_key();  // keys of different collations cannot be compared
  }
  KeptTable kept = write_rows(connection, difference, selection.table, file);
  if (kept.added + kept.changed > 0) tell_shape(displaced, difference, selection.table, file, notes);
  return kept;
}

}  // namespace wobackup
