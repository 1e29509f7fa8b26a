// One side of a comparison: an archive, or a site as it is now.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inspect/entry_stream.h"
#include "inspect/software.h"
#include "store/archive/archive_reader.h"
#include "wobackup/config.h"
#include "wobackup/site.h"

namespace wobackup {

/// Used from one thread. Everything it refers to outlives it.
class DiffSide {
 public:
  /// Told what was left out, and why.
  using Note = std::function<void(const std::string& path, const std::string& what)>;

  DiffSide() = default;
  DiffSide(const DiffSide&) = delete;
  DiffSide& operator=(const DiffSide&) = delete;
  virtual ~DiffSide() = default;

  [[nodiscard]] virtual bool has_files() const = 0;
  /// The site's files in strictly ascending order of path: without vhost.json and dumps.
  [[nodiscard]] virtual std::unique_ptr<EntryStream> entries() = 0;
  /// The hash of a regular file's stored bytes (docs/archive.md), nothing if it cannot be told. May read the file.
  [[nodiscard]] virtual std::optional<Sha256Digest> hash(StreamedEntry& entry) = 0;
  /// What a file that may_describe_software tells.
  [[nodiscard]] virtual std::optional<Software> software(StreamedEntry& entry) = 0;
};

/// Without an index, the whole tar is read, and its list is sorted with bounded memory.
[[nodiscard]] std::unique_ptr<DiffSide> archive_side(const ArchiveReader& archive, DiffSide::Note note);
/// What `create` would store of the site, without its database.
[[nodiscard]] std::unique_ptr<DiffSide> live_side(const Site& site, const Config& config, DiffSide::Note note);

}  // namespace wobackup
