#include "container/tar_decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <string>

#include "container/tar_encode.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kLargestExtension = std::uint64_t{16} << 20U;

using Records = std::map<std::string, std::string, std::less<>>;

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorKind::verification, "the tar is damaged: " + why);
}

std::string_view field(ByteSpan block, std::size_t offset, std::size_t length) {
  const std::string_view text = text_of(block.subspan(offset, length));
  return text.substr(0, text.find('\0'));
}

// Octal, or base-256 when the first bit is set.
std::int64_t number(ByteSpan block, std::size_t offset, std::size_t length) {
  const ByteSpan bytes = block.subspan(offset, length);
  const auto first = std::to_integer<unsigned>(bytes[0]);
  if ((first & 0x80U) != 0) {
    // Two's complement over the field's bits but the first.
    auto value = static_cast<std::uint64_t>((first & 0x40U) != 0 ? -1 : 0);
    for (std::size_t i = 0; i < length; ++i) {
      const auto byte =
          i == 0 ? (first & 0x3FU) | ((first & 0x40U) != 0 ? 0xC0U : 0U) : std::to_integer<unsigned>(bytes[i]);
      if (i + 8 < length && byte != ((first & 0x40U) != 0 ? 0xFFU : 0U)) damaged("a number is too large");
      value = (value << 8U) | byte;
    }
    return static_cast<std::int64_t>(value);
  }
  std::string_view text = text_of(bytes);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\0')) text.remove_prefix(1);
  const std::size_t end = text.find_first_not_of("01234567");
  const std::string_view digits = text.substr(0, end);
  if (end != std::string_view::npos && text[end] != ' ' && text[end] != '\0') damaged("a number is not octal");
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (value >> 60U != 0) damaged("a number is too large");
    value = value * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return static_cast<std::int64_t>(value);
}

std::uint64_t positive(ByteSpan block, std::size_t offset, std::size_t length) {
  const std::int64_t value = number(block, offset, length);
  if (value < 0) damaged("a size or owner is negative");
  return static_cast<std::uint64_t>(value);
}

bool is_zero(ByteSpan block) {
  return std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; });
}

void check_sum(ByteSpan block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kTarBlockBytes; ++i)
    sum += i >= 148 && i < 156 ? 32U : std::to_integer<unsigned>(block[i]);
  if (number(block, 148, 8) != static_cast<std::int64_t>(sum)) damaged("a header's checksum is wrong");
}

void read_records(std::string_view text, Records& records) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || length > text.size() || length < digits + 3 || text[digits] != ' ' ||
        text[length - 1] != '\n') {
      damaged("an extended header has a bad record");
    }
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) damaged("an extended header has a bad record");
    records[std::string(record.substr(0, equals))] = std::string(record.substr(equals + 1));
    text.remove_prefix(length);
  }
}

std::uint64_t decimal(const std::string& text, const char* what) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) damaged(fmt::format("{} is not a number", what));
  return value;
}

FileTime time_from(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || seconds > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - 1) {
    damaged("a time is not a number");
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  std::uint32_t nanoseconds = 0;
  if (text.starts_with('.')) {
    std::uint32_t scale = 100'000'000;
    for (const char c : text.substr(1)) {
      if (c < '0' || c > '9') damaged("a time is not a number");
      nanoseconds += static_cast<std::uint32_t>(c - '0') * scale;
      scale /= 10;
    }
  } else if (!text.empty()) {
    damaged("a time is not a number");
  }
  const auto whole = static_cast<std::int64_t>(seconds);
  if (!negative) return {whole, nanoseconds};
  return nanoseconds == 0 ? FileTime{-whole, 0} : FileTime{-whole - 1, 1'000'000'000 - nanoseconds};
}

std::string unescaped_key(std::string_view key) {
  std::string out;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (key.substr(i).starts_with("%3D") || key.substr(i).starts_with("%25")) {
      out += key[i + 1] == '3' ? '=' : '%';
      i += 2;
    } else {
      out += key[i];
    }
  }
  return out;
}

EntryType type_from(char flag) {
  switch (flag) {
    case '0':
    case '7':
    case '\0':
      return EntryType::file;
    case '1':
      return EntryType::hardlink;
    case '2':
      return EntryType::symlink;
    case '3':
      return EntryType::character_device;
    case '4':
      return EntryType::block_device;
    case '5':
      return EntryType::directory;
    case '6':
      return EntryType::fifo;
    default:
      damaged(fmt::format("a member has the unknown type {}", static_cast<int>(flag)));
  }
}

void apply_records(const Records& records, TarMember& member) {
  Entry& entry = member.entry;
  for (const auto& [key, value] : records) {
    if (key == "GNU.sparse.name" || (key == "path" && !records.contains("GNU.sparse.name")))
      entry.path = value;
    else if (key == "linkpath")
      entry.link = value;
    else if (key == "size")
      member.data_bytes = decimal(value, "a size");
    else if (key == "mtime")
      entry.mtime = time_from(value);
    else if (key == "uid")
      entry.uid = decimal(value, "an owner");
    else if (key == "gid")
      entry.gid = decimal(value, "a group");
    else if (key == "uname")
      entry.user = value;
    else if (key == "gname")
      entry.group = value;
    else if (key.starts_with("SCHILY.xattr."))
      entry.xattrs.push_back({unescaped_key(key.substr(13)), value});
    else if (key == "SCHILY.acl.access")
      entry.acl_access = value;
    else if (key == "SCHILY.acl.default")
      entry.acl_default = value;
  }
  entry.size = member.data_bytes;
  const auto major = records.find("GNU.sparse.major");
  if (major != records.end() && major->second == "1") {
    entry.sparse = true;
    const auto size = records.find("GNU.sparse.realsize");
    entry.size = size == records.end() ? 0 : decimal(size->second, "a sparse file's size");
  }
}

void read_header(ByteSpan block, TarMember& member) {
  Entry& entry = member.entry;
  entry.type = type_from(static_cast<char>(block[156]));
  entry.path = field(block, 0, 100);
  const std::string_view prefix =
      field(block, 257, 6) == "ustar" && block[263] != std::byte{' '} ? field(block, 345, 155) : std::string_view();
  if (!prefix.empty()) entry.path = fmt::format("{}/{}", prefix, entry.path);
  entry.mode = static_cast<std::uint32_t>(number(block, 100, 8)) & 07777U;
  entry.uid = positive(block, 108, 8);
  entry.gid = positive(block, 116, 8);
  member.data_bytes = positive(block, 124, 12);
  entry.mtime = {number(block, 136, 12), 0};
  entry.link = field(block, 157, 100);
  entry.user = field(block, 265, 32);
  entry.group = field(block, 297, 32);
  entry.device_major = static_cast<std::uint32_t>(number(block, 329, 8));
  entry.device_minor = static_cast<std::uint32_t>(number(block, 337, 8));
}

}  // namespace

std::optional<TarMember> decode_tar_member(ByteSpan blocks) {
  TarMember member;
  Records records;
  std::string long_path, long_link;
  ByteSpan rest = blocks;
  while (true) {
    if (rest.size() < kTarBlockBytes) damaged("it ends in the middle of a header");
    const ByteSpan block = rest.first(kTarBlockBytes);
    if (is_zero(block)) {
      if (rest.size() != blocks.size()) damaged("an extended header has no member");
      return std::nullopt;
    }
    check_sum(block);
    const char flag = static_cast<char>(block[156]);
    rest = rest.subspan(kTarBlockBytes);
    if (flag != 'x' && flag != 'g' && flag != 'L' && flag != 'K') {
      read_header(block, member);
      break;
    }
    const std::uint64_t size = positive(block, 124, 12);
    if (size > kLargestExtension) damaged("an extended header is too large");
    const auto bytes = static_cast<std::size_t>(size);
    if (rest.size() < bytes + padding_to_block(bytes)) damaged("it ends in the middle of a header");
    const std::string_view text = text_of(rest.first(bytes));
    if (flag == 'x') read_records(text, records);
    if (flag == 'L') long_path = text.substr(0, text.find('\0'));
    if (flag == 'K') long_link = text.substr(0, text.find('\0'));
    rest = rest.subspan(bytes + padding_to_block(bytes));
  }
  if (!long_path.empty()) member.entry.path = long_path;
  if (!long_link.empty()) member.entry.link = long_link;
  apply_records(records, member);
  if (member.entry.type != EntryType::file) {
    member.entry.size = 0;
    member.entry.sparse = false;
    member.data_bytes = 0;
  }
  while (member.entry.path.ends_with('/')) member.entry.path.pop_back();
  if (member.entry.path.find('\0') != std::string::npos || member.entry.path.empty())
    damaged("a member has no usable path");
  member.header_bytes = blocks.size() - rest.size();
  return member;
}

}  // namespace wobackup
