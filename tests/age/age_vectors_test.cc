// The published test vectors of age (C2SP/CCTV): every one for X25519, scrypt, stanzas and the payload. Those for the
// text form ("armor") and for hybrid keys (ML-KEM, newer than this format's use here) do not apply.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "age/age_random_access.h"
#include "age/keys_state.h"
#include "age/unlock.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

struct Vector {
  std::multimap<std::string, std::string> facts;
  ByteVector file;
  [[nodiscard]] std::string fact(const std::string& name) const {
    const auto place = facts.find(name);
    return place == facts.end() ? "" : place->second;
  }
};

Vector read_vector(const std::filesystem::path& path) {
  const std::string text = test::text_of_file(path);
  const std::size_t end = text.find("\n\n");
  Vector vector;
  std::istringstream lines(text.substr(0, end));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    vector.facts.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  const ByteSpan file = bytes_of(text).subspan(end + 2);
  vector.file.assign(file.begin(), file.end());
  return vector;
}

// The keys that the vector names, given in the way that a user would.
Keys keys_of(const Vector& vector) {
  KeySources sources;
  if (vector.facts.contains("passphrase")) {
    sources.ask_passphrase = [text = vector.fact("passphrase")](const std::string&) { return Secret(text); };
  }
  if (vector.facts.contains("identity")) sources.identity_files.emplace_back("/nonexistent");
  Keys keys(sources);
  Identities identities;
  const auto [first, last] = vector.facts.equal_range("identity");
  for (auto each = first; each != last; ++each) {
    identities.push_back(std::make_unique<const X25519Identity>(X25519Identity::parse(each->second).value()));
  }
  keys.state().identities = std::move(identities);
  return keys;
}

// What users are told tells the kinds apart.
std::string kind_of(const Error& error) {
  const auto says = [&](std::string_view part) { return error.message().find(part) != std::string::npos; };
  if (error.kind() == ErrorKind::wrong_key) return "no match";
  if (error.kind() != ErrorKind::verification) return "another error: " + error.message();
  if (says("HMAC is wrong")) return "HMAC failure";
  if (says("the age header is malformed")) return "header failure";
  if (says("the encrypted data is damaged")) return "payload failure";
  return "another error: " + error.message();
}

std::string outcome_of(const Vector& vector, const RandomAccess& file) {
  try {
    const Keys keys = keys_of(vector);
    const AgeStructure structure = read_age_structure(file);
    const FileKey key = unlock(keys, structure.header, file.name());
    if (vector.facts.contains("file key")) {
      EXPECT_EQ(hex(key.bytes()), vector.fact("file key"));
    }
    const AgeRandomAccess plain(file, structure, key);
    ByteVector bytes(static_cast<std::size_t>(plain.size()));
    EXPECT_EQ(plain.read(0, bytes), bytes.size());
    EXPECT_EQ(hex(sha256(bytes)), vector.fact("payload"));
    return "success";
  } catch (const Error& error) {
    return kind_of(error);
  }
}

TEST(AgeVectors, EachEndsAsItShould) {
  const char* folder = std::getenv("WOBACKUP_AGE_VECTORS");
  ASSERT_NE(folder, nullptr) << "ctest sets it";
  std::map<std::string, std::size_t> tried;
  for (const auto& item : std::filesystem::directory_iterator(folder)) {
    const std::string name = item.path().filename().string();
    if (name.starts_with("armor") || name.starts_with("hybrid")) continue;
    const Vector vector = read_vector(item.path());
    SCOPED_TRACE(name);
    const std::string expected = vector.fact("expect");
    EXPECT_EQ(outcome_of(vector, test::MemoryFile(vector.file, name)), expected);
    ++tried[expected];
  }
  // A package that lost some of them would prove less without saying so.
  EXPECT_GE(tried["success"], 14U);
  EXPECT_GE(tried["header failure"], 46U);
  EXPECT_GE(tried["no match"], 7U);
  EXPECT_GE(tried["HMAC failure"], 1U);
  EXPECT_GE(tried["payload failure"], 17U);
}

}  // namespace
}  // namespace wobackup
