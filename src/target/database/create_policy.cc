#include "target/database/create_policy.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace wobackup {
namespace {

using Token = SqlTokens::Token;

// Those that keep their tables in this database and nowhere else.
constexpr std::array<std::string_view, 14> kEngines{"innodb",     "myisam", "aria",      "memory",     "heap",
                                                    "archive",    "csv",    "blackhole", "rocksdb",    "tokudb",
                                                    "mrg_myisam", "merge",  "mroonga",   "columnstore"};

bool is_known_engine(const Token& token) {
  const std::string name = lower_ascii(token.text);
  return token.kind != SqlHead::Kind::symbol && std::find(kEngines.begin(), kEngines.end(), name) != kEngines.end();
}

bool is_name(const Token& token) {
  return token.kind == SqlHead::Kind::name ||
         (token.kind == SqlHead::Kind::word && (token.text[0] < '0' || token.text[0] > '9'));
}

// ENGINE [=] one that is known.
bool takes_engine(SqlTokens& tokens) {
  tokens.take_symbol('=');
  const std::optional<Token> engine = tokens.next();
  return engine && is_known_engine(*engine);
}

// What follows a table's name: columns, options, partitions. Nothing of it may lead out of the database, and the rows
// come from nowhere else.
bool is_harmless_table(SqlTokens tokens) {
  if (!tokens.peek() || !tokens.peek()->is_symbol('(')) return false;
  int depth = 0;
  bool in_columns = true;
  std::optional<Token> last;
  while (std::optional<Token> token = tokens.next()) {
    if (token->is_symbol('(')) {
      ++depth;
    } else if (token->is_symbol(')')) {
      if (--depth == 0) in_columns = false;
      if (depth < 0) return false;
    } else if (token->is_symbol('.')) {
      if (last && is_name(*last)) return false;  // another schema's, or a foreign key's, name
    } else if (token->kind == SqlHead::Kind::word) {
      if (token->is_word("select") || token->is_word("soname")) return false;
      if (token->is_word("directory") && last && (last->is_word("data") || last->is_word("index"))) return false;
      if (!in_columns && (token->is_word("engine") || token->is_word("type")) && !takes_engine(tokens)) return false;
      if (!in_columns && (token->is_word("connection") || token->is_word("tablespace"))) return false;
      const bool takes_rows = token->is_word("table") || token->is_word("as") || token->is_word("values") ||
                              token->is_word("like") || token->is_word("replace") || token->is_word("ignore");
      if (!in_columns && depth == 0 && takes_rows) return false;
    }
    last = std::move(token);
  }
  return depth == 0 && !in_columns;
}

// START WITH 1 ... ENGINE=InnoDB
bool is_harmless_sequence(SqlTokens tokens) {
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_word("engine")) {
      if (!takes_engine(tokens)) return false;
      continue;
    }
    const bool plain = token->kind == SqlHead::Kind::word || token->is_symbol('-') || token->is_symbol('=');
    if (!plain || token->is_word("select") || token->is_word("comment")) return false;
  }
  return true;
}

// A library's function is no function of a dump.
bool is_harmless_routine(SqlTokens tokens) {
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_word("soname")) return false;
  }
  return true;
}

bool skip_user(SqlTokens& tokens) {
  if (!tokens.take_symbol('=')) return false;
  const std::optional<Token> user = tokens.next();
  if (!user || user->kind == SqlHead::Kind::symbol) return false;
  if (tokens.take_symbol('@')) {
    const std::optional<Token> host = tokens.next();
    return host && host->kind != SqlHead::Kind::symbol;
  }
  if (tokens.take_symbol('(')) return tokens.take_symbol(')');
  return true;
}

// OR REPLACE, ALGORITHM=..., DEFINER=..., SQL SECURITY ..., AGGREGATE
bool skip_attributes(SqlTokens& tokens) {
  if (tokens.take_word("or") && !tokens.take_word("replace")) return false;
  if (tokens.take_word("algorithm") && (!tokens.take_symbol('=') || !tokens.next())) return false;
  if (tokens.take_word("definer") && !skip_user(tokens)) return false;
  if (tokens.take_word("sql") && (!tokens.take_word("security") || !tokens.next())) return false;
  tokens.take_word("aggregate");
  return true;
}

// BEFORE INSERT ON table
bool is_harmless_trigger(SqlTokens tokens) {
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_word("on")) return tokens.take_name().has_value();
  }
  return false;
}

std::optional<StatementKind> kind_of(const std::string& word) {
  if (word == "table") return StatementKind::create_table;
  if (word == "view") return StatementKind::create_view;
  if (word == "trigger") return StatementKind::create_trigger;
  if (word == "event") return StatementKind::create_event;
  if (word == "sequence") return StatementKind::create_sequence;
  if (word == "procedure" || word == "function" || word == "package") return StatementKind::create_routine;
  return std::nullopt;
}

}  // namespace

std::optional<CreateVerdict> judge_create(SqlTokens tokens) {
  if (!skip_attributes(tokens)) return std::nullopt;
  const std::optional<Token> word = tokens.next();
  const std::optional<StatementKind> kind =
      word && word->kind == SqlHead::Kind::word ? kind_of(word->text) : std::nullopt;
  if (!kind) return std::nullopt;
  if (word->is_word("package")) tokens.take_word("body");
  if (tokens.take_word("if") && (!tokens.take_word("not") || !tokens.take_word("exists"))) return std::nullopt;
  const std::optional<std::string> name = tokens.take_name();
  if (!name || name->empty()) return std::nullopt;
  const bool harmless = *kind == StatementKind::create_table      ? is_harmless_table(tokens)
                        : *kind == StatementKind::create_sequence ? is_harmless_sequence(tokens)
                        : *kind == StatementKind::create_trigger  ? is_harmless_trigger(tokens)
                        : *kind == StatementKind::create_routine  ? is_harmless_routine(tokens)
                                                                  : true;
  if (!harmless) return std::nullopt;
  const bool is_routine = *kind == StatementKind::create_routine;
  return CreateVerdict{*kind, is_routine ? word->text + " " + *name : *name};
}

}  // namespace wobackup
