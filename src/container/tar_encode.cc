#include "container/tar_encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace wobackup {
namespace {

// Offsets and lengths of ustar's fields.
struct Field {
  std::size_t offset, length;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLink{157, 100}, kMagic{257, 8}, kUser{265, 32}, kGroup{297, 32}, kMajor{329, 8},
    kMinor{337, 8}, kPrefix{345, 155};

constexpr std::uint64_t kLargestSize = 077777777777;  // eleven octal digits
constexpr std::uint64_t kLargestId = 07777777;

using Block = std::array<char, kTarBlockBytes>;

void put(Block& block, Field field, std::string_view text) {
  std::copy_n(text.data(), std::min(text.size(), field.length), block.data() + field.offset);
}

void put_octal(Block& block, Field field, std::uint64_t value) {
  put(block, field, fmt::format("{:0{}o}", value, field.length - 1));
}

void append_block(ByteVector& out, Block& block) {
  put(block, kMagic, std::string_view("ustar\00000", 8));
  put(block, kChecksum, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  put(block, kChecksum, std::string_view(fmt::format("{:06o}", sum) + '\0' + ' '));
  const auto* bytes = reinterpret_cast<const std::byte*>(block.data());
  out.insert(out.end(), bytes, bytes + block.size());
}

// Splits a path for ustar's prefix and name; false if it does not fit.
bool split_path(std::string_view path, std::string_view& prefix, std::string_view& name) {
  if (path.size() <= kName.length) {
    prefix = {};
    name = path;
    return true;
  }
  if (path.size() > kPrefix.length + 1 + kName.length) return false;
  const std::size_t slash = path.find('/', path.size() - kName.length - 1);
  if (slash == std::string_view::npos || slash == 0 || slash > kPrefix.length || slash + 1 == path.size()) return false;
  prefix = path.substr(0, slash);
  name = path.substr(slash + 1);
  return true;
}

// "<length> <key>=<value>\n", where the length counts itself.
void append_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  fmt::format_to(std::back_inserter(records), "{} {}=", length, key);
  records.append(value);
  records += '\n';
}

// Exact decimal: -1.5 for half a second before -1.
std::string decimal(FileTime time) {
  if (time.nanoseconds == 0) return std::to_string(time.seconds);
  std::string text = time.seconds >= 0
                         ? fmt::format("{}.{:09}", time.seconds, time.nanoseconds)
                         : fmt::format("-{}.{:09}", -(time.seconds + 1), 1'000'000'000 - time.nanoseconds);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

// As GNU tar writes attribute names into pax keys, where '=' ends the key.
std::string escaped_key(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '%') {
      out += "%25";
    } else if (c == '=') {
      out += "%3D";
    } else {
      out += c;
    }
  }
  return out;
}

char type_flag(EntryType type) {
  switch (type) {
    case EntryType::file:
      return '0';
    case EntryType::hardlink:
      return '1';
    case EntryType::symlink:
      return '2';
    case EntryType::character_device:
      return '3';
    case EntryType::block_device:
      return '4';
    case EntryType::directory:
      return '5';
    case EntryType::fifo:
      return '6';
  }
  return '0';
}

// A member as it will stand in the tar, and what of it ustar cannot hold.
struct Member {
  std::string path, link;
  std::string_view prefix, name;
  std::string records;
};

void collect_records(Member& member, const Entry& entry, std::uint64_t data_bytes) {
  std::string& records = member.records;
  if (!split_path(member.path, member.prefix, member.name)) {
    append_record(records, "path", member.path);
    member.name = std::string_view(member.path).substr(0, kName.length);
  }
  if (member.link.size() > kLink.length) append_record(records, "linkpath", member.link);
  if (data_bytes > kLargestSize) append_record(records, "size", std::to_string(data_bytes));
  const bool plain_time = entry.mtime.nanoseconds == 0 && entry.mtime.seconds >= 0 &&
                          static_cast<std::uint64_t>(entry.mtime.seconds) <= kLargestSize;
  if (!plain_time) append_record(records, "mtime", decimal(entry.mtime));
  if (entry.uid > kLargestId) append_record(records, "uid", std::to_string(entry.uid));
  if (entry.gid > kLargestId) append_record(records, "gid", std::to_string(entry.gid));
  if (entry.user.size() >= kUser.length) append_record(records, "uname", entry.user);
  if (entry.group.size() >= kGroup.length) append_record(records, "gname", entry.group);
  for (const Xattr& xattr : entry.xattrs) {
    append_record(records, "SCHILY.xattr." + escaped_key(xattr.name), xattr.value);
  }
  if (!entry.acl_access.empty()) append_record(records, "SCHILY.acl.access", entry.acl_access);
  if (!entry.acl_default.empty()) append_record(records, "SCHILY.acl.default", entry.acl_default);
}

void append_pax_header(ByteVector& out, const Member& member) {
  Block block{};
  const std::size_t slash = member.path.find_last_of('/', member.path.size() - 2);
  const std::string base = member.path.substr(slash == std::string::npos ? 0 : slash + 1);
  put(block, kName, ("PaxHeaders/" + base).substr(0, kName.length - 1));
  put_octal(block, kMode, 0600);
  put_octal(block, kUid, 0);
  put_octal(block, kGid, 0);
  put_octal(block, kSize, member.records.size());
  put_octal(block, kTime, 0);
  put(block, kType, "x");
  append_block(out, block);
  const ByteSpan records = bytes_of(member.records);
  out.insert(out.end(), records.begin(), records.end());
  out.resize(out.size() + padding_to_block(records.size()));
}

}  // namespace

void append_tar_header(ByteVector& out, const Entry& entry, std::string_view top) {
  Member member;
  member.path = entry.path.empty() ? std::string(top) : fmt::format("{}/{}", top, entry.path);
  const std::string real_path = member.path;
  if (entry.type == EntryType::directory) member.path += '/';
  member.link = entry.type == EntryType::hardlink ? fmt::format("{}/{}", top, entry.link) : entry.link;
  const std::uint64_t data_bytes = stored_size(entry);
  if (entry.sparse) {
    // A reader that does not know sparse files then shows where the condensed bytes are.
    append_record(member.records, "GNU.sparse.major", "1");
    append_record(member.records, "GNU.sparse.minor", "0");
    append_record(member.records, "GNU.sparse.name", real_path);
    append_record(member.records, "GNU.sparse.realsize", std::to_string(entry.size));
    const std::size_t slash = real_path.rfind('/');
    member.path = fmt::format("{}/GNUSparseFile.0/{}", real_path.substr(0, slash), real_path.substr(slash + 1));
  }
  collect_records(member, entry, data_bytes);
  if (!member.records.empty()) append_pax_header(out, member);

  Block block{};
  put(block, kName, member.name);
  put(block, kPrefix, member.prefix);
  put_octal(block, kMode, entry.mode & 07777U);
  put_octal(block, kUid, std::min(entry.uid, kLargestId));
  put_octal(block, kGid, std::min(entry.gid, kLargestId));
  put_octal(block, kSize, std::min(data_bytes, kLargestSize));
  const std::int64_t seconds =
      std::clamp<std::int64_t>(entry.mtime.seconds, 0, static_cast<std::int64_t>(kLargestSize));
  put_octal(block, kTime, static_cast<std::uint64_t>(seconds));
  block[kType.offset] = type_flag(entry.type);
  put(block, kLink, member.link);
  if (entry.user.size() < kUser.length) put(block, kUser, entry.user);
  if (entry.group.size() < kGroup.length) put(block, kGroup, entry.group);
  put_octal(block, kMajor, entry.device_major & 07777777U);
  put_octal(block, kMinor, entry.device_minor & 07777777U);
  append_block(out, block);
}

void append_sparse_map(ByteVector& out, const Entry& entry) {
  // GNU tar ends a map with an empty segment at the file's size when the file ends in a hole.
  std::string map;
  const bool ends_in_hole =
      entry.segments.empty() || entry.segments.back().offset + entry.segments.back().length < entry.size;
  fmt::format_to(std::back_inserter(map), "{}\n", entry.segments.size() + (ends_in_hole ? 1 : 0));
  for (const SparseSegment& segment : entry.segments) {
    fmt::format_to(std::back_inserter(map), "{}\n{}\n", segment.offset, segment.length);
  }
  if (ends_in_hole) fmt::format_to(std::back_inserter(map), "{}\n0\n", entry.size);
  const ByteSpan bytes = bytes_of(map);
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.resize(out.size() + padding_to_block(bytes.size()));
}

std::uint64_t stored_size(const Entry& entry) {
  if (entry.type != EntryType::file) return 0;
  if (!entry.sparse) return entry.size;
  ByteVector map;
  append_sparse_map(map, entry);
  std::uint64_t size = map.size();
  for (const SparseSegment& segment : entry.segments) size += segment.length;
  return size;
}

}  // namespace wobackup
