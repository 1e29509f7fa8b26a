#include "target/database/statement_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "target/database/create_policy.h"
#include "target/database/own_schema.h"
#include "target/database/row_values.h"
#include "target/database/set_policy.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using Token = SqlTokens::Token;

constexpr std::size_t kShownBytes = 60;

bool begins_with_rows(std::string_view statement) {
  const std::string verb = lower_ascii(statement.substr(0, 7));
  return verb.starts_with("insert") || verb == "replace";
}

// DROP TABLE IF EXISTS one;
bool is_harmless_drop(SqlTokens tokens, std::string& object) {
  static constexpr std::array<std::string_view, 8> kKinds{"table",     "view",    "trigger", "function",
                                                          "procedure", "package", "event",   "sequence"};
  const std::optional<Token> kind = tokens.next();
  if (!kind || std::find(kKinds.begin(), kKinds.end(), kind->text) == kKinds.end()) return false;
  if (kind->is_word("package")) tokens.take_word("body");
  if (!tokens.take_word("if") || !tokens.take_word("exists")) return false;
  const std::optional<std::string> name = tokens.take_name();
  object = name.value_or("");
  return name && tokens.at_end();
}

// ALTER TABLE one DISABLE KEYS
bool is_keys(SqlTokens tokens, std::string& object) {
  const std::optional<std::string> name = tokens.take_name();
  object = name.value_or("");
  return name && (tokens.take_word("disable") || tokens.take_word("enable")) && tokens.take_word("keys") &&
         tokens.at_end();
}

// SETVAL(`seq`, 5, 0)
bool is_set_value(SqlTokens tokens, std::string& object) {
  if (!tokens.take_word("setval") || !tokens.take_symbol('(')) return false;
  const std::optional<std::string> name = tokens.take_name();
  object = name.value_or("");
  if (!name) return false;
  while (tokens.take_symbol(',')) {
    tokens.take_symbol('-');
    const std::optional<Token> number = tokens.next();
    if (!number || number->text.find_first_not_of("0123456789") != std::string::npos) return false;
  }
  return tokens.take_symbol(')') && tokens.at_end();
}

// TABLES one WRITE, ... It is not executed.
bool is_lock(SqlTokens tokens) {
  if (!tokens.take_word("tables")) return false;
  do {
    if (!tokens.take_name()) return false;
    while (tokens.peek() && tokens.peek()->kind == SqlHead::Kind::word) static_cast<void>(tokens.next());
  } while (tokens.take_symbol(','));
  return tokens.at_end();
}

// ALTER or CREATE DATABASE of the dump's own name, with nothing but character set and collation. It is not executed.
bool is_own_database(SqlTokens tokens, const std::string& own_name, bool any_name) {
  if (tokens.take_word("if") && (!tokens.take_word("not") || !tokens.take_word("exists"))) return false;
  const std::optional<std::string> name = tokens.take_name();
  if (!name || (!any_name && *name != own_name)) return false;
  while (const std::optional<Token> token = tokens.next()) {
    if (token->is_symbol('=') || token->kind == SqlHead::Kind::string || token->is_word("default") ||
        token->is_word("character") || token->is_word("set") || token->is_word("charset") ||
        token->is_word("collate") || token->is_word("encryption") || is_plain_character_set(token->text)) {
      continue;
    }
    return false;
  }
  return true;
}

}  // namespace

std::string beginning_of(std::string_view statement) {
  const bool cut = statement.size() > kShownBytes;
  return printable(statement.substr(0, kShownBytes)) + (cut ? "..." : "");
}

StatementPolicy::StatementPolicy(SqlDialect dialect, std::string own_name, std::string former_name)
    : dialect_(dialect), own_name_(std::move(own_name)), former_name_(std::move(former_name)) {}

JudgedStatement StatementPolicy::judge(std::string_view statement, std::uint64_t offset) {
  JudgedStatement judged;
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorKind::verification,
                 fmt::format("the dump holds a statement that {} (byte {}: {})", why, offset, beginning_of(statement)),
                 "a dump of a website has no such statement: look at it before anything of it is used");
  };
  if (begins_with_rows(statement)) {
    std::optional<RowValues> values = read_row_values(statement, dialect_.quotes);
    if (!values) throw refuse("fills a table with something else than values");
    judged.kind = StatementKind::rows;
    judged.as_it_is = statement;
    judged.object = std::move(values->table);
    judged.rows = values->rows;
    return judged;
  }
  if (statement.size() > kLongestText) throw refuse("is too long");
  std::optional<std::string> text = as_the_server_reads(statement, dialect_);
  if (!text) throw refuse("is not complete, or a command for a client");
  judged.as_server_reads = *std::move(text);
  for (const std::string& name : {own_name_, former_name_}) {
    if (!name.empty()) judged.as_server_reads = without_schema(judged.as_server_reads, name, dialect_.quotes);
  }
  if (!judge_tokens(judged)) throw refuse("may not be in one");
  return judged;
}

bool StatementPolicy::judge_tokens(JudgedStatement& judged) {
  SqlTokens tokens(judged.as_server_reads, dialect_.quotes);
  const std::optional<Token> verb = tokens.next();
  if (!verb) return true;
  const auto is = [&judged](StatementKind kind, bool allowed = true) {
    judged.kind = kind;
    return allowed;
  };
  if (verb->is_word("set")) {
    const SetVerdict verdict = judge_set(tokens, dialect_.quotes);
    return is(verdict == SetVerdict::skipped ? StatementKind::skipped : StatementKind::set,
              verdict != SetVerdict::refused);
  }
  if (verb->is_word("create")) {
    if (tokens.take_word("database") || tokens.take_word("schema")) {
      return is(StatementKind::skipped, is_own_database(tokens, own_name_, false));
    }
    std::optional<CreateVerdict> verdict = judge_create(tokens);
    if (verdict) judged.object = std::move(verdict->object);
    return is(verdict ? verdict->kind : StatementKind::nothing, verdict.has_value());
  }
  if (verb->is_word("alter")) {
    if (tokens.take_word("table")) return is(StatementKind::keys, is_keys(tokens, judged.object));
    return is(StatementKind::skipped,
              tokens.take_word("database") && is_own_database(tokens, own_name_, own_name_.empty()));
  }
  if (verb->is_word("drop")) return is(StatementKind::drop, is_harmless_drop(tokens, judged.object));
  if (verb->is_word("select") || verb->is_word("do")) {
    return is(StatementKind::set_value, is_set_value(tokens, judged.object));
  }
  if (verb->is_word("lock")) return is(StatementKind::skipped, is_lock(tokens));
  if (verb->is_word("unlock")) return is(StatementKind::skipped, tokens.take_word("tables") && tokens.at_end());
  if (verb->is_word("commit")) return is(StatementKind::skipped, tokens.at_end());
  if (verb->is_word("use")) {
    return is(StatementKind::skipped, !own_name_.empty() && tokens.take_name() == own_name_ && tokens.at_end());
  }
  return false;
}

}  // namespace wobackup
