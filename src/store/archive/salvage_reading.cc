#include "store/archive/salvage_reading.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "container/skippable_frame.h"
#include "container/tar_decode.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/foreign_archive.h"
#include "store/archive/frame_scan.h"
#include "store/archive/manifest_remains.h"
#include "store/archive/readable_part.h"
#include "store/archive/tar_salvage.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kLookedThroughBytes = std::uint64_t{64} << 20U;

bool is_top_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

// As the first frame says it, which holds the top folder's header. Empty if it does not.
std::string top_of_first_frame(const RandomAccess& file, const Cancellation& cancellation) {
  FrameScan scan(file, 0, file.size(), cancellation);
  ScannedFrame frame;
  if (!scan.next(frame) || !frame.whole || frame.begin != 0) return {};
  return top_of_frame(frame.plain).value_or(std::string());
}

bool is_readable_foreign(const RandomAccess& file) {
  try {
    return ForeignArchive(file).next();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return false;
  }
}

class Salvage {
 public:
  Salvage(const RandomAccess& file, const ContainerReader* index, const SalvageOptions& options,
          ReadingCounters& counters, const Cancellation& cancellation)
      : file_(file), index_(index), options_(options), counters_(counters), cancellation_(cancellation) {}

  SalvageSummary run(MemberSink& sink);

 private:
  [[nodiscard]] std::string find_top();
  void read_listed(TarSalvage& tar);
  void read_scanned(TarSalvage& tar);
  void take(TarSalvage& tar, ByteSpan plain, std::uint64_t frame_bytes);

  const ReadablePart file_;
  const ContainerReader* const index_;
  const SalvageOptions& options_;
  ReadingCounters& counters_;
  const Cancellation& cancellation_;
  std::optional<ManifestPlace> manifest_;
  SalvageSummary summary_;
};

// A manifest that is not proven may be that of another archive, which lies within this one.
std::string Salvage::find_top() {
  std::string listed = manifest_ && manifest_->header ? manifest_->header->name : std::string();
  if (!is_top_name(listed)) listed.clear();
  if (manifest_ && manifest_->proven && !listed.empty()) return listed;
  std::string top = top_of_first_frame(file_, cancellation_);
  if (top.empty()) return listed;
  if (manifest_ && listed != top && !manifest_->proven && index_ == nullptr && !listed.empty()) manifest_.reset();
  return top;
}

void Salvage::take(TarSalvage& tar, ByteSpan plain, std::uint64_t frame_bytes) {
  ++counters_.frames;
  counters_.plain_bytes += plain.size();
  if (!tar.take(plain)) summary_.lost_bytes += frame_bytes;
}

void Salvage::read_listed(TarSalvage& tar) {
  FrameScratch scratch;
  for (std::size_t i = 0; i < index_->frames().size() && !tar.ended(); ++i) {
    cancellation_.check();
    const SeekFrame& place = index_->frames()[i];
    ByteSpan plain;
    try {
      plain = index_->read_frame(i, scratch);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;
      summary_.lost_bytes += place.bytes;
      tar.miss(place.plain_bytes);
      continue;
    }
    take(tar, plain, place.bytes);
  }
}

void Salvage::read_scanned(TarSalvage& tar) {
  const std::uint64_t data_end = manifest_ ? manifest_->begin - kSkippableHeaderBytes : file_.size();
  FrameScan scan(file_, 0, file_.size(), cancellation_);
  ScannedFrame frame;
  while (!tar.ended() && scan.next(frame) && frame.begin < data_end) {
    cancellation_.check();
    if (frame.whole) {
      take(tar, frame.plain, frame.end - frame.begin);
    } else {
      summary_.lost_bytes += std::min(frame.end, data_end) - frame.begin;
      tar.miss(frame.plain_bytes);
    }
  }
  if (!scan.gave_up()) return;
  summary_.gave_up = true;
  summary_.lost_bytes += data_end - std::min(data_end, scan.position());
  tar.miss(std::nullopt);
}

SalvageSummary Salvage::run(MemberSink& sink) {
  summary_.file_bytes = file_.size();
  manifest_ = find_manifest(file_, index_, cancellation_);
  std::string top = find_top();
  ListedMembers listed(file_, manifest_ ? &*manifest_ : nullptr, cancellation_, [this](const ManifestEntry& entry) {
    if (options_.wanted && !options_.wanted(entry)) return;
    if (options_.on_lost) options_.on_lost(entry.entry.path, "its frame is damaged or missing");
  });
  TarSalvage tar(std::move(top), listed, sink, options_, summary_, counters_);
  if (index_ != nullptr) {
    read_listed(tar);
  } else {
    read_scanned(tar);
  }
  tar.finish();
  summary_.list_found = manifest_.has_value();
  summary_.list_whole = listed.complete();
  return summary_;
}

}  // namespace

bool can_be_salvaged(const RandomAccess& file, const Cancellation& cancellation) {
  const ReadablePart readable(file);
  if (begins_like_ours(readable)) return true;
  if (is_readable_foreign(readable)) return false;
  FrameScan scan(readable, 0, kLookedThroughBytes, cancellation);
  for (ScannedFrame frame; scan.next(frame);) {
    if (frame.whole && top_of_frame(frame.plain)) return true;
  }
  return false;
}

SalvageSummary salvage_members(const RandomAccess& file, const ContainerReader* index, MemberSink& sink,
                               const SalvageOptions& options, ReadingCounters& counters,
                               const Cancellation& cancellation) {
  return Salvage(file, index, options, counters, cancellation).run(sink);
}

}  // namespace wobackup
