#include "age/age_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "age/age_base64.h"
#include "age/file_key.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::string_view kVersionLine = "age-encryption.org/v1";
constexpr std::string_view kAnyVersion = "age-encryption.org/";
constexpr std::string_view kArmor = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kStanzaMark = "-> ";
constexpr std::string_view kEndMark = "---";
constexpr std::size_t kColumns = 64;
constexpr std::size_t kFirstPiece = 4096;

bool is_visible(char c) { return c >= 33 && c <= 126; }

// Takes the header apart line by line.
class HeaderText {
 public:
  explicit HeaderText(std::string_view text) : text_(text) {}

  std::string_view line() {
    const std::size_t end = text_.find('\n', at_);
    if (end == std::string_view::npos) age_header_wrong("it is cut off");
    const std::string_view line = text_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }
  [[nodiscard]] bool continues_with(std::string_view mark) const { return text_.substr(at_).starts_with(mark); }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (word.empty() || !std::all_of(word.begin(), word.end(), is_visible)) {
      age_header_wrong("a stanza's arguments are not words with one space between them");
    }
    words.emplace_back(word);
    if (space == std::string_view::npos) return words;
    text.remove_prefix(space + 1);
  }
}

// Lines of 64 columns, ended by a shorter one, which may be empty.
ByteVector body_of(HeaderText& text) {
  ByteVector body;
  while (true) {
    const std::string_view line = text.line();
    const std::optional<ByteVector> bytes = line.size() > kColumns ? std::nullopt : from_age_base64(line);
    if (!bytes) age_header_wrong("a stanza's body is not canonical base64 in lines of 64 columns");
    body.insert(body.end(), bytes->begin(), bytes->end());
    if (line.size() < kColumns) return body;
  }
}

void append_stanza(std::string& out, const AgeStanza& stanza) {
  out += fmt::format("-> {}", stanza.type);
  for (const std::string& argument : stanza.arguments) out += " " + argument;
  out += '\n';
  const std::string body = age_base64(stanza.body);
  for (std::size_t at = 0; at <= body.size(); at += kColumns) out += body.substr(at, kColumns) + "\n";
}

}  // namespace

void age_header_wrong(const std::string& why) {
  throw Error(ErrorKind::verification, fmt::format("the age header is malformed: {}", why),
              "the file was damaged or changed; another copy of it may be whole");
}

bool AgeHeader::has_passphrase() const {
  return std::any_of(stanzas.begin(), stanzas.end(), [](const AgeStanza& stanza) { return stanza.type == "scrypt"; });
}

bool begins_like_age(ByteSpan beginning) noexcept { return text_of(beginning).starts_with(kAnyVersion); }
bool begins_like_armored_age(ByteSpan beginning) noexcept {
  return text_of(beginning).starts_with(kArmor.substr(0, kAgeBeginningBytes));
}

AgeHeader parse_age_header(ByteSpan beginning) {
  HeaderText text(text_of(beginning));
  const std::string_view version = text.line();
  if (version != kVersionLine) {
    age_header_wrong(version.starts_with(kAnyVersion) ? "it is of another version of age than v1"
                                                      : "it does not begin with age's version line");
  }
  AgeHeader header;
  while (text.continues_with(kStanzaMark)) {
    std::vector<std::string> words = words_of(text.line().substr(kStanzaMark.size()));
    AgeStanza stanza;
    stanza.type = std::move(words.front());
    stanza.arguments.assign(std::make_move_iterator(words.begin() + 1), std::make_move_iterator(words.end()));
    stanza.body = body_of(text);
    header.stanzas.push_back(std::move(stanza));
  }
  const std::size_t end = text.at();
  const std::string_view last = text.line();
  if (!last.starts_with(kEndMark)) age_header_wrong("a line is neither a stanza nor the end");
  if (header.stanzas.empty()) age_header_wrong("it has no stanza");
  if (header.stanzas.size() > 1 && header.has_passphrase())
    age_header_wrong("a passphrase's stanza is not the only one");
  header.signed_text = text_of(beginning).substr(0, end + kEndMark.size());
  const std::string_view mac = last.substr(kEndMark.size());
  const std::optional<ByteVector> bytes = mac.starts_with(' ') ? from_age_base64(mac.substr(1)) : std::nullopt;
  if (!bytes || bytes->size() != header.mac.size()) age_header_wrong("its HMAC is not 32 bytes in base64");
  std::copy(bytes->begin(), bytes->end(), header.mac.begin());
  header.bytes = text.at();
  return header;
}

AgeHeader read_age_header(const RandomAccess& file) {
  // Most headers are a few hundred bytes: the first piece has them, and the first chunk's beginning.
  for (std::size_t size = kFirstPiece;; size *= 4) {
    ByteVector bytes(std::min<std::uint64_t>(size, std::min<std::uint64_t>(file.size(), kLongestAgeHeader)));
    bytes.resize(file.read(0, bytes));
    const std::string_view text = text_of(bytes);
    const std::size_t end = text.find("\n---");
    const bool whole = end != std::string_view::npos && text.find('\n', end + 1) != std::string_view::npos;
    if (whole || bytes.size() < size || size >= kLongestAgeHeader) return parse_age_header(bytes);
  }
}

std::string age_header_text(const std::vector<AgeStanza>& stanzas, const FileKey& key) {
  std::string text(kVersionLine);
  text += '\n';
  for (const AgeStanza& stanza : stanzas) append_stanza(text, stanza);
  text += kEndMark;
  const Sha256Digest mac = header_mac(key, text);
  return text + " " + age_base64(mac) + "\n";
}

bool has_right_mac(const AgeHeader& header, const FileKey& key) {
  return same_bytes(header_mac(key, header.signed_text), header.mac);
}

}  // namespace wobackup
