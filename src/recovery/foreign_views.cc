#include "recovery/foreign_views.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/text.h"
#include "database/view_tables.h"
#include "target/swap/saved_schema.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

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
    const std::vector<SqlPiece> pieces = sql_pieces(view.create);
    std::set<std::pair<std::string, std::string>> elsewhere;
    for (const auto& [schema, table] : tables_of_view(pieces)) {
      // What is the site's own comes with the exchange.
      if (!schema.empty() && schema != database) elsewhere.emplace(schema, table);
    }
    for (const auto& [schema, table] : elsewhere) {
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
