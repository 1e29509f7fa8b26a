#include "store/archive/tar_order.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "container/tar_encode.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostOutOfOrder = 100'000;

[[noreturn]] void damaged(const char* why) {
  throw Error(ErrorKind::verification, std::string("the manifest is damaged: ") + why);
}

std::vector<ManifestEntry> out_of_order(const ContainerReader& container) {
  std::vector<ManifestEntry> entries;
  container.read_manifest_lines([&](std::string_view line) {
    if (is_surely_deep(line)) return;
    ManifestEntry entry = manifest_entry_from(line);
    if (!entry.offset || !may_be_out_of_order(entry)) return;
    if (entries.size() == kMostOutOfOrder) damaged("too many members lie at the top");
    entries.push_back(std::move(entry));
  });
  std::sort(entries.begin(), entries.end(),
            [](const ManifestEntry& a, const ManifestEntry& b) { return *a.offset < *b.offset; });
  return entries;
}

// Holds each member back until the next one tells where it ends.
class InTarOrder {
 public:
  InTarOrder(const std::function<void(const ManifestEntry&, const TarExtent&)>& visit, TarEnds& ends)
      : visit_(visit), ends_(ends) {}

  void add(const ManifestEntry& entry) {
    if (*entry.offset % kTarBlockBytes != 0 || *entry.offset >= ends_.members_end) damaged("an offset is wrong");
    if (held_) {
      if (*entry.offset <= *held_->offset) damaged("its members are not in the order of the tar");
      visit_(*held_, {*held_->offset, *entry.offset});
    } else {
      ends_.members_begin = *entry.offset;
    }
    held_ = entry;
  }

  void finish() {
    if (held_) visit_(*held_, {*held_->offset, ends_.members_end});
  }

 private:
  const std::function<void(const ManifestEntry&, const TarExtent&)>& visit_;
  TarEnds& ends_;
  std::optional<ManifestEntry> held_;
};

}  // namespace

// Those at the top are few, and the only ones that may be out of order, with the dumps in databases/.
bool may_be_out_of_order(const ManifestEntry& entry) {
  return entry.entry.path.find('/') == std::string::npos || !entry.database.is_null();
}

// Spares a million lines of deep paths from being parsed. A line that only seems to be one of them is found out of
// order later.
bool is_surely_deep(std::string_view line) {
  const std::optional<std::string_view> path = plain_path_of(line);
  return path && path->find('/') != std::string_view::npos && line.find("\"database\":") == std::string_view::npos;
}

TarEnds visit_in_tar_order(const ContainerReader& container,
                           const std::function<void(const ManifestEntry&, const TarExtent&)>& visit) {
  const std::vector<ManifestEntry> early_or_late = out_of_order(container);
  TarEnds ends;
  ends.members_end = container.frames().back().plain_offset;
  ends.members_begin = ends.members_end;
  InTarOrder order(visit, ends);
  auto next = early_or_late.begin();
  container.read_manifest([&](const ManifestEntry& entry) {
    if (!entry.offset || may_be_out_of_order(entry)) return;
    for (; next != early_or_late.end() && *next->offset < *entry.offset; ++next) order.add(*next);
    order.add(entry);
  });
  for (; next != early_or_late.end(); ++next) order.add(*next);
  order.finish();
  return ends;
}

}  // namespace wobackup
