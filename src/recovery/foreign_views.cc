#include "recovery/foreign_views.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/text.h"
#include "database/sql_cursor.h"
#include "target/swap/saved_schema.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// "schema.table" behind FROM and JOIN.
std::set<std::pair<std::string, std::string>> tables_in(const std::vector<SqlPiece>& view) {
  const auto is_name = [&](std::size_t i) { return i < view.size() && view[i].kind == SqlPiece::Kind::name; };
  std::set<std::pair<std::string, std::string>> tables;
  bool table_position = false;
  for (std::size_t i = 0; i < view.size(); ++i) {
    const bool qualified = is_name(i) && i + 1 < view.size() && view[i + 1].is_symbol('.') && is_name(i + 2);
    if (table_position && qualified) tables.emplace(view[i].value(), view[i + 2].value());
    table_position = view[i].is_word("FROM") || view[i].is_word("JOIN") || view[i].is_word("STRAIGHT_JOIN") ||
                     (table_position && view[i].is_symbol('('));
  }
  return tables;
}

// As servers show views: a blank where dump programs have several, or a comment's mark.
std::string squeezed(const std::vector<SqlPiece>& view) {
  std::string text;
  std::size_t end = 0;
  for (const SqlPiece& piece : view) {
    if (!text.empty() && piece.begin > end) text += ' ';
    text += piece.text;
    end = piece.end;
  }
  return text;
}

}  // namespace

Json planned_foreign_views(const std::vector<ForeignView>& views, const ServerLogin& site_login,
                           const std::string& database, const std::string& owner, const Cancellation& cancellation) {
  if (views.empty()) return nullptr;
  Json list = Json::array();
  DatabaseConnection connection(site_login, database, cancellation);
  for (const ForeignView& view : views) {
    SqlCursor cursor(view.create, {});
    std::vector<SqlPiece> pieces;
    while (const auto piece = cursor.next()) pieces.push_back(*piece);
    for (const auto& [schema, table] : tables_in(pieces)) {
      if (schema == database) continue;  // it comes with the exchange
      const std::string name = quoted_name(schema) + "." + quoted_name(table);
      const auto refused = connection.error_of("SELECT 1 FROM " + name + " LIMIT 0");
      if (!refused) continue;
      throw Error(ErrorKind::failed,
                  fmt::format("the view {} uses {}, which {} cannot read: {}", printable(view.name), printable(name),
                              printable(owner), *refused),
                  fmt::format("let it (GRANT SELECT ON {} TO ...) if the view is the site's own; or restore with "
                              "--target, take the view out of the dump, and load it by hand",
                              printable(name)));
    }
    SavedObject object;
    object.kind = ObjectKind::view;
    object.name = view.name;
    object.create = squeezed(pieces);
    object.character_set_client = view.character_set_client;
    object.collation_connection = view.collation_connection;
    object.only_live = true;
    list.push_back(json_of(object));
  }
  return list;
}

}  // namespace wobackup
