#include "cli/entry_text.h"

#include <fmt/format.h>

#include <ctime>

#include "base/bytes.h"
#include "base/text.h"

namespace wobackup::cli {
namespace {

char type_letter(const std::string& type) {
  if (type == "dir") return 'd';
  if (type == "symlink") return 'l';
  if (type == "hardlink") return 'h';
  if (type == "fifo") return 'p';
  if (type == "chardev") return 'c';
  if (type == "blockdev") return 'b';
  return '-';
}

}  // namespace

std::string permissions_text(const ArchiveEntry& entry) {
  std::string text(1, type_letter(entry.type));
  constexpr std::string_view kLetters = "rwxrwxrwx";
  for (unsigned bit = 0; bit < 9; ++bit) text += (entry.mode & (0400U >> bit)) != 0 ? kLetters[bit] : '-';
  const auto special = [&](unsigned mask, std::size_t at, char with, char without) {
    if ((entry.mode & mask) != 0) text[at] = text[at] == 'x' ? with : without;
  };
  special(04000, 3, 's', 'S');
  special(02000, 6, 's', 'S');
  special(01000, 9, 't', 'T');
  return text;
}

std::string time_text(std::chrono::sys_seconds time) {
  const std::int64_t seconds = time.time_since_epoch().count();
  const auto clock_time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (seconds >= kYear10000 || seconds < -kYear10000 || ::gmtime_r(&clock_time, &parts) == nullptr) {
    return fmt::format("@{}", seconds);
  }
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

void put_bytes(Json& fields, const std::string& key, const std::string& bytes) {
  if (is_utf8(bytes)) {
    fields[key] = bytes;
    return;
  }
  fields[key] = printable(bytes);
  fields[key + "_b64"] = base64(bytes_of(bytes));
}

Json entry_json(const ArchiveEntry& entry) {
  Json fields;
  put_bytes(fields, "path", entry.path);
  fields["type"] = entry.type;
  fields["permissions"] = permissions_text(entry);
  fields["mode"] = entry.mode;
  fields["uid"] = entry.uid;
  fields["gid"] = entry.gid;
  put_bytes(fields, "user", entry.user);
  put_bytes(fields, "group", entry.group);
  fields["size"] = entry.size;
  fields["mtime"] = entry.mtime.time_since_epoch().count();
  if (entry.mtime_ns != 0) fields["mtime_ns"] = entry.mtime_ns;
  if (!entry.link.empty()) put_bytes(fields, "link", entry.link);
  if (entry.type == "chardev" || entry.type == "blockdev") fields["device"] = {entry.device_major, entry.device_minor};
  if (entry.sparse) fields["sparse"] = true;
  if (!entry.sha256.empty()) fields["sha256"] = entry.sha256;
  if (!entry.flags.empty()) {
    fields["flags"] = Json::array();
    for (const std::string& flag : entry.flags) fields["flags"].push_back(printable(flag));
  }
  if (!entry.error.empty()) put_bytes(fields, "error", entry.error);
  return fields;
}

}  // namespace wobackup::cli
