#include "target/database/set_policy.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wobackup {
namespace {

using Token = SqlTokens::Token;

constexpr std::array<std::string_view, 14> kVariables{"sql_mode",
                                                      "time_zone",
                                                      "character_set_client",
                                                      "character_set_results",
                                                      "character_set_connection",
                                                      "collation_connection",
                                                      "foreign_key_checks",
                                                      "unique_checks",
                                                      "sql_notes",
                                                      "note_verbosity",
                                                      "autocommit",
                                                      "sql_quote_show_create",
                                                      "system_versioning_insert_history",
                                                      "check_constraint_checks"};
constexpr std::array<std::string_view, 20> kPlain{
    "utf8",   "utf8mb3", "utf8mb4", "latin1", "latin2", "latin5", "latin7", "ascii", "binary",   "cp1250",
    "cp1251", "cp1256",  "cp1257",  "cp850",  "cp852",  "cp866",  "koi8r",  "koi8u", "macroman", "greek"};
// Modes that bring others with them; a server names those, too, when it is asked for a session's mode.
constexpr std::array<std::string_view, 7> kCombined{"ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL", "MYSQL40"};

template <class List>
bool is_one_of(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_character_variable(std::string_view name) {
  return name.starts_with("character_set_") || name == "collation_connection";
}

// A list of modes as servers write it; the quotes it brings.
std::optional<QuoteRules> quotes_of_mode(std::string_view mode) {
  QuoteRules quotes;
  bool combined = false;
  for (const std::string_view word : split(mode, ',')) {
    const bool plain = std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
    if (!plain) return std::nullopt;
    quotes.ansi_quotes = quotes.ansi_quotes || word == "ANSI_QUOTES";
    quotes.no_backslash_escapes = quotes.no_backslash_escapes || word == "NO_BACKSLASH_ESCAPES";
    combined = combined || is_one_of(kCombined, word);
  }
  if (combined && !quotes.ansi_quotes) return std::nullopt;
  return quotes;
}

bool is_zone(std::string_view text) {
  return text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return is_sql_word(c) || c == '+' || c == '-' || c == ':' || c == '/';
         });
}

// Reads one statement's assignments.
class SetReader {
 public:
  SetReader(SqlTokens tokens, QuoteRules& quotes) : tokens_(tokens), quotes_(quotes) {}

  SetVerdict read() {
    do {
      if (!assignment()) return SetVerdict::refused;
    } while (tokens_.take_symbol(','));
    if (!tokens_.at_end()) return SetVerdict::refused;
    return skipped_ ? SetVerdict::skipped : SetVerdict::allowed;
  }

 private:
  bool assignment() {
    if (tokens_.take_symbol('@')) return tokens_.take_symbol('@') ? session_variable() : user_variable();
    if (tokens_.take_word("names")) return names();
    if (tokens_.take_word("character")) return tokens_.take_word("set") && names();
    return session_variable();
  }

  // [SESSION.]name, or SESSION name
  std::optional<std::string> variable_name() {
    if (tokens_.take_word("session") || tokens_.take_word("local")) tokens_.take_symbol('.');
    const std::optional<Token> name = tokens_.next();
    if (!name || name->kind != SqlHead::Kind::word || !is_one_of(kVariables, name->text)) return std::nullopt;
    return name->text;
  }

  bool equals() {
    tokens_.take_symbol(':');
    return tokens_.take_symbol('=');
  }

  bool names() {
    const std::optional<Token> name = tokens_.next();
    if (!name || !is_plain_character_set(name->text)) return false;
    if (!tokens_.take_word("collate")) return true;
    const std::optional<Token> collation = tokens_.next();
    return collation && is_plain_character_set(collation->text);
  }

  bool is_kept_name(const std::optional<Token>& name) const {
    if (!name || name->kind == SqlHead::Kind::symbol) return false;
    const std::string text = lower_ascii(name->text);
    return text.starts_with("saved_") || text.starts_with("save_") || text.starts_with("old_");
  }

  // Keeps a session variable.
  bool user_variable() {
    if (!is_kept_name(tokens_.next()) || !equals()) return false;
    if (!tokens_.take_symbol('@') || !tokens_.take_symbol('@')) return false;
    const std::optional<std::string> source = variable_name();
    const bool odd_quotes = quotes_.ansi_quotes || quotes_.no_backslash_escapes;
    return source && (*source != "sql_mode" || !odd_quotes);
  }

  bool session_variable() {
    const std::optional<std::string> name = variable_name();
    if (!name || !equals()) return false;
    skipped_ = skipped_ || *name == "autocommit";
    if (tokens_.take_symbol('@')) {
      if (tokens_.peek() && tokens_.peek()->is_symbol('@')) return false;
      if (*name == "sql_mode") quotes_ = {};
      return is_kept_name(tokens_.next());
    }
    const std::optional<Token> value = tokens_.next();
    return value && takes(*name, *value);
  }

  bool takes(const std::string& name, const Token& value) {
    const bool is_text = value.kind == SqlHead::Kind::string;
    if (name == "sql_mode") {
      const std::optional<QuoteRules> quotes = is_text ? quotes_of_mode(value.text) : std::nullopt;
      if (quotes) quotes_ = *quotes;
      return quotes.has_value();
    }
    if (name == "time_zone") return (is_text && is_zone(value.text)) || value.is_word("system");
    if (is_character_variable(name)) {
      if (value.is_word("null")) return name == "character_set_results";
      return value.kind != SqlHead::Kind::symbol && is_plain_character_set(value.text);
    }
    return value.is_word("on") || value.is_word("off") || value.is_word("default") ||
           (value.kind == SqlHead::Kind::word && value.text.size() == 1 && value.text[0] >= '0' &&
            value.text[0] <= '9');
  }

  SqlTokens tokens_;
  QuoteRules& quotes_;
  bool skipped_ = false;
};

}  // namespace

bool is_plain_character_set(std::string_view name) {
  const std::string lower = lower_ascii(name);
  return is_one_of(kPlain, std::string_view(lower).substr(0, lower.find('_')));
}

SetVerdict judge_set(SqlTokens tokens, QuoteRules& quotes) { return SetReader(tokens, quotes).read(); }

}  // namespace wobackup
