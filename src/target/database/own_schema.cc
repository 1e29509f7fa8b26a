#include "target/database/own_schema.h"

#include <optional>
#include <vector>

#include "target/database/sql_tokens.h"

namespace wobackup {
namespace {

using Token = SqlTokens::Token;

enum class Kind { other, table, view };

// Leaves the tokens behind the kind's word.
Kind kind_of(SqlTokens& tokens) {
  if (!tokens.take_word("create")) return Kind::other;
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_word("table")) return Kind::table;
    if (token->is_word("view")) return Kind::view;
    const bool other = token->is_word("trigger") || token->is_word("procedure") || token->is_word("function") ||
                       token->is_word("package") || token->is_word("event") || token->is_word("sequence");
    if (other || token->is_symbol('(')) return Kind::other;
  }
  return Kind::other;
}

bool takes_name(SqlTokens& tokens) {
  const std::optional<Token> token = tokens.next();
  return token && token->kind == SqlHead::Kind::name;
}

// What stands behind "schema.": a column's table, or a function.
bool is_qualified_twice(SqlTokens after) {
  return takes_name(after) && (after.take_symbol('.') || after.take_symbol('('));
}

bool precedes_table(const std::string& word) {
  return word == "from" || word == "join" || word == "straight_join" || word == "nextval" || word == "lastval";
}

}  // namespace

std::string without_schema(std::string_view create, std::string_view schema, const QuoteRules& quotes) {
  SqlTokens tokens(create, quotes);
  if (create.find(schema) == std::string_view::npos || kind_of(tokens) == Kind::other) return std::string(create);
  std::string out;
  std::size_t copied = 0;
  std::string word;  // the last token that is no parenthesis
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_symbol('(')) continue;
    SqlTokens after = tokens;
    const bool is_schema =
        token->kind == SqlHead::Kind::name && token->text == schema && word != "." && after.take_symbol('.');
    if (is_schema && (precedes_table(word) || is_qualified_twice(after))) {
      out += create.substr(copied, token->begin - copied);
      const std::optional<Token> name = after.peek();
      copied = name ? name->begin : create.size();
      tokens = after;
      word.clear();
      continue;
    }
    word = token->kind == SqlHead::Kind::string || token->kind == SqlHead::Kind::name ? std::string() : token->text;
  }
  return out + std::string(create.substr(copied));
}

}  // namespace wobackup
