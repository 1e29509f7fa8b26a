#include "inspect/definition_tokens.h"

#include <fmt/format.h>

#include <string>

#include "database/sql_cursor.h"
#include "database/sql_scanner.h"

namespace wobackup {

void DefinitionTokens::add(std::string_view create, const QuoteRules& quotes) {
  SqlCursor cursor(create, quotes);
  std::optional<SqlPiece> piece = cursor.next();
  while (piece) {
    std::optional<SqlPiece> next = cursor.next();
    if (piece->is_word("AUTO_INCREMENT") && next && next->is_symbol('=')) {
      static_cast<void>(cursor.next());
      piece = cursor.next();
      continue;
    }
    hash_.update(bytes_of(fmt::format("{}:", piece->text.size())));
    hash_.update(bytes_of(piece->text));
    piece = next;
  }
}

void DefinitionTokens::add_section(std::string_view sql) {
  QuoteRules quotes;
  SqlScanner scanner([&](const SqlStatement& statement) {
    if (statement.is_delimiter_line) return;
    const std::string_view text = sql.substr(statement.begin, statement.text_end - statement.begin);
    if (const auto set = quote_rules_set_by(statement.head)) quotes = *set;
    SqlCursor cursor(text, quotes);
    const std::optional<SqlPiece> verb = cursor.next();
    if (verb && verb->is_word("CREATE")) add(text, quotes);
  });
  scanner.feed(bytes_of(sql));
  scanner.finish();
}

}  // namespace wobackup
