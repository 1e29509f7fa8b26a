#include "age/unlock.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "age/age_random_access.h"
#include "age/file_key.h"
#include "age/keys_state.h"
#include "base/secret_source.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestPassphrase = 4096;
constexpr std::size_t kFileKeysKept = 32;

// A file in memory: an identity file that is itself encrypted.
class SecretFile final : public RandomAccess {
 public:
  SecretFile(const Secret& content, std::string name) : content_(content), name_(std::move(name)) {}
  [[nodiscard]] std::uint64_t size() const override { return content_.size(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    if (offset >= content_.size()) return 0;
    const ByteSpan rest = content_.bytes().subspan(static_cast<std::size_t>(offset));
    const std::size_t size = std::min(rest.size(), buffer.size());
    std::copy_n(rest.begin(), size, buffer.begin());
    return size;
  }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  const Secret& content_;
  std::string name_;
};

Secret without_line_end(Secret text) {
  std::size_t size = text.size();
  if (size > 0 && text.text()[size - 1] == '\n') --size;
  if (size > 0 && text.text()[size - 1] == '\r') --size;
  text.shorten(size);
  return text;
}

// That a key's file is missing is another thing than a backup that is.
Secret secret_file(const std::filesystem::path& path, std::size_t limit_bytes) {
  try {
    return read_secret_file(path, limit_bytes);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    throw Error(ErrorKind::wrong_key, error.message(), error.hint());
  }
}

// REQUIRES: the state's mutex is held, as for all below.
const Secret& passphrase_of(Keys::State& state, const std::string& question) {
  if (state.passphrase) return *state.passphrase;
  const KeySources& sources = state.sources;
  Secret passphrase;
  if (sources.passphrase_file) {
    passphrase = without_line_end(secret_file(*sources.passphrase_file, kLongestPassphrase));
  } else if (sources.passphrase_fd) {
    passphrase = without_line_end(
        read_secret(*sources.passphrase_fd, kLongestPassphrase, fmt::format("descriptor {}", *sources.passphrase_fd)));
  } else if (!sources.passphrase_command.empty()) {
    passphrase =
        without_line_end(secret_from_command(sources.passphrase_command, kLongestPassphrase, "the passphrase command"));
  } else {
    passphrase = sources.ask_passphrase(question);
  }
  if (passphrase.empty()) throw Error(ErrorKind::wrong_key, "the passphrase is empty");
  state.passphrase = std::move(passphrase);
  return *state.passphrase;
}

FileKey unlock_with_passphrase(Keys::State& state, const AgeHeader& header, const std::string& name) {
  if (!state.sources.has_passphrase()) {
    throw Error(ErrorKind::wrong_key, fmt::format("{} is encrypted with a passphrase, and none was given", name),
                "give it with --passphrase-file FILE, --passphrase-fd N or --passphrase-command CMD");
  }
  const Secret& passphrase = passphrase_of(state, fmt::format("Passphrase for {}", name));
  std::optional<FileKey> key = ScryptPassphrase(passphrase.copy()).unwrap(header.stanzas);
  if (key) return *std::move(key);
  // Somebody who mistyped may try again.
  state.passphrase.reset();
  throw Error(ErrorKind::wrong_key, fmt::format("the passphrase does not open {}", name));
}

// A file of identities may be encrypted with a passphrase itself.
Identities load_identities(Keys::State& state, const Secret& text, const std::string& name) {
  if (!begins_like_age(text.bytes().first(std::min(text.size(), kAgeBeginningBytes)))) {
    return identities_in(text, name);
  }
  const SecretFile file(text, name);
  const AgeStructure structure = read_age_structure(file);
  if (!structure.header.has_passphrase()) {
    throw Error(ErrorKind::wrong_key, fmt::format("{} is encrypted, but not with a passphrase", name),
                "decrypt it with age, and give what comes out");
  }
  const FileKey key = unlock_with_passphrase(state, structure.header, name);
  const AgeRandomAccess plain(file, structure, key);
  Secret content(static_cast<std::size_t>(plain.size()));
  content.shorten(plain.read(0, content.bytes()));
  return identities_in(content, name);
}

Identities identities_of_file(Keys::State& state, const std::filesystem::path& path) {
  return load_identities(state, secret_file(path, kLongestIdentityFile), printable(path.string()));
}

const Identities& identities_of(Keys::State& state) {
  if (state.identities) return *state.identities;
  Identities identities;
  const auto take = [&](Identities more) { std::move(more.begin(), more.end(), std::back_inserter(identities)); };
  for (const std::filesystem::path& path : state.sources.identity_files) take(identities_of_file(state, path));
  if (!state.sources.identity_command.empty()) {
    take(load_identities(
        state, secret_from_command(state.sources.identity_command, kLongestIdentityFile, "the identity command"),
        "what the identity command prints"));
  }
  state.identities = std::move(identities);
  return *state.identities;
}

FileKey unlock_with_identities(Keys::State& state, const AgeHeader& header, const std::string& name) {
  if (!state.sources.has_identity()) {
    throw Error(ErrorKind::wrong_key, fmt::format("{} is encrypted, and no identity was given", name),
                "give the file with its secret key: --identity FILE, or identities in [encryption] of wobackup.toml");
  }
  const Identities& identities = identities_of(state);
  for (const auto& identity : identities) {
    if (std::optional<FileKey> key = identity->unwrap(header.stanzas)) return *std::move(key);
  }
  const std::size_t others = header.stanzas.size();
  throw Error(ErrorKind::wrong_key,
              fmt::format("{} is encrypted to {} {}, and none of the {} given opens it", name, others,
                          others == 1 ? "recipient" : "recipients",
                          identities.size() == 1 ? "1 identity" : fmt::format("{} identities", identities.size())),
              "another identity is needed; `wobackup key show FILE` prints the recipient of one");
}

FileKey unlock_anew(Keys::State& state, const AgeHeader& header, const std::string& name) {
  if (header.has_passphrase()) return unlock_with_passphrase(state, header, name);
  return unlock_with_identities(state, header, name);
}

Sha256Digest sum_of(const AgeHeader& header) {
  Sha256 sum;
  sum.update(bytes_of(header.signed_text));
  sum.update(header.mac);
  return sum.finish();
}

}  // namespace

bool can_try(const Keys& keys, const AgeHeader& header) {
  return header.has_passphrase() ? keys.sources().has_passphrase() : keys.sources().has_identity();
}

FileKey unlock(const Keys& keys, const AgeHeader& header, const std::string& name) {
  Keys::State& state = keys.state();
  const Sha256Digest sum = sum_of(header);
  const std::scoped_lock lock(state.mutex);
  const auto known =
      std::find_if(state.opened.begin(), state.opened.end(), [&](const auto& each) { return each.first == sum; });
  if (known != state.opened.end()) return known->second.copy();
  try {
    FileKey key = unlock_anew(state, header, name);
    state.opened.emplace_front(sum, key.copy());
    if (state.opened.size() > kFileKeysKept) state.opened.pop_back();
    return key;
  } catch (const Error& error) {
    throw error.kind() == ErrorKind::verification ? error.in(name) : error;
  }
}

void require_openable(const Keys& keys, const Recipients& recipients, const std::string& name) {
  const FileKey key = random_file_key();
  std::vector<AgeStanza> stanzas;
  for (const auto& recipient : recipients) stanzas.push_back(recipient->wrap(key));
  const std::string text = age_header_text(stanzas, key);
  const AgeHeader header = parse_age_header(bytes_of(text));
  if (header.has_passphrase()) return;  // the one that encrypts is the one that decrypts
  Keys::State& state = keys.state();
  const std::scoped_lock lock(state.mutex);
  static_cast<void>(unlock_with_identities(state, header, name));
}

std::unique_ptr<const ScryptPassphrase> passphrase_to_encrypt(const Keys& keys) {
  Keys::State& state = keys.state();
  const KeySources& sources = state.sources;
  if (!sources.has_passphrase()) throw Error(ErrorKind::usage, "no passphrase was given to encrypt with");
  const std::scoped_lock lock(state.mutex);
  const bool asks =
      !state.passphrase && !sources.passphrase_file && !sources.passphrase_fd && sources.passphrase_command.empty();
  const Secret& passphrase = passphrase_of(state, "Passphrase to encrypt with");
  if (asks && sources.ask_passphrase("The same again").text() != passphrase.text()) {
    state.passphrase.reset();
    throw Error(ErrorKind::usage, "the two passphrases differ");
  }
  return std::make_unique<const ScryptPassphrase>(passphrase.copy());
}

std::vector<std::string> recipients_of(const std::filesystem::path& identity_file, const Keys& keys) {
  Keys::State& state = keys.state();
  const std::scoped_lock lock(state.mutex);
  std::vector<std::string> recipients;
  for (const auto& identity : identities_of_file(state, identity_file)) recipients.push_back(identity->recipient());
  return recipients;
}

}  // namespace wobackup
