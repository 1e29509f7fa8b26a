#include "database/single_value.h"

#include <charconv>

namespace wobackup {

std::string first_value(DatabaseConnection& connection, const std::string& sql) {
  const std::vector<SqlRow> rows = connection.rows(sql);
  if (rows.empty() || rows[0].empty() || !rows[0][0]) return {};
  return *rows[0][0];
}

std::uint64_t first_number(DatabaseConnection& connection, const std::string& sql) {
  const std::string text = first_value(connection, sql);
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace wobackup
