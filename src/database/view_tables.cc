#include "database/view_tables.h"

#include <optional>

namespace wobackup {

std::vector<SqlPiece> sql_pieces(std::string_view text) {
  SqlCursor cursor(text, {});
  std::vector<SqlPiece> pieces;
  while (const std::optional<SqlPiece> piece = cursor.next()) pieces.push_back(*piece);
  return pieces;
}

std::vector<TableName> tables_of_view(const std::vector<SqlPiece>& view) {
  const auto is_name = [&](std::size_t i) { return i < view.size() && view[i].kind == SqlPiece::Kind::name; };
  std::vector<TableName> tables;
  bool table_position = false;
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (table_position && is_name(i)) {
      const bool qualified = i + 1 < view.size() && view[i + 1].is_symbol('.') && is_name(i + 2);
      tables.push_back(qualified ? TableName{view[i].value(), view[i + 2].value()} : TableName{{}, view[i].value()});
    }
    table_position = view[i].is_word("FROM") || view[i].is_word("JOIN") || view[i].is_word("STRAIGHT_JOIN") ||
                     (table_position && view[i].is_symbol('('));
  }
  return tables;
}

}  // namespace wobackup
