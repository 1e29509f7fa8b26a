// A manifest in memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace wobackup {

/// Paths from `begin` up to, and without, `end`, compared bytewise. An empty `end` is behind all.
struct PathRange {
  std::string begin;
  std::string end;
  [[nodiscard]] static PathRange all() { return {}; }
  /// One path.
  [[nodiscard]] static PathRange only(std::string_view path);
  /// A path and all that is below it (and what sorts between, like `path-x`).
  [[nodiscard]] static PathRange below(std::string_view path);
};

/// The same paths in ranges that are sorted and apart.
[[nodiscard]] std::vector<PathRange> united(std::vector<PathRange> ranges);

/// A manifest's payload as it is stored: zstd frames of whole lines, the header's first, then the entries' sorted by
/// path. So one path is found by looking at the beginnings of a few frames, and unpacking one. Immutable: any thread
/// may use it.
class KnownManifest {
 public:
  /// `payload`: its hash has been compared. `name`: of the file that it is in, for messages. Throws Error verification
  /// if it is not made of zstd frames.
  KnownManifest(ByteVector payload, std::string name);

  /// The frame of the header's line.
  [[nodiscard]] ByteSpan header_frame() const { return frame(0); }
  /// Calls `visit` for the lines of entries in this range, in order, until it returns false. Throws Error verification
  /// if what had to be unpacked is damaged or out of order.
  void lines(const PathRange& range, const std::function<bool(std::string_view line)>& visit) const;

 private:
  [[nodiscard]] std::string lines_name() const;
  [[nodiscard]] ByteSpan frame(std::size_t index) const;
  [[nodiscard]] std::string first_path(std::size_t index) const;
  [[nodiscard]] std::size_t frame_of(const std::string& path) const;

  ByteVector payload_;
  std::string name_;
  std::vector<std::size_t> ends_;  // of the frames in the payload
};

}  // namespace wobackup
