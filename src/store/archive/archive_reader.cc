#include "store/archive/archive_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/foreign_archive.h"
#include "store/archive/member_check.h"
#include "store/archive/stored_member.h"
#include "store/archive/vhost_search.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kFirstSearchBytes = std::uint64_t{8} << 20U;

// The data of the first file of this path in a foreign archive; false if there is none. libarchive gives no holes: they
// are zeros here.
bool read_foreign(const RandomAccess& file, std::string_view top, const std::string& path,
                  const std::function<void(ByteSpan)>& sink) {
  static constexpr std::size_t kZerosBytes = 65536;
  ForeignArchive foreign(file);
  while (foreign.next()) {
    if (!foreign.is_file()) continue;
    const ManifestEntry entry = foreign.entry(top);
    if (entry.entry.path != path) continue;
    const ByteVector zeros(kZerosBytes);
    std::uint64_t at = 0;
    const auto zeros_to = [&](std::uint64_t offset) {
      while (at < offset) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), offset - at));
        sink(ByteSpan(zeros).first(size));
        at += size;
      }
    };
    foreign.read([&](std::uint64_t offset, ByteSpan bytes) {
      zeros_to(offset);
      sink(bytes);
      at += bytes.size();
    });
    zeros_to(entry.entry.size);
    return true;
  }
  return false;
}

}  // namespace

ArchiveReader::ArchiveReader(const RandomAccess& file) : file_(file), container_(ContainerReader::open(file)) {
  if (container_) {
    know_header();
    return;
  }
  require_foreign(file);
  VhostSearch search = find_vhost(file, kFirstSearchBytes);
  top_ = std::move(search.top);
  if (search.text) vhost_ = vhost_from(file, *search.text);
  vhost_known_ = search.text || search.whole;
}

ArchiveReader::ArchiveReader(const RandomAccess& file, const ContainerReader& container)
    : file_(file), container_(container) {
  know_header();
}

void ArchiveReader::know_header() {
  header_ = container_->read_manifest_header();
  top_ = header_->name;
}

const Json& ArchiveReader::vhost() const {
  if (!vhost_known_) {
    std::call_once(vhost_read_, [this] {
      if (container_) {
        vhost_ = vhost_of(file_, *container_);
        return;
      }
      const VhostSearch search = find_vhost(file_, std::nullopt);
      if (search.text) vhost_ = vhost_from(file_, *search.text);
    });
  }
  return vhost_;
}

void ArchiveReader::entries(const std::function<void(const ManifestEntry&)>& visit) const {
  if (!container_) return foreign_entries(visit);
  container_->read_manifest(visit);
}

void ArchiveReader::entries(const ManifestFilter& wanted,
                            const std::function<void(const ManifestEntry&)>& visit) const {
  if (container_) return container_->read_manifest(wanted, visit);
  foreign_entries([&](const ManifestEntry& listed) {
    if (wanted.path(listed.entry.path)) visit(listed);
  });
}

void ArchiveReader::foreign_entries(const std::function<void(const ManifestEntry&)>& visit) const {
  ForeignArchive foreign(file_);
  while (foreign.next()) {
    const ManifestEntry entry = foreign.entry(top_);
    if (!entry.entry.path.empty()) visit(entry);
  }
}

std::optional<ManifestEntry> ArchiveReader::entry(const std::string& path) const {
  std::optional<ManifestEntry> found;
  const auto keep = [&](const ManifestEntry& listed) {
    if (!found && listed.entry.path == path) found = listed;
  };
  if (container_) {
    container_->read_manifest({[&](std::string_view other) { return other == path; }, {PathRange::only(path)}}, keep);
  } else {
    foreign_entries(keep);
  }
  return found;
}

ManifestEntry ArchiveReader::file_entry(const std::string& path) const {
  const std::optional<ManifestEntry> found = entry(path);
  if (!found) {
    throw Error(ErrorKind::not_found, fmt::format("{} is not in {}", printable(path), file_.name()),
                "`wobackup ls` shows what is");
  }
  return file_entry(*found);
}

ManifestEntry ArchiveReader::file_entry(const ManifestEntry& listed) const {
  const std::string& path = listed.entry.path;
  if (listed.entry.type == EntryType::file) return listed;
  if (listed.entry.type != EntryType::hardlink) {
    throw Error(ErrorKind::usage,
                fmt::format("{} is no file, but of type {}", printable(path), name_of(listed.entry.type)));
  }
  // Links are made to a file's first name, never to another link.
  std::optional<ManifestEntry> target = entry(listed.entry.link);
  if (!target || target->entry.type != EntryType::file) {
    member_damaged(path, "it is a hard link to a file that is not in the archive");
  }
  return *std::move(target);
}

void ArchiveReader::read_file(const std::string& path, const std::function<void(ByteSpan)>& sink) const {
  read_file(file_entry(path), sink);
}

void ArchiveReader::read_file(const ManifestEntry& listed, const std::function<void(ByteSpan)>& sink) const {
  const ManifestEntry file = file_entry(listed);
  if (container_) return StoredMember(*container_, file, top_).read(sink);
  if (!read_foreign(file_, top_, file.entry.path, sink)) {
    throw Error(ErrorKind::not_found, fmt::format("{} is not in {}", printable(file.entry.path), file_.name()));
  }
}

}  // namespace wobackup
