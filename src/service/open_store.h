// A store, reached. The only place that names concrete backends.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/pause.h"
#include "backend/retry.h"
#include "backend/s3/s3_settings.h"
#include "backend/upload_journal.h"
#include "base/cancellation.h"
#include "base/clock.h"
#include "service/unreachable_stores.h"
#include "snapshot/run_monitor.h"
#include "snapshot/verify_ledger.h"
#include "store/archive/archive_file.h"
#include "wobackup/config.h"
#include "wobackup/log.h"

namespace wobackup {

/// What a store needs from around it. Outlives it.
struct StoreEnvironment {
  const Config& config;
  const Clock& clock;
  const LogSink& log;
  unsigned attempts = RetryPolicy{}.attempts;  ///< of requests that fail for a reason that may go away
  UnreachableStores* unreachable = nullptr;    ///< what backups remember of stores; may be null
};

/// The settings of a store by its name in the config, or by its URL or absolute path. Throws not_found for a name that
/// the config does not have, usage for an unusable URL.
[[nodiscard]] StoreSettings store_settings_of(const std::string& store, const Config& config);

/// What a store in a bucket is to the requests that are S3's own; nothing for other stores. Throws Error usage.
[[nodiscard]] std::optional<S3Settings> s3_settings_of(const StoreSettings& store);

/// An archive's name in a store elsewhere: "s3://bucket/prefix/example.com/2025-01-20_14-25-30.tar.zst".
struct StoredName {
  StoreSettings store;
  std::string key;  ///< "example.com/2025-01-20_14-25-30.tar.zst"
};
/// Nothing for a path of this machine.
[[nodiscard]] std::optional<StoredName> stored_name(const std::filesystem::path& archive, const Config& config);

/// What tells an object from one that takes its place.
[[nodiscard]] ArchiveIdentity identity_of(const ObjectInfo& info);

/// How many S3 stores are written to at the same time: they share the memory for parts under way.
struct S3Share {
  unsigned stores = 1;
  static constexpr unsigned kMostStores = 8;
};
/// Of stores that are written to together. Throws Error usage, with this hint, for more than their memory allows.
[[nodiscard]] S3Share share_of(const std::vector<const StoreSettings*>& stores, const char* hint);

/// A store for the time of one operation.
class OpenStore {
 public:
  /// Makes no connection before it must. While it exists, `cancelled` (may be empty) is asked ten times a second;
  /// true ends what is under way with Error interrupted.
  OpenStore(const StoreSettings& settings, const StoreEnvironment& environment, const std::function<bool()>& cancelled,
            const S3Share& share = {});

  [[nodiscard]] Backend& backend() noexcept { return *backend_; }
  /// From now on, this is what is asked instead. The one before is not called any more.
  void attend(const std::function<bool()>& cancelled);
  /// To be called before a backup is written: a folder is marked, so that it is missed when its disk is not mounted.
  void mark();
  /// Where an object is, as people name it.
  [[nodiscard]] std::filesystem::path archive_of(const std::string& key) const { return url_ + "/" + key; }
  [[nodiscard]] const Cancellation& cancellation() const noexcept { return cancellation_; }
  /// From any thread: ends what is under way, as if `cancelled` had said so.
  void cancel() noexcept { cancellation_.cancel(); }

 private:
  std::string url_;
  std::filesystem::path folder_;  // of a store that is one
  std::filesystem::path state_dir_;
  SystemPause pause_;
  UploadJournal journal_;
  Cancellation cancellation_;
  std::optional<RunMonitor> watcher_;
  std::unique_ptr<Backend> backend_;
};

/// An archive of a store elsewhere, opened for reading.
class StoredArchive {
 public:
  /// Throws not_found, and what the store throws.
  StoredArchive(std::shared_ptr<OpenStore> store, const std::string& key);
  /// As it lies there, encrypted or not.
  [[nodiscard]] const std::shared_ptr<const RandomAccess>& stored() const noexcept { return stored_; }
  /// Decrypted, if it is encrypted. Throws as ArchiveFile does. Not from several threads at once.
  [[nodiscard]] const ArchiveFile& content(const Keys& keys);
  [[nodiscard]] double modified() const noexcept { return modified_; }  ///< seconds since 1970, by the store's clock
  /// For what is remembered of it.
  /// As `cancelled` of OpenStore.
  void attend(const std::function<bool()>& cancelled) { store_->attend(cancelled); }
  [[nodiscard]] const ArchiveIdentity& identity() const noexcept { return identity_; }

 private:
  std::shared_ptr<OpenStore> store_;
  double modified_ = 0;
  ArchiveIdentity identity_;
  std::shared_ptr<const RandomAccess> stored_;
  std::unique_ptr<const ArchiveFile> content_;
};

}  // namespace wobackup
