#include "container/known_manifest.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "container/ascending_paths.h"
#include "container/compressed_lines.h"
#include "container/manifest.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

[[noreturn]] void damaged(const std::string& name, std::string_view why) {
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: its manifest {}", name, why));
}

}  // namespace

PathRange PathRange::only(std::string_view path) {
  PathRange range{std::string(path), std::string(path)};
  range.end.push_back('\0');
  return range;
}

PathRange PathRange::below(std::string_view path) {
  constexpr char kAfterSlash = '/' + 1;
  PathRange range{std::string(path), std::string(path)};
  range.end.push_back(kAfterSlash);
  return range;
}

std::vector<PathRange> united(std::vector<PathRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::vector<PathRange> result;
  for (PathRange& range : ranges) {
    if (result.empty() || (!result.back().end.empty() && result.back().end < range.begin)) {
      result.push_back(std::move(range));
    } else if (!result.back().end.empty() && (range.end.empty() || result.back().end < range.end)) {
      result.back().end = std::move(range.end);
    }
  }
  return result;
}

KnownManifest::KnownManifest(ByteVector payload, std::string name)
    : payload_(std::move(payload)), name_(std::move(name)) {
  for (std::size_t at = 0; at < payload_.size(); at = ends_.back()) {
    const std::size_t bytes = ZSTD_findFrameCompressedSize(payload_.data() + at, payload_.size() - at);
    if (ZSTD_isError(bytes) != 0) damaged(name_, fmt::format("is no zstd: {}", ZSTD_getErrorName(bytes)));
    ends_.push_back(at + bytes);
  }
  if (ends_.empty()) damaged(name_, "is cut off");
  first_paths_.resize(ends_.size());
}

ByteSpan KnownManifest::frame(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return ByteSpan(payload_).subspan(begin, ends_[index] - begin);
}

std::string KnownManifest::lines_name() const { return fmt::format("the manifest of {}", name_); }

// Only as much is unpacked as one buffer holds.
std::string KnownManifest::first_path(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  std::string& path = first_paths_[index];
  if (!path.empty()) return path;
  CompressedLines(kLongestManifestLineBytes, lines_name()).feed(frame(index), [&](std::string_view line) {
    path = AscendingPaths(name_).next(line);
    return false;
  });
  if (path.empty()) damaged(name_, "has an empty part");
  return path;
}

// The last frame that may hold it. The first one holds the header, which comes before all paths.
std::size_t KnownManifest::frame_of(const std::string& path) const {
  std::size_t low = 0, high = ends_.size();
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (first_path(middle) <= path ? low : high) = middle;
  }
  return low;
}

void KnownManifest::lines(const PathRange& range, const std::function<bool(std::string_view line)>& visit) const {
  AscendingPaths paths(name_);
  bool wanted = true;
  for (std::size_t index = range.begin.empty() ? 0 : frame_of(range.begin); wanted && index < ends_.size(); ++index) {
    bool is_header = index == 0;
    CompressedLines lines(kLongestManifestLineBytes, lines_name());
    lines.feed(frame(index), [&](std::string_view line) {
      if (std::exchange(is_header, false)) return true;
      const std::string_view path = paths.next(line);
      if (path < range.begin) return true;
      wanted = (range.end.empty() || path < range.end) && visit(line);
      return wanted;
    });
    if (wanted && (is_header || !lines.at_end())) damaged(name_, "is cut off");
  }
}

}  // namespace wobackup
