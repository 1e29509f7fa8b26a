// An age file: its header, its payload, and the text of keys.
#include <algorithm>
#include <string>

#include "age/age_random_access.h"
#include "age/bech32.h"
#include "age/scrypt_passphrase.h"
#include "age/x25519_key.h"
#include "fakes/memory_file.h"
#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

const X25519Identity& identity() {
  static const X25519Identity fixed{Secret(ByteVector(32, std::byte{7}))};
  return fixed;
}

FileKey fixed_key() { return FileKey(ByteVector(kFileKeyBytes, std::byte{9})); }

bool same(const AgeStanza& a, const AgeStanza& b) {
  return a.type == b.type && a.arguments == b.arguments && a.body == b.body;
}

// What is read as a header is written to the same text.
void try_header(ByteSpan input) {
  const test::MemoryFile file(input);
  const AgeStructure structure = read_age_structure(file);
  const AgeHeader& header = structure.header;
  const std::string again = age_header_text(header.stanzas, fixed_key());
  const AgeHeader parsed = parse_age_header(bytes_of(again));
  test::require(parsed.signed_text == header.signed_text, "a header is written as it was read");
  test::require(
      std::equal(header.stanzas.begin(), header.stanzas.end(), parsed.stanzas.begin(), parsed.stanzas.end(), same),
      "a header's stanzas come back");
  test::require(has_right_mac(parsed, fixed_key()), "a header that was written has the right HMAC");
  if (const auto key = identity().unwrap(header.stanzas)) {
    const AgeRandomAccess access(file, structure, *key);
    ByteVector plain(static_cast<std::size_t>(access.size()));
    test::require(access.read(0, plain) == plain.size(), "what opens can be read");
  }
}

// Whatever stands behind a header that is right.
void try_payload(ByteSpan input) {
  const std::string header = age_header_text({{"fuzz", {}, {}}}, fixed_key());
  ByteVector bytes(bytes_of(header).begin(), bytes_of(header).end());
  bytes.insert(bytes.end(), input.begin(), input.end());
  const test::MemoryFile file(bytes);
  const AgeRandomAccess access(file, read_age_structure(file), fixed_key());
  test::require(access.size() < input.size(), "the plaintext is shorter than what it is sealed in");
  ByteVector whole(static_cast<std::size_t>(access.size())), part(whole.size() / 2);
  test::require(access.read(0, whole) == whole.size(), "all of it is read");
  const std::size_t offset = whole.size() / 3;
  test::require(access.read(offset, part) == std::min(part.size(), whole.size() - offset), "a part is read");
  test::require(std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(offset)),
                "a part is the same as in the whole");
}

void try_key(std::string_view text) {
  if (const auto decoded = from_bech32(text)) {
    const Secret again = bech32(decoded->prefix, decoded->data.bytes());
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    test::require(again.text() == lower, "bech32 is written as it was read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan input = test::bytes_at(data, size);
  const auto tried = [](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      test::require(error.kind() == ErrorKind::verification, "a bad file is a verification error");
    }
  };
  tried([&] { try_header(input); });
  tried([&] { try_payload(input); });
  try_key(text_of(input.first(std::min<std::size_t>(input.size(), 200))));
  return 0;
}
