#include "source/database/dump_sections.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "container/manifest.h"

namespace wobackup {
namespace {

// A word or a name of a statement's head.
struct Token {
  std::string text;
  bool quoted = false;
};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Words and names at a statement's beginning, without comment marks, strings and symbols (but '.').
class HeadTokens {
 public:
  explicit HeadTokens(std::string_view head) : head_(head) {}

  std::optional<Token> next() {
    while (at_ < head_.size()) {
      const char c = head_[at_];
      if (c == '`' || c == '"') return quoted(c);
      if (c == '\'') {
        quoted(c);
        continue;
      }
      if (head_.substr(at_).starts_with("/*")) {
        skip_comment_mark();
        continue;
      }
      if (is_word(c)) {
        Token token;
        while (at_ < head_.size() && is_word(head_[at_])) token.text += head_[at_++];
        return token;
      }
      ++at_;
      if (c == '.' || c == '@' || c == '(') return Token{std::string(1, c), false};
    }
    return std::nullopt;
  }

 private:
  Token quoted(char quote) {
    Token token{{}, true};
    for (++at_; at_ < head_.size(); ++at_) {
      if (head_[at_] == quote) {
        if (at_ + 1 >= head_.size() || head_[at_ + 1] != quote) break;
        ++at_;
      } else if (quote != '`' && head_[at_] == '\\') {
        ++at_;
        continue;
      }
      token.text += head_[at_];
    }
    ++at_;
    return token;
  }

  // "/*!50003" and "/*M!100100" are marks around statements; other comments are skipped whole.
  void skip_comment_mark() {
    at_ += 2;
    if (at_ < head_.size() && head_[at_] == 'M') ++at_;
    if (at_ < head_.size() && head_[at_] == '!') {
      ++at_;
      while (at_ < head_.size() && head_[at_] >= '0' && head_[at_] <= '9') ++at_;
      return;
    }
    const std::size_t end = head_.find("*/", at_);
    at_ = end == std::string_view::npos ? head_.size() : end + 2;
  }

  std::string_view head_;
  std::size_t at_ = 0;
};

// The object's name after its kind: "[IF [NOT] EXISTS] [`schema`.]`name`".
std::string object_name(HeadTokens& tokens) {
  std::optional<Token> token = tokens.next();
  while (token && !token->quoted) {
    const std::string word = lower_ascii(token->text);
    if (word != "if" && word != "not" && word != "exists" && word != "body") break;
    token = tokens.next();
  }
  if (!token) return {};
  std::string name = token->text;
  const std::optional<Token> dot = tokens.next();
  if (dot && !dot->quoted && dot->text == ".") {
    if (const std::optional<Token> second = tokens.next()) name = second->text;
  }
  return name;
}

std::uint64_t end_of(const ByteRange& range, const SqlStatement& statement) {
  return std::max(range.end, statement.end);
}

void describe_ranges(Json& database, const char* key, const DumpSections::Ranges& objects) {
  Json list = Json::array();
  for (const auto& [name, ranges] : objects) {
    Json object;
    put_text(object, "name", name);
    object["ranges"] = Json::array();
    for (const ByteRange& range : ranges) object["ranges"].push_back({range.begin, range.end});
    list.push_back(std::move(object));
  }
  database[key] = std::move(list);
}

}  // namespace

void DumpSections::add(const SqlStatement& statement) {
  HeadTokens tokens(statement.head);
  const std::optional<Token> first = tokens.next();
  if (!first || first->quoted) return;
  const std::string verb = lower_ascii(first->text);
  const ByteRange range{statement.begin, statement.end};
  if (verb == "create") {
    static constexpr std::array<std::string_view, 8> kKinds{"table",     "view",    "trigger", "function",
                                                            "procedure", "package", "event",   "sequence"};
    while (const std::optional<Token> token = tokens.next()) {
      if (token->quoted) continue;  // a definer
      const std::string kind = lower_ascii(token->text);
      if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) continue;
      add_create(kind, object_name(tokens), statement);
      return;
    }
  } else if (verb == "drop") {
    const std::optional<Token> kind = tokens.next();
    if (kind && lower_ascii(kind->text) == "table") drops_[object_name(tokens)] = range;
  } else if (verb == "insert" || verb == "replace") {
    while (const std::optional<Token> token = tokens.next()) {
      const std::string word = lower_ascii(token->text);
      if (!token->quoted && (word == "into" || word == "ignore" || word == "delayed")) continue;
      const auto table = tables_.find(token->text);
      if (table == tables_.end()) return;
      TableSection& section = table->second;
      section.rows += statement.rows;
      if (section.data.end == 0) section.data.begin = statement.begin;
      section.data.end = end_of(section.data, statement);
      return;
    }
  } else if (verb == "lock") {
    tokens.next();
    open_table_ = object_name(tokens);
    const auto table = tables_.find(open_table_);
    if (table != tables_.end() && table->second.data.end == 0) table->second.data = range;
  } else if (verb == "unlock") {
    const auto table = tables_.find(open_table_);
    if (table != tables_.end()) table->second.data.end = end_of(table->second.data, statement);
    open_table_.clear();
  } else if (verb == "do" || verb == "select") {
    const std::optional<Token> function = tokens.next();
    if (!function || lower_ascii(function->text) != "setval") return;
    tokens.next();
    const auto sequence = sequences_.find(object_name(tokens));
    if (sequence != sequences_.end()) sequence->second.push_back(range);
  }
}

void DumpSections::add_create(const std::string& kind, const std::string& name, const SqlStatement& statement) {
  const ByteRange range{statement.begin, statement.end};
  if (kind == "table") {
    TableSection& table = tables_[name];
    const auto drop = drops_.find(name);
    table.schema = {drop == drops_.end() ? range.begin : drop->second.begin, range.end};
  } else if (kind == "view") {
    // Older dump programs put a table in a view's place first.
    const auto stand_in = tables_.find(name);
    if (stand_in != tables_.end()) {
      views_[name].push_back(stand_in->second.schema);
      tables_.erase(stand_in);
    }
    views_[name].push_back(range);
  } else if (kind == "trigger") {
    triggers_[name].push_back(range);
  } else if (kind == "event") {
    events_[name].push_back(range);
  } else if (kind == "sequence") {
    sequences_[name].push_back(range);
  } else {
    routines_[kind + " " + name].push_back(range);
  }
  drops_.erase(name);
}

void DumpSections::describe(Json& database) const {
  Json tables = Json::array();
  for (const auto& [name, section] : tables_) {
    Json table;
    put_text(table, "name", name);
    table["rows"] = section.rows;
    table["schema"] = {section.schema.begin, section.schema.end};
    table["data"] = {section.data.begin, section.data.end};
    tables.push_back(std::move(table));
  }
  database["tables"] = std::move(tables);
  describe_ranges(database, "views", views_);
  describe_ranges(database, "triggers", triggers_);
  describe_ranges(database, "routines", routines_);
  describe_ranges(database, "events", events_);
  describe_ranges(database, "sequences", sequences_);
}

}  // namespace wobackup
