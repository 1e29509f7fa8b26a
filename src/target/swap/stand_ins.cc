#include "target/swap/stand_ins.h"

#include <algorithm>

#include "base/text.h"
#include "database/view_tables.h"
#include "target/swap/schema_reader.h"

namespace wobackup {
namespace {

// More than views use; a server's own limit is above it.
constexpr std::size_t kMostColumns = 500;

struct Names {
  std::set<std::string> tables, columns;
};

// The server writes a view's columns with their tables before them.
void collect(const std::string& view, const std::string& schema, Names& names) {
  const std::vector<SqlPiece> all = sql_pieces(view);
  for (const TableName& table : tables_of_view(all)) {
    if (table.schema.empty() || table.schema == schema) names.tables.insert(table.name);
  }
  const auto is_dot = [&](std::size_t i) { return i < all.size() && all[i].is_symbol('.'); };
  for (std::size_t i = 1; i < all.size(); ++i) {
    const bool is_column = all[i].kind == SqlPiece::Kind::name && is_dot(i - 1) && !is_dot(i + 1);
    if (is_column) names.columns.insert(lower_ascii(all[i].value()));
  }
}

bool has_broken_view(const SavedSchema& content) {
  return std::any_of(content.objects.begin(), content.objects.end(), [](const auto& object) { return object.broken; });
}

}  // namespace

StandIns::StandIns(DatabaseConnection& connection, const SwapPlan& plan, const std::string& schema)
    : connection_(connection),
      schema_(schema),
      mark_("wobackup stand-in " + plan.safety),
      needed_(has_broken_view(plan.old_content) || has_broken_view(plan.new_content)) {}

void StandIns::make(const std::vector<std::string>& views, const std::set<std::string>& expected) {
  Names wanted;
  for (const std::string& view : views) collect(view, schema_, wanted);
  const SchemaNames there = read_names(connection_, schema_);
  std::string columns;
  std::size_t count = 0;
  for (const std::string& column : wanted.columns) {
    if (++count > kMostColumns) break;
    columns += (columns.empty() ? "" : ", ") + quoted_name(column) + " LONGTEXT CHARACTER SET utf8mb4";
  }
  if (columns.empty()) columns = "wobackup INT";
  for (const std::string& table : wanted.tables) {
    if (there.tables.contains(table) || there.views.contains(table) || expected.contains(table)) continue;
    static_cast<void>(connection_.error_of("CREATE TABLE " + quoted_name(schema_) + "." + quoted_name(table) + " (" +
                                           columns + ") COMMENT = " + quoted_text(mark_)));
  }
}

void StandIns::drop() {
  if (!needed_) return;
  const std::vector<SqlRow> rows =
      connection_.rows("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + quoted_text(schema_) +
                       " AND TABLE_COMMENT = " + quoted_text(mark_));
  for (const SqlRow& row : rows) {
    if (row.empty() || !row[0]) continue;
    connection_.execute("DROP TABLE IF EXISTS " + quoted_name(schema_) + "." + quoted_name(*row[0]));
  }
}

}  // namespace wobackup
