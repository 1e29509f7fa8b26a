#include "target/database/table_indexes.h"

#include <optional>
#include <vector>

#include "base/text.h"

namespace wobackup {
namespace {

using Token = SqlTokens::Token;

// A line between the parentheses: a column, an index, a constraint.
struct Line {
  std::string_view text;
  std::string first_word;
  std::string column;      // of a column: its name; of a key: the first one in it
  bool counts_up = false;  // AUTO_INCREMENT
  bool is_key = false;     // PRIMARY or UNIQUE
  bool is_deferrable = false;
};

struct Definition {
  std::string_view name;  // as written
  std::size_t begin = 0;  // behind the first parenthesis
  std::size_t end = 0;    // before its closing one
  std::vector<Line> lines;
  bool is_simple = true;
};

bool needs_whole_table(const Token& token) {
  return token.is_word("foreign") || token.is_word("references") || token.is_word("generated") || token.is_word("as") ||
         token.is_word("virtual") || token.is_word("system") || token.is_word("period") || token.is_word("without");
}

// Reads one line up to the comma or parenthesis that ends it, which is left.
Line read_line(SqlTokens& tokens, std::string_view create, bool& is_simple) {
  Line line;
  std::size_t begin = 0, end = 0;
  int depth = 0;
  for (bool first = true;; first = false) {
    const std::optional<Token> token = tokens.peek();
    if (!token || (depth == 0 && (token->is_symbol(',') || token->is_symbol(')')))) break;
    static_cast<void>(tokens.next());
    end = token->end;
    if (first) {
      begin = token->begin;
      if (token->kind == SqlHead::Kind::word) line.first_word = token->text;
      if (token->kind == SqlHead::Kind::name) line.column = token->text;
    }
    if (token->is_symbol('(') && ++depth == 1 && !line.first_word.empty() && line.column.empty()) {
      const std::optional<Token> column = tokens.peek();
      if (column) line.column = column->text;
    }
    if (token->is_symbol(')')) --depth;
    line.counts_up = line.counts_up || token->is_word("auto_increment");
    is_simple = is_simple && !needs_whole_table(*token);
  }
  line.text = create.substr(begin, end - begin);
  line.is_key = line.first_word == "primary" || line.first_word == "unique";
  line.is_deferrable = line.first_word == "key" || line.first_word == "index" || line.first_word == "fulltext" ||
                       line.first_word == "spatial";
  return line;
}

std::optional<Definition> read_definition(std::string_view create, const QuoteRules& quotes) {
  Definition definition;
  SqlTokens tokens(create, quotes);
  if (!tokens.take_word("create") || !tokens.take_word("table")) return std::nullopt;
  const std::optional<Token> name = tokens.next();
  const std::optional<Token> open = tokens.next();
  if (!name || name->kind != SqlHead::Kind::name || !open || !open->is_symbol('(')) return std::nullopt;
  definition.name = create.substr(name->begin, name->end - name->begin);
  definition.begin = open->end;
  do {
    definition.lines.push_back(read_line(tokens, create, definition.is_simple));
  } while (tokens.take_symbol(','));
  const std::optional<Token> close = tokens.next();
  if (!close || !close->is_symbol(')')) return std::nullopt;
  definition.end = close->begin;
  bool is_innodb = false;
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_word("partition") || token->is_word("versioning")) return std::nullopt;
    if (!token->is_word("engine")) continue;
    tokens.take_symbol('=');
    const std::optional<Token> engine = tokens.next();
    is_innodb = engine && lower_ascii(engine->text) == "innodb";
  }
  if (!is_innodb || !definition.is_simple) return std::nullopt;
  return definition;
}

// Whether what stays has a key for the column that counts up.
bool counter_has_key(const std::vector<Line>& lines) {
  for (const Line& counter : lines) {
    if (!counter.counts_up) continue;
    bool found = false;
    for (const Line& key : lines) found = found || (key.is_key && key.column == counter.column);
    if (!found) return false;
  }
  return true;
}

}  // namespace

TableInTwoParts split_table(std::string_view create, const QuoteRules& quotes) {
  TableInTwoParts whole{std::string(create), {}};
  const std::optional<Definition> definition = read_definition(create, quotes);
  if (!definition || !counter_has_key(definition->lines)) return whole;
  std::string kept, indexes;
  int full_texts = 0;
  for (const Line& line : definition->lines) {
    full_texts += line.first_word == "fulltext" ? 1 : 0;
    std::string& to = line.is_deferrable ? indexes : kept;
    if (!to.empty()) to += ",\n";
    to += (line.is_deferrable ? "ADD " : "  ") + std::string(line.text);
  }
  if (indexes.empty() || kept.empty() || full_texts > 1) return whole;
  return {std::string(create.substr(0, definition->begin)) + "\n" + kept + "\n" +
              std::string(create.substr(definition->end)),
          "ALTER TABLE " + std::string(definition->name) + "\n" + indexes};
}

}  // namespace wobackup
