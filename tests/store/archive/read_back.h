// What a reader gives of an archive.
#pragma once

#include <string>
#include <vector>

#include "store/archive/archive_reader.h"
#include "store/archive/member_access.h"

namespace wobackup::test {

inline std::string content_of(const ArchiveReader& archive, const std::string& path) {
  std::string text;
  archive.read_file(path, [&](ByteSpan bytes) { text += text_of(bytes); });
  return text;
}

inline std::vector<std::string> paths_of(const ArchiveReader& archive) {
  std::vector<std::string> paths;
  archive.entries([&](const ManifestEntry& listed) { paths.push_back(listed.entry.path); });
  return paths;
}

inline std::string part_of(const MemberAccess& member, std::uint64_t offset, std::size_t size) {
  ByteVector bytes(size);
  bytes.resize(member.read(offset, bytes));
  return std::string(text_of(bytes));
}

}  // namespace wobackup::test
