#include "store/archive/manifest_remains.h"

#include <algorithm>
#include <utility>

#include "container/locator.h"
#include "container/skippable_frame.h"
#include "crypto/sha256.h"
#include "store/archive/tar_order.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kSearchedBytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20U;
constexpr std::size_t kLongestFrameBytes = std::size_t{1} << 20U;  // as it stands in the file
constexpr std::size_t kMostSpecials = 100'000;
constexpr int kMostPlacesTried = 1000;

constexpr ScanLimits kManifestFrames{kLongestFrameBytes, false};

ByteVector read_up_to(const RandomAccess& file, std::uint64_t begin, std::uint64_t end) {
  ByteVector bytes(static_cast<std::size_t>(std::min(end, file.size()) - begin));
  bytes.resize(file.read(begin, bytes));
  return bytes;
}

bool has_hash(const RandomAccess& file, const Locator& locator, const Cancellation& cancellation) {
  Sha256 hash;
  const std::uint64_t end = locator.manifest_offset + locator.manifest_bytes;
  for (std::uint64_t at = locator.manifest_offset; at < end;) {
    cancellation.check();
    const ByteVector piece = read_up_to(file, at, std::min(end, at + kPieceBytes));
    if (piece.empty()) return false;
    hash.update(piece);
    at += piece.size();
  }
  return hash.finish() == locator.manifest_sha256;
}

// The first line, if it is a manifest's.
std::optional<ManifestHeader> header_at(const RandomAccess& file, std::uint64_t begin, std::uint64_t end,
                                        const Cancellation& cancellation) {
  FrameScan scan(file, begin, std::min<std::uint64_t>(end, begin + kLongestFrameBytes), cancellation, kManifestFrames);
  ScannedFrame frame;
  if (!scan.next(frame) || !frame.whole || frame.begin != begin) return std::nullopt;
  const std::string_view text = text_of(frame.plain);
  const std::size_t newline = text.find('\n');
  if (newline == std::string_view::npos) return std::nullopt;
  try {
    return manifest_header_from(text.substr(0, newline));
  } catch (const Error&) {
    return std::nullopt;
  }
}

ManifestPlace place_of(const RandomAccess& file, const Locator& locator, const Cancellation& cancellation) {
  ManifestPlace place{locator.manifest_offset, locator.manifest_offset + locator.manifest_bytes, false, {}};
  place.proven = has_hash(file, locator, cancellation);
  place.header = header_at(file, place.begin, place.end, cancellation);
  return place;
}

// The manifest that these bytes, at `at` in the file, are the locator or the beginning of.
std::optional<ManifestPlace> place_at(const RandomAccess& file, std::uint64_t at, const Cancellation& cancellation) {
  const ByteVector bytes = read_up_to(file, at, at + kLocatorBytes);
  if (const auto locator = parse_locator(bytes)) {
    const bool fits = locator->manifest_offset >= kSkippableHeaderBytes && locator->manifest_offset <= at &&
                      locator->manifest_bytes == at - locator->manifest_offset;
    if (fits) return place_of(file, *locator, cancellation);
  }
  if (bytes.size() < 2 * kSkippableHeaderBytes) return std::nullopt;
  ManifestPlace place{at + kSkippableHeaderBytes, 0, false, {}};
  place.end = std::min(file.size(), place.begin + load_le<std::uint32_t>(ByteSpan(bytes).subspan(4)));
  place.header = header_at(file, place.begin, place.end, cancellation);
  return place.header ? std::optional(place) : std::nullopt;
}

}  // namespace

std::optional<ManifestPlace> find_manifest(const RandomAccess& file, const ContainerReader* index,
                                           const Cancellation& cancellation) {
  if (index != nullptr) return place_of(file, index->locator(), cancellation);
  const std::uint64_t lowest = file.size() - std::min(file.size(), kSearchedBytes);
  int tried = 0;
  for (std::uint64_t end = file.size(); end > lowest;) {
    cancellation.check();
    const std::uint64_t begin = std::max(lowest, end - std::min(end, kPieceBytes));
    const ByteVector bytes = read_up_to(file, begin, end + sizeof kSkippableMagic - 1);
    for (std::size_t i = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(end - begin)); i-- > 0;) {
      if (bytes[i] != std::byte{kSkippableMagic & 0xFFU} || bytes.size() - i < sizeof kSkippableMagic ||
          load_le<std::uint32_t>(ByteSpan(bytes).subspan(i)) != kSkippableMagic) {
        continue;
      }
      if (auto place = place_at(file, begin + i, cancellation)) return place;
      if (++tried == kMostPlacesTried) return std::nullopt;
    }
    end = begin;
  }
  return std::nullopt;
}

ManifestCursor::ManifestCursor(const RandomAccess& file, const ManifestPlace& place, const Cancellation& cancellation,
                               std::function<bool(std::string_view)> wanted)
    : place_(place), scan_(file, place.begin, place.end, cancellation, kManifestFrames), wanted_(std::move(wanted)) {}

bool ManifestCursor::read(ManifestEntry& entry) {
  while (true) {
    if (rest_.empty()) {
      ScannedFrame frame;
      if (!scan_.next(frame)) {
        gaps_ = gaps_ || scan_.gave_up();
        return false;
      }
      gaps_ = gaps_ || !frame.whole;
      if (!frame.whole) continue;
      rest_ = text_of(frame.plain);
      first_line_ = frame.begin == place_.begin;
      continue;
    }
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
    if (std::exchange(first_line_, false)) continue;  // the header
    if (wanted_ && !wanted_(line)) continue;
    try {
      entry = manifest_entry_from(line);
      return true;
    } catch (const Error&) {
      gaps_ = true;
    }
  }
}

// A damaged line may still look like one. What is proven needs no such doubts.
bool ManifestCursor::next(ManifestEntry& entry) {
  if (place_.proven) return read(entry);
  if (!ahead_) {
    ManifestEntry first;
    if (!read(first)) return false;
    ahead_ = std::move(first);
  }
  while (ahead_) {
    ManifestEntry candidate = *std::exchange(ahead_, std::nullopt);
    ManifestEntry following;
    while (read(following)) {
      if (following.entry.path <= last_path_) continue;
      ahead_ = std::move(following);
      break;
    }
    if (candidate.entry.path <= last_path_ || (ahead_ && candidate.entry.path >= ahead_->entry.path)) continue;
    last_path_ = candidate.entry.path;
    entry = std::move(candidate);
    return true;
  }
  return false;
}

ListedMembers::ListedMembers(const RandomAccess& file, const ManifestPlace* place, const Cancellation& cancellation,
                             std::function<void(const ManifestEntry&)> lost)
    : place_(place), lost_(std::move(lost)) {
  if (place_ == nullptr) return;
  ManifestCursor all(file, *place_, cancellation, [](std::string_view line) { return !is_surely_deep(line); });
  ManifestEntry entry;
  while (specials_.size() < kMostSpecials && all.next(entry)) {
    if (!entry.offset || !may_be_out_of_order(entry)) continue;
    std::string path = entry.entry.path;
    specials_.emplace(std::move(path), Special{std::move(entry), false});
  }
  cursor_.emplace(file, *place_, cancellation);
  advance();
}

void ListedMembers::advance() {
  ManifestEntry entry;
  current_met_ = false;
  while (cursor_->next(entry)) {
    if (!entry.offset || specials_.contains(entry.entry.path)) continue;
    current_ = std::move(entry);
    gaps_ = cursor_->has_gaps();
    return;
  }
  gaps_ = cursor_->has_gaps();
  current_.reset();
}

void ListedMembers::pass_over() {
  if (!current_met_) lost_(*current_);
  advance();
}

const ManifestEntry* ListedMembers::find(const std::string& path) {
  if (const auto special = specials_.find(path); special != specials_.end()) {
    special->second.met = true;
    return &special->second.entry;
  }
  // It does not stand where its path would have it, so those before it are not lost.
  if (path.find('/') == std::string::npos) return nullptr;
  while (current_ && current_->entry.path < path) pass_over();
  if (!current_ || current_->entry.path != path) return nullptr;
  current_met_ = true;
  return &*current_;
}

void ListedMembers::finish() {
  while (current_) pass_over();
  for (const auto& [path, special] : specials_) {
    if (!special.met) lost_(special.entry);
  }
}

}  // namespace wobackup
