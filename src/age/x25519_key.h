// age1... and AGE-SECRET-KEY-1...: X25519.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "age/recipient.h"
#include "crypto/x25519.h"

namespace wobackup {

class X25519Recipient final : public Recipient {
 public:
  explicit X25519Recipient(const X25519Point& point) : point_(point) {}
  /// From "age1..."; nothing for other text.
  [[nodiscard]] static std::optional<X25519Point> parse(std::string_view text);

  [[nodiscard]] AgeStanza wrap(const FileKey& key) const override;

 private:
  X25519Point point_;
};

class X25519Identity final : public Identity {
 public:
  /// REQUIRES: 32 bytes.
  explicit X25519Identity(Secret secret);
  [[nodiscard]] static X25519Identity generate();
  /// From "AGE-SECRET-KEY-1..."; nothing for other text.
  [[nodiscard]] static std::optional<Secret> parse(std::string_view text);

  [[nodiscard]] std::optional<FileKey> unwrap(const std::vector<AgeStanza>& stanzas) const override;

  [[nodiscard]] std::string recipient() const;  ///< "age1..."
  [[nodiscard]] Secret text() const;            ///< "AGE-SECRET-KEY-1..."

 private:
  Secret secret_;
  X25519Point point_;
};

}  // namespace wobackup
