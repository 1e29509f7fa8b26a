#include "backend/sftp/sftp_packet.h"

#include <utility>

#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint32_t kHasSize = 0x1;
constexpr std::uint32_t kHasOwner = 0x2;
constexpr std::uint32_t kHasPermissions = 0x4;
constexpr std::uint32_t kHasTimes = 0x8;
constexpr std::uint32_t kHasExtensions = 0x80000000;

template <class T>
void append_be(ByteVector& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out.push_back(static_cast<std::byte>((value >> (8 * i)) & 0xFFU));
}

template <class T>
T load_be(ByteSpan bytes) {
  T value = 0;
  for (const std::byte b : bytes) value = static_cast<T>((value << 8U) | std::to_integer<T>(b));
  return value;
}

Error broken() { return Error(ErrorKind::verification, "the SFTP server sends a packet that is none"); }

bool is_file_name(std::string_view name) noexcept {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

}  // namespace

SftpPacket::SftpPacket(SftpType type) : bytes_(4) { bytes_.push_back(static_cast<std::byte>(type)); }

SftpPacket& SftpPacket::number32(std::uint32_t value) {
  append_be(bytes_, value);
  return *this;
}

SftpPacket& SftpPacket::number64(std::uint64_t value) {
  append_be(bytes_, value);
  return *this;
}

SftpPacket& SftpPacket::text(std::string_view value) {
  append_be(bytes_, static_cast<std::uint32_t>(value.size()));
  const ByteSpan bytes = bytes_of(value);
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

SftpPacket& SftpPacket::permissions(std::uint32_t mode) { return number32(kHasPermissions).number32(mode); }

SftpPacket& SftpPacket::no_attributes() { return number32(0); }

ByteVector SftpPacket::finish() && {
  ByteVector length;
  append_be(length, static_cast<std::uint32_t>(bytes_.size() - 4));
  std::copy(length.begin(), length.end(), bytes_.begin());
  return std::move(bytes_);
}

ByteSpan SftpParser::take(std::size_t size) {
  if (size > rest_.size()) throw broken();
  return std::exchange(rest_, rest_.subspan(size)).first(size);
}

std::uint8_t SftpParser::number8() { return load_be<std::uint8_t>(take(1)); }
std::uint32_t SftpParser::number32() { return load_be<std::uint32_t>(take(4)); }
std::uint64_t SftpParser::number64() { return load_be<std::uint64_t>(take(8)); }
ByteSpan SftpParser::bytes() { return take(number32()); }
std::string SftpParser::text() { return std::string(text_of(bytes())); }

SftpAttributes SftpParser::attributes() {
  SftpAttributes attributes;
  const std::uint32_t flags = number32();
  if ((flags & kHasSize) != 0) attributes.size_bytes = number64();
  if ((flags & kHasOwner) != 0) static_cast<void>(number64());
  if ((flags & kHasPermissions) != 0) attributes.mode = number32();
  if ((flags & kHasTimes) != 0) {
    static_cast<void>(number32());
    attributes.modified = number32();
  }
  if ((flags & kHasExtensions) != 0) {
    for (std::uint32_t count = number32(); count > 0; --count) {
      static_cast<void>(bytes());
      static_cast<void>(bytes());
    }
  }
  if (attributes.size_bytes && *attributes.size_bytes > INT64_MAX) throw broken();
  return attributes;
}

std::vector<SftpName> SftpParser::names() {
  std::vector<SftpName> names;
  for (std::uint32_t count = number32(); count > 0; --count) {
    SftpName name;
    name.name = text();
    static_cast<void>(bytes());  // as `ls -l` shows it
    name.attributes = attributes();
    if (is_file_name(name.name)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace wobackup
