#include "target/database/program_text.h"

namespace wobackup {

using Token = SqlTokens::Token;

std::string without_definer(std::string_view create, const QuoteRules& quotes) {
  SqlTokens tokens(create, quotes);
  while (const std::optional<Token> token = tokens.next()) {
    const bool is_kind = token->is_word("view") || token->is_word("trigger") || token->is_word("procedure") ||
                         token->is_word("function") || token->is_word("package") || token->is_word("event");
    if (is_kind) break;
    if (!token->is_word("definer") || !tokens.take_symbol('=')) continue;
    std::optional<Token> last = tokens.next();
    if (tokens.take_symbol('@')) last = tokens.next();
    if (tokens.take_symbol('(')) last = tokens.next();
    if (!last) break;
    return std::string(create.substr(0, token->begin)) + std::string(create.substr(last->end));
  }
  return std::string(create);
}

DisabledEvent as_disabled_event(std::string_view create, const QuoteRules& quotes) {
  SqlTokens tokens(create, quotes);
  bool in_schedule = false;
  int depth = 0;
  while (const std::optional<Token> token = tokens.next()) {
    in_schedule = in_schedule || token->is_word("schedule");
    if (token->is_symbol('(')) ++depth;
    if (token->is_symbol(')')) --depth;
    if (!in_schedule || depth > 0) continue;
    std::string text(create.substr(0, token->begin));
    text += "DISABLE ";
    if (token->is_word("enable")) return {text + std::string(create.substr(token->end))};
    if (token->is_word("disable")) {
      if (!tokens.take_word("on")) return {text + std::string(create.substr(token->end)), "DISABLED"};
      const std::size_t end = tokens.next().value_or(*token).end;  // SLAVE or REPLICA
      return {text + std::string(create.substr(end)), "SLAVESIDE_DISABLED"};
    }
    if (token->is_word("comment") || token->is_word("do")) {
      return {text + std::string(create.substr(token->begin))};
    }
  }
  return {std::string(create)};
}

}  // namespace wobackup
