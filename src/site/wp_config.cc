#include "site/wp_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "site/php_tokens.h"

namespace wobackup {
namespace {

using Kind = PhpToken::Kind;

// With these in the file, what stands outside of braces may be conditional, too.
bool blurs_conditions(const PhpToken& token) {
  constexpr std::array<std::string_view, 6> kWords{"endif", "endwhile", "endfor", "endforeach", "endswitch", "goto"};
  return token.kind == Kind::name && std::find(kWords.begin(), kWords.end(), lower_ascii(token.value)) != kWords.end();
}

class Reader {
 public:
  explicit Reader(std::vector<PhpToken> tokens)
      : tokens_(std::move(tokens)), blurred_(std::any_of(tokens_.begin(), tokens_.end(), blurs_conditions)) {}

  PhpSettings run() {
    for (at_ = 0; at_ < tokens_.size(); ++at_) {
      const PhpToken& token = tokens_[at_];
      if (token.kind == Kind::name) {
        read_word(lower_ascii(token.value));
      } else if (token.kind == Kind::symbol) {
        count_brackets(token.value[0]);
      } else if (token.kind == Kind::variable && token.value == "$table_prefix" && is_symbol(at_ + 1, "=") &&
                 !is_symbol(at_ + 2, "=")) {
        settle("$table_prefix", value_from(at_ + 2, ";").value, false);
      }
    }
    return std::move(settings_);
  }

 private:
  // A literal, and the position of the symbol that ends it.
  struct Folded {
    PhpValue value;
    std::size_t end;
  };

  [[nodiscard]] bool is_symbol(std::size_t position, std::string_view text) const {
    return position < tokens_.size() && tokens_[position].kind == Kind::symbol && tokens_[position].value == text;
  }

  void count_brackets(char symbol) {
    if (symbol == '{') ++braces_;
    if (symbol == '}' && braces_ > 0) --braces_;
    if (symbol == '(') ++parentheses_;
    if (symbol == ')' && parentheses_ > 0) --parentheses_;
  }

  // Whether PHP comes to the statement that begins here whatever the conditions in the file: it is in no block, and no
  // `if (...)`, `else`, `defined(...) ||` stands before it.
  [[nodiscard]] bool is_unconditional() const {
    if (blurred_ || braces_ > 0 || parentheses_ > 0) return false;
    return at_ == 0 || is_symbol(at_ - 1, ";") || is_symbol(at_ - 1, "}");
  }

  void read_word(const std::string& word) {
    const bool member = follows("::") || follows("->");
    if ((word == "define" || word == "\\define") && !member && !follows_word("function") && !follows_word("new")) {
      read_define();
    } else if (word == "const" && braces_ == 0) {
      // Within braces it is a class's.
      read_const();
    }
  }

  // "::" and "->" arrive as two symbols; a single ':' ends `else:` or `case 'x':`.
  [[nodiscard]] bool follows(std::string_view two) const {
    return at_ >= 2 && is_symbol(at_ - 2, two.substr(0, 1)) && is_symbol(at_ - 1, two.substr(1, 1));
  }
  [[nodiscard]] bool follows_word(std::string_view word) const {
    return at_ >= 1 && tokens_[at_ - 1].kind == Kind::name && lower_ascii(tokens_[at_ - 1].value) == word;
  }

  void read_define() {
    if (!is_symbol(at_ + 1, "(")) return;
    const Folded name = value_from(at_ + 2, ",");
    if (name.value.text) settle(*name.value.text, value_from(name.end + 1, ",)").value, is_unconditional());
  }

  // const A = 'a', B = 'b';
  void read_const() {
    std::size_t position = at_ + 1;
    while (position < tokens_.size() && tokens_[position].kind == Kind::name && is_symbol(position + 1, "=")) {
      Folded folded = value_from(position + 2, ",;");
      settle(tokens_[position].value, std::move(folded.value), is_unconditional());
      const std::size_t end = end_of_expression(folded.end);
      if (!is_symbol(end, ",")) return;
      position = end + 1;
    }
  }

  // The comma or semicolon after an expression. Another `const` ends it, too: else many of them, never finished, would
  // each be followed to the end.
  [[nodiscard]] std::size_t end_of_expression(std::size_t position) const {
    std::size_t open = 0;  // brackets
    for (; position < tokens_.size(); ++position) {
      const PhpToken& token = tokens_[position];
      if (token.kind == Kind::name && lower_ascii(token.value) == "const") break;
      if (token.kind != Kind::symbol) continue;
      const char symbol = token.value[0];
      if (symbol == ';' || (symbol == ',' && open == 0)) break;
      if (symbol == '(' || symbol == '[') ++open;
      if ((symbol == ')' || symbol == ']') && open > 0) --open;
    }
    return position;
  }

  // 'a' . 'b' up to one of the closing symbols; anything else is computed.
  [[nodiscard]] Folded value_from(std::size_t position, std::string_view closing) const {
    Folded folded{{.text = std::nullopt,
                   .line = position < tokens_.size() ? tokens_[position].line : 0,
                   .why = "is computed by PHP"},
                  position};
    const std::size_t begin = position < tokens_.size() ? tokens_[position].begin : 0;
    std::string text;
    for (; position + 1 < tokens_.size() && tokens_[position].kind == Kind::text; position += 2) {
      text += tokens_[position].value;
      folded.end = position + 1;
      const PhpToken& after = tokens_[folded.end];
      if (after.kind != Kind::symbol) break;
      if (closing.find(after.value[0]) != std::string_view::npos) {
        folded.value = {.text = std::move(text), .line = folded.value.line, .places = {{begin, tokens_[position].end}}};
        break;
      }
      if (after.value != ".") break;
    }
    return folded;
  }

  // The first definition of a constant holds. If that one is conditional, only PHP can decide which one is the first.
  void settle(const std::string& name, PhpValue value, bool unconditional) {
    const auto [place, added] = settings_.try_emplace(name, value);
    if (added && unconditional) settled_.insert(name);
    if (added || settled_.contains(name)) return;
    if (place->second.text && place->second.text == value.text) {
      place->second.places.insert(place->second.places.end(), value.places.begin(), value.places.end());
      return;
    }
    const std::size_t first_line = place->second.line;
    place->second.text.reset();
    place->second.why = fmt::format("is defined differently in lines {} and {}", first_line, value.line);
  }

  std::vector<PhpToken> tokens_;
  std::size_t at_ = 0;
  std::size_t braces_ = 0;       // open ones
  std::size_t parentheses_ = 0;  // open ones
  bool blurred_;                 // there may be conditions without braces
  PhpSettings settings_;
  std::set<std::string, std::less<>> settled_;  // constants whose first definition is unconditional
};

// A single-quoted literal. In the end a backslash would take the quote with it.
std::string literal(const std::string& value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

PhpSettings wp_config_settings(std::string_view source) { return Reader(php_tokens(source)).run(); }

std::string with_wp_config_settings(std::string_view source, const std::map<std::string, std::string>& values) {
  std::map<std::size_t, std::pair<std::size_t, std::string>> changes;  // by place
  for (const auto& [name, setting] : wp_config_settings(source)) {
    const auto value = values.find(name);
    if (value == values.end() || !setting.text || *setting.text == value->second) continue;
    for (const auto& [begin, end] : setting.places) changes[begin] = {end, literal(value->second)};
  }
  std::string text;
  std::size_t at = 0;
  for (const auto& [begin, change] : changes) {
    text += source.substr(at, begin - at);
    text += change.second;
    at = change.first;
  }
  return text + std::string(source.substr(at));
}

}  // namespace wobackup
