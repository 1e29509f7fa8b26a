#include "target/swap/object_text.h"

#include <fmt/format.h>

#include <vector>

#include "base/text.h"
#include "database/connection.h"
#include "database/event_status.h"
#include "database/sql_cursor.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

[[noreturn]] void not_understood(const SavedObject& object) {
  throw Error(ErrorKind::verification, fmt::format("the definition of {} {} cannot be taken apart",
                                                   lower_ascii(sql_word(object.kind)), printable(object.name)));
}

// One object's text, token by token.
class Text {
 public:
  explicit Text(const SavedObject& object)
      : object_(object),
        // Views are shown under our own mode, which has neither rule.
        cursor_(object.create, object.kind == ObjectKind::view ? QuoteRules{} : quote_rules_of(object.sql_mode)) {
    move();
  }

  [[nodiscard]] const std::optional<SqlPiece>& piece() const { return piece_; }
  void move() {
    if (piece_) behind_ = piece_->end;
    piece_ = cursor_.next();
  }
  bool take(std::string_view word) {
    if (!piece_ || !piece_->is_word(word)) return false;
    move();
    return true;
  }
  bool take_symbol(char symbol) {
    if (!piece_ || !piece_->is_symbol(symbol)) return false;
    move();
    return true;
  }
  void must(std::string_view word) {
    if (!take(word)) not_understood(object_);
  }
  SqlPiece any() {
    if (!piece_) not_understood(object_);
    const SqlPiece taken = *piece_;
    move();
    return taken;
  }
  // a or a.b: its last part as written.
  std::string_view last_name() {
    SqlPiece name = any();
    while (take_symbol('.')) name = any();
    return name.text;
  }
  void skip_to(std::string_view word) {
    while (piece_ && !piece_->is_word(word)) move();
    if (!piece_) not_understood(object_);
  }
  // Behind the last token that was taken.
  [[nodiscard]] std::size_t behind() const { return behind_; }
  // From the token at hand.
  [[nodiscard]] std::size_t at() const { return piece_ ? piece_->begin : object_.create.size(); }
  [[nodiscard]] std::string slice(std::size_t begin, std::size_t end) const {
    return object_.create.substr(begin, end - begin);
  }
  [[nodiscard]] std::string rest(std::size_t begin) const { return object_.create.substr(begin); }

 private:
  const SavedObject& object_;
  SqlCursor cursor_;
  std::optional<SqlPiece> piece_;
  std::size_t behind_ = 0;
};

struct Head {
  std::string algorithm;  // of a view: "ALGORITHM=MERGE "
  std::optional<Account> definer;
};

// CREATE [OR REPLACE] [ALGORITHM=x] [DEFINER=a@b]
Head take_head(Text& text) {
  Head head;
  text.must("CREATE");
  if (text.take("OR")) text.must("REPLACE");
  if (text.take("ALGORITHM")) {
    text.take_symbol('=');
    head.algorithm = "ALGORITHM=" + std::string(text.any().text) + " ";
  }
  if (text.take("DEFINER")) {
    text.take_symbol('=');
    head.definer = Account{text.any().value(), {}};
    if (text.take_symbol('@')) head.definer->host = text.any().value();
  }
  return head;
}

std::string definer_clause(const SavedObject& object, const Head& head, const Placement& placement) {
  // Without a clause it would belong to us, who may read everything.
  if (object.only_live && !placement.definer) not_understood(object);
  const bool replaced = object.only_live || (placement.definer && head.definer);
  const std::optional<Account>& definer = replaced ? placement.definer : head.definer;
  if (!definer) return {};
  // A role has no host.
  const std::string host = definer->host.empty() ? std::string() : "@" + quoted_name(definer->host);
  return "DEFINER=" + quoted_name(definer->user) + host + " ";
}

// TRIGGER [IF NOT EXISTS] [db.]name time event ON [db.]table FOR EACH ROW [FOLLOWS other] body. The order among the
// triggers of a table comes from the order in which they are made.
std::string trigger_text(Text& text) {
  text.must("TRIGGER");
  if (text.take("IF")) {
    text.must("NOT");
    text.must("EXISTS");
  }
  const std::string name(text.last_name());
  const std::size_t when = text.at();
  text.skip_to("ON");
  const std::string time = text.slice(when, text.at());
  text.must("ON");
  const std::string table(text.last_name());
  text.must("FOR");
  text.must("EACH");
  text.must("ROW");
  if (text.take("FOLLOWS") || text.take("PRECEDES")) text.last_name();
  return fmt::format("TRIGGER {} {}ON {} FOR EACH ROW{}", name, time, table, text.rest(text.behind()));
}

// EVENT name ON SCHEDULE ... ON COMPLETION [NOT] PRESERVE status ...
std::string event_text(Text& text, const std::string& status) {
  const std::size_t begin = text.at();
  text.must("EVENT");
  text.last_name();
  do {
    text.skip_to("ON");
    text.must("ON");
  } while (!text.take("COMPLETION"));
  text.take("NOT");
  text.must("PRESERVE");
  const std::string schedule = text.slice(begin, text.behind());
  if (!text.take("ENABLE")) {
    text.must("DISABLE");
    if (text.take("ON")) text.any();
  }
  return fmt::format("{} {}{}", schedule, event_status_word(status), text.rest(text.behind()));
}

// [SQL SECURITY x] VIEW [db.]name AS ...
std::string view_text(Text& text, const Placement& placement) {
  const std::size_t begin = text.at();
  text.skip_to("VIEW");
  text.must("VIEW");
  const std::string before = text.slice(begin, text.behind());
  const std::string name(text.last_name());
  return before + " " + name + with_schema(text.rest(text.behind()), placement.from, placement.to);
}

bool opens_tables(const SqlPiece& piece) {
  for (const std::string_view word : {"FROM", "JOIN", "STRAIGHT_JOIN", "NEXTVAL", "LASTVAL", "SETVAL"}) {
    if (piece.is_word(word)) return true;
  }
  return false;
}

}  // namespace

std::string with_schema(std::string_view text, std::string_view from, std::string_view to) {
  SqlCursor cursor(text, {});
  std::vector<SqlPiece> all;
  while (const auto piece = cursor.next()) all.push_back(*piece);
  const auto dot = [&](std::size_t i) { return i < all.size() && all[i].is_symbol('.'); };
  std::string out;
  std::size_t copied = 0;
  bool table_position = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool chain_begins = all[i].kind == SqlPiece::Kind::name && (i == 0 || !dot(i - 1)) && dot(i + 1);
    if (chain_begins && all[i].value() == from) {
      const bool three = dot(i + 3);
      const bool function = i + 3 < all.size() && all[i + 3].is_symbol('(');
      if (three || function || table_position) {
        out += text.substr(copied, all[i].begin - copied);
        if (!to.empty()) out += quoted_name(to);
        copied = to.empty() ? all[i + 1].end : all[i].end;
      }
    }
    table_position = opens_tables(all[i]) || (table_position && all[i].is_symbol('('));
  }
  return out + std::string(text.substr(copied));
}

std::string create_statement(const SavedObject& object, const Placement& placement) {
  Text text(object);
  const Head head = take_head(text);
  std::string out = "CREATE ";
  const bool over = placement.or_replace && object.kind != ObjectKind::trigger && object.kind != ObjectKind::event;
  if (over) out += "OR REPLACE ";
  out += head.algorithm + definer_clause(object, head, placement);
  switch (object.kind) {
    case ObjectKind::trigger:
      return out + trigger_text(text);
    case ObjectKind::event:
      return out + event_text(text, placement.events_disabled ? "DISABLED" : object.status);
    case ObjectKind::view:
      return out + view_text(text, placement);
    default:
      return out + text.rest(text.at());
  }
}

std::string comparable_statement(const SavedObject& object, const Placement& placement) {
  const std::string text = create_statement(object, placement);
  return object.kind == ObjectKind::view ? with_schema(text, placement.to, {}) : text;
}

bool body_names(const SavedObject& object, std::string_view schema) {
  if (object.kind == ObjectKind::view) return false;
  SqlCursor cursor(object.create, quote_rules_of(object.sql_mode));
  std::optional<SqlPiece> last;
  while (const auto piece = cursor.next()) {
    if (piece->is_symbol('.') && last && lower_ascii(last->value()) == lower_ascii(schema)) return true;
    last = piece;
  }
  return false;
}

}  // namespace wobackup
