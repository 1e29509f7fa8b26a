// Age files in memory.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "age/age_random_access.h"
#include "age/age_writer.h"
#include "age/x25519_key.h"
#include "base/byte_output.h"

namespace wobackup::test {

class AgeOutput final : public ByteOutput {
 public:
  void write(ByteSpan piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  ByteVector bytes;
};

/// Bytes that differ from place to place.
inline ByteVector made_bytes(std::size_t size, std::uint32_t seed = 0) {
  ByteVector bytes(size);
  std::uint32_t state = 12345 + seed;
  for (std::byte& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return bytes;
}

inline Recipients recipients_for(const X25519Identity& identity) {
  Recipients recipients;
  recipients.push_back(std::make_unique<const X25519Recipient>(X25519Recipient::parse(identity.recipient()).value()));
  return recipients;
}

/// Written in pieces that do not fit the chunks.
inline ByteVector encrypted(ByteSpan plain, const Recipients& recipients, unsigned threads = 0,
                            std::size_t piece_bytes = 100'003) {
  AgeOutput output;
  AgeWriter writer(output, recipients, threads);
  while (!plain.empty()) {
    const ByteSpan piece = plain.first(std::min(plain.size(), piece_bytes));
    writer.write(piece);
    plain = plain.subspan(piece.size());
  }
  writer.finish();
  return std::move(output.bytes);
}

inline std::unique_ptr<AgeRandomAccess> opened(const RandomAccess& file, const X25519Identity& identity) {
  const AgeStructure structure = read_age_structure(file);
  return std::make_unique<AgeRandomAccess>(file, structure, identity.unwrap(structure.header.stanzas).value());
}

inline ByteVector decrypted(const RandomAccess& file, const X25519Identity& identity) {
  const auto plain = opened(file, identity);
  ByteVector bytes(static_cast<std::size_t>(plain->size()));
  bytes.resize(plain->read(0, bytes));
  return bytes;
}

}  // namespace wobackup::test
