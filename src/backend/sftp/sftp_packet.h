// Packets of the SSH File Transfer Protocol, version 3, and what OpenSSH added to it.
//
// A packet is a length (u32, big-endian, of what follows), a type (u8), and for all but the first two of a connection
// the request's id (u32). Strings are a length (u32) and bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace wobackup {

enum class SftpType : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  stat = 17,
  rename = 18,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attrs = 105,
  extended = 200,
  extended_reply = 201,
};

/// Status codes.
enum class SftpStatus : std::uint32_t {
  ok = 0,
  eof = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  no_connection = 6,
  connection_lost = 7,
  unsupported = 8,
};

/// Flags of open.
enum SftpOpenFlags : std::uint32_t {
  kSftpRead = 0x01,
  kSftpWrite = 0x02,
  kSftpCreate = 0x08,
  kSftpExclusive = 0x20,
};

/// What a server says of a file. What it leaves out is empty.
struct SftpAttributes {
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::uint32_t> mode;      ///< type and permissions, as st_mode
  std::optional<std::uint32_t> modified;  ///< seconds since 1970
};

struct SftpName {
  std::string name;
  SftpAttributes attributes;
};

/// Builds one packet.
class SftpPacket {
 public:
  explicit SftpPacket(SftpType type);
  SftpPacket& number32(std::uint32_t value);
  SftpPacket& number64(std::uint64_t value);
  SftpPacket& text(std::string_view value);
  /// Attributes with nothing but permissions.
  SftpPacket& permissions(std::uint32_t mode);
  SftpPacket& no_attributes();
  /// The packet with its length in front. Its end; call it once.
  [[nodiscard]] ByteVector finish() &&;

 private:
  ByteVector bytes_;
};

/// Takes a packet apart. All functions throw Error verification where it ends too early or has what cannot be.
class SftpParser {
 public:
  /// `body`: what follows the length. Outlives the object.
  explicit SftpParser(ByteSpan body) : rest_(body) {}
  [[nodiscard]] std::uint8_t number8();
  [[nodiscard]] std::uint32_t number32();
  [[nodiscard]] std::uint64_t number64();
  [[nodiscard]] ByteSpan bytes();
  [[nodiscard]] std::string text();
  [[nodiscard]] SftpAttributes attributes();
  /// The files of a `name` packet, without "." and ".." and what is no name of a file.
  [[nodiscard]] std::vector<SftpName> names();
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

 private:
  [[nodiscard]] ByteSpan take(std::size_t size);
  ByteSpan rest_;
};

}  // namespace wobackup
