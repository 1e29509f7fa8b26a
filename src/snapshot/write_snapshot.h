// A site as the stream of an archive, wherever that goes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/byte_output.h"
#include "base/cancellation.h"
#include "base/unique_fd.h"
#include "crypto/sha256.h"
#include "crypto/stream_hash.h"
#include "database/event_status.h"
#include "site/database_login.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/create.h"
#include "snapshot/database_capture.h"
#include "snapshot/vhost_metadata.h"
#include "store/archive/snapshot_record.h"

namespace wobackup {

/// What is taken; found out under the site's lock.
struct SnapshotPlan {
  SiteSettings settings;
  SiteDatabase database;
  std::optional<SiteServerLogin> known_login;
  EventStatus event_states;
  std::string former_name;  ///< as in GivenDatabase
  bool displaced = false;
  std::map<std::string, int> elsewhere;
};

/// One snapshot in the making. All that it refers to outlives it.
struct SnapshotRun {
  const Site& site;
  const CreateOptions& options;
  const CreateEnvironment& environment;
  const SnapshotPlan& plan;
  BackupScope scope;
  std::chrono::sys_seconds time;
  const Json& vhost;
  int backup_root_fd = -1;               ///< left out of the snapshot, if it lies in it
  bool hidden = false;                   ///< what `spool` gives holds nothing readable: the archive will be encrypted
  std::function<UniqueFd()> spool;       ///< for compressed pieces, enciphered if `hidden`
  std::function<UniqueFd()> open_spool;  ///< if `hidden`: for what is not
  Cancellation& cancellation;
};

/// What is known when the site's lock is held, and before anything is written.
struct SnapshotBeginning {
  const Site& site;
  const CreateOptions& options;
  const CreateEnvironment& environment;
  const SnapshotPlan& plan;
  BackupScope scope;
};

/// Where the archive's bytes go.
struct SnapshotOutput {
  ByteOutput& bytes;
  StreamHash* beside = nullptr;                  ///< of those bytes, if it wants company
  std::function<void()> finish;                  ///< called after the last byte
  std::function<std::uint64_t()> written_bytes;  ///< for the progress; from another thread
};

struct WrittenSnapshot {
  SnapshotRecord record;
  DatabaseTotals database;
  std::uint64_t tar_bytes = 0;
  Sha256Digest manifest_sha256{};
};

/// Writes all members. Throws Error; `written` is of no use then.
void write_snapshot(const SnapshotRun& run, const SnapshotOutput& output, WrittenSnapshot& written);

/// Looks at all files, and adds up their sizes: of a site that may be huge.
[[nodiscard]] std::uint64_t count_file_bytes(const SnapshotBeginning& begun);

/// The result, but for where it is.
[[nodiscard]] Created created_from(const SnapshotRun& run, const WrittenSnapshot& written);
/// The record of it, but for where it is.
[[nodiscard]] LedgerEntry ledger_entry(const SnapshotRun& run, const WrittenSnapshot& written);

/// An unnamed file in config.scratch_dir.
[[nodiscard]] UniqueFd scratch_spool(const Config& config);

/// As configured, else as many as cores, at most 4.
[[nodiscard]] unsigned compressing_threads(const Config& config);

}  // namespace wobackup
