// What is left of the manifest in an archive whose end is damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "container/container_reader.h"
#include "container/manifest.h"
#include "store/archive/frame_scan.h"

namespace wobackup {

/// Where a manifest lies, as far as that can be told.
struct ManifestPlace {
  std::uint64_t begin = 0, end = 0;  ///< of its payload in the file, as much as is there
  bool proven = false;               ///< it has the hash that the locator says
  std::optional<ManifestHeader> header;
};

/// Finds it: by the index if there is one, else by a locator in the last 64 MiB of the file, else by its own beginning
/// there. Nothing if it is gone.
[[nodiscard]] std::optional<ManifestPlace> find_manifest(const RandomAccess& file, const ContainerReader* index,
                                                         const Cancellation& cancellation);

/// Lines of a manifest, one after the other, sorted by path. A part that is damaged or longer than 8 MiB is passed
/// over; of a manifest that is not proven, so are lines that do not fit in where they stand. Used from one thread.
class ManifestCursor {
 public:
  /// The file and `cancellation` outlive the object. `wanted`: which lines are worth parsing; none: all.
  ManifestCursor(const RandomAccess& file, const ManifestPlace& place, const Cancellation& cancellation,
                 std::function<bool(std::string_view line)> wanted = {});
  [[nodiscard]] bool next(ManifestEntry& entry);
  /// Something was passed over so far.
  [[nodiscard]] bool has_gaps() const noexcept { return gaps_; }

 private:
  [[nodiscard]] bool read(ManifestEntry& entry);

  const ManifestPlace& place_;
  FrameScan scan_;
  const std::function<bool(std::string_view)> wanted_;
  std::string_view rest_;  // of the frame that is being read
  bool first_line_ = false;
  bool gaps_ = false;
  std::string last_path_;
  std::optional<ManifestEntry> ahead_;
};

/// Looks members up while the tar is read from its beginning, and tells which of those listed never came.
class ListedMembers {
 public:
  /// `lost` is called for each listed member that lies in no part of the tar that was read. `place`: none, if there is
  /// no manifest. All outlive the object.
  ListedMembers(const RandomAccess& file, const ManifestPlace* place, const Cancellation& cancellation,
                std::function<void(const ManifestEntry&)> lost);

  /// What the manifest says of the next member of the tar; null if nothing. Stays until the next call.
  [[nodiscard]] const ManifestEntry* find(const std::string& path);
  /// No more members come: what is left of the list is lost.
  void finish();

  /// Whether all lines up to here were read, of a manifest that is proven.
  [[nodiscard]] bool complete() const noexcept { return place_ != nullptr && place_->proven && !gaps_; }

 private:
  struct Special {
    ManifestEntry entry;
    bool met = false;
  };
  void advance();
  void pass_over();

  const ManifestPlace* place_;
  std::function<void(const ManifestEntry&)> lost_;
  std::map<std::string, Special, std::less<>> specials_;  // those that may be out of order
  std::optional<ManifestCursor> cursor_;
  std::optional<ManifestEntry> current_;
  bool current_met_ = false;
  bool gaps_ = false;
};

}  // namespace wobackup
