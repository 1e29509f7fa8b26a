#include "snapshot/restore_totals.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "store/archive/partial_archive.h"
#include "store/archive/stored_member.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kFewMembers = 16;
constexpr std::uint64_t kFewBytes = std::uint64_t{16} << 20U;

// Of few members it is told exactly; the tar says how much is stored of one with holes.
std::uint64_t room_of(const ContainerReader& container, const RestoreTotals& totals) {
  if (totals.entries != totals.members.size()) return totals.bytes;
  const std::string top = container.read_manifest_header().name;
  std::uint64_t room = 0;
  for (const ManifestEntry& member : totals.members) {
    if (member.entry.type != EntryType::file) continue;
    if (!member.entry.sparse) {
      room += member.entry.size;
      continue;
    }
    try {
      room += StoredMember(container, member, top).header().data_bytes;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;  // a damaged one will not be written
    }
  }
  return room;
}

}  // namespace

bool RestoreTotals::few() const { return entries == members.size() && bytes <= kFewBytes; }

ManifestFilter may_be_wanted(const Selection& selection) {
  return {[&selection](std::string_view path) { return selection.may_have(path); }, selection.ranges()};
}

void require_some(std::uint64_t entries, const RestoreOptions& options) {
  const bool part = !options.files || !options.database;
  if (entries > 0 || !part || !options.include.empty() || !options.exclude.empty()) return;
  throw Error(ErrorKind::not_found, fmt::format("the backup holds no {}", options.files ? "files" : "database"),
              "`wobackup ls` shows what it holds");
}

// Asks the manifest what will come. What is not there is better said before anything is written.
RestoreTotals count_wanted(const ContainerReader& container, Selection& selection, const RestoreOptions& options) {
  const ManifestHeader header = container.read_manifest_header();
  if (selection.is_everything()) {
    return {header.entries, header.files, header.file_bytes, most_room_bytes(header), {}};
  }
  RestoreTotals totals;
  container.read_manifest(may_be_wanted(selection), [&](const ManifestEntry& listed) {
    if (!listed.offset || !selection.has(listed)) return;
    ++totals.entries;
    if (totals.members.size() < kFewMembers) totals.members.push_back(listed);
    if (listed.entry.type != EntryType::file) return;
    ++totals.files;
    totals.bytes += listed.entry.size;
  });
  if (const auto unmet = selection.unmet()) {
    throw Error(ErrorKind::not_found, fmt::format("nothing in the backup is called {}", printable(*unmet)),
                "`wobackup ls` shows what it holds");
  }
  require_some(totals.entries, options);
  totals.room_bytes = std::min(room_of(container, totals), header.tar_bytes);
  return totals;
}

}  // namespace wobackup
