#include "recovery/archived_dump.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "base/json_text.h"
#include "inspect/dump_entry.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

std::optional<ManifestEntry> find_own_dump(const ArchiveReader& archive) {
  std::optional<ManifestEntry> found;
  std::vector<ManifestEntry> dumps = listed_dumps(archive);
  for (ManifestEntry& listed : dumps) {
    if (is_own_dump(listed)) found = std::move(listed);
  }
  return found;
}

}  // namespace

std::optional<std::string> own_dump_of(const ArchiveReader& archive) {
  const std::optional<ManifestEntry> found = find_own_dump(archive);
  return found ? std::optional(found->entry.path) : std::nullopt;
}

std::string dumped_collation(const ArchiveReader& archive) {
  if (!archive.indexed()) return {};
  const std::optional<ManifestEntry> found = find_own_dump(archive);
  return found ? text_member(found->database, "default_collation").value_or("") : std::string();
}

ArchivedDump::ArchivedDump(const ArchiveReader& archive, const std::function<UniqueFd()>& make_spool,
                           const Cancellation& cancellation) {
  const std::optional<ManifestEntry> found = find_own_dump(archive);
  if (!found) {
    throw Error(ErrorKind::not_found, fmt::format("{} holds no dump of the site's database", archive.file().name()));
  }
  member_ = found->entry.path;
  sha256_ = found->sha256;
  if (archive.indexed()) {
    // What is loaded must be what was dumped, not only what the frames' checksums call whole.
    archive.read_file(*found, [&](ByteSpan) { cancellation.check(); });
    data_ = std::make_unique<MemberAccess>(archive, *found);
    layout_ = layout_from_manifest(found->database, data_->size());
    const auto version = found->database.find("server_version");
    if (version != found->database.end() && version->is_string()) server_version_ = version->get<std::string>();
  } else {
    data_ = std::make_unique<MemberAccess>(archive, *found, make_spool());
    layout_ = layout_by_scan(*data_, cancellation);
  }
}

std::string ArchivedDump::sum(const Cancellation& cancellation) const {
  if (sha256_) return hex(*sha256_);
  Sha256 sum;
  ByteVector buffer(std::size_t{1} << 20U);
  for (std::uint64_t at = 0; at < data_->size();) {
    cancellation.check();
    const std::size_t size = data_->read(at, buffer);
    if (size == 0) break;
    sum.update(ByteSpan(buffer).first(size));
    at += size;
  }
  return hex(sum.finish());
}

}  // namespace wobackup
