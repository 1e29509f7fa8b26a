// The service through which every backup goes.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wobackup/config.h"
#include "wobackup/doctor.h"
#include "wobackup/error.h"
#include "wobackup/guard.h"
#include "wobackup/inspect.h"
#include "wobackup/json.h"
#include "wobackup/log.h"
#include "wobackup/restore.h"
#include "wobackup/site.h"
#include "wobackup/snapshot.h"
#include "wobackup/store.h"
#include "wobackup/verify.h"

namespace wobackup {

/// All use cases. One object may be used from several threads at once; two backups of one site exclude each other
/// (Error locked), also across processes. Every function throws Error, and nothing else but std::bad_alloc.
class Service {
 public:
  /// `cancelled` is asked ten times a second, from another thread, while a store elsewhere is read by an operation that
  /// is given no such function itself: true ends it with Error interrupted.
  explicit Service(Config config, LogSink log = {}, std::function<bool()> cancelled = {});
  Service(Service&&) noexcept;
  Service& operator=(Service&&) noexcept;
  ~Service();

  [[nodiscard]] const Config& config() const noexcept;

  /// The site of this name. Throws not_found (with similar names as a hint), or usage for an invalid host name.
  [[nodiscard]] Site site(const std::string& name) const;
  /// All sites, by name: the registry's and the config's. A row of the registry with unusable values is left out:
  /// `left_out` gets a text for each (whoever backs up all sites has missed one); without it, they are logged.
  [[nodiscard]] std::vector<Site> sites(std::vector<std::string>* left_out = nullptr) const;
  /// A site described by the registry's fields as a JSON object (sitename and site_path are needed).
  [[nodiscard]] Site site_from_json(const Json& fields) const;
  /// The name of the site's database for display, without connecting; nothing if it has none or cannot be told.
  [[nodiscard]] std::optional<std::string> database_name(const Site& site) const;

  /// Databases that more than one site uses, by name. Reads the sites' config files, without connecting.
  [[nodiscard]] std::vector<SharedDatabase> shared_databases() const;

  /// Makes one backup. Returns only when it is published and synced. Throws dump, no_space, locked, interrupted,
  /// usage, failed; then nothing is left under a final name.
  [[nodiscard]] Created create(const Site& site, const CreateOptions& options = {});

  /// The backups of a site, newest first. An unknown site whose folder of archives exists under the configured root
  /// is listed too. A damaged archive is listed with its `problem`.
  [[nodiscard]] std::vector<SnapshotRef> list(
      const std::string& site, const std::optional<std::filesystem::path>& backup_root = std::nullopt) const;

  /// Rebuilds what is remembered of a site's encrypted archives, for a state folder that was lost: as far as their
  /// names tell, or the archives themselves if config().keys open them without asking. Returns how many were new.
  /// Throws what `list` throws, and locked.
  std::size_t rescan(const std::string& site, const std::optional<std::filesystem::path>& backup_root = std::nullopt);

  /// Finds what a user named: a path of an archive, "site/name", "site/latest" or "site" (both: latest complete).
  /// Throws not_found.
  [[nodiscard]] std::filesystem::path find(
      const std::string& what, const std::optional<std::filesystem::path>& backup_root = std::nullopt) const;

  /// The backups that a store has of a site, or of all sites by name; newest first. Also of sites that are gone from
  /// this server. `store` is a store's name in the config, its URL, or an absolute path. Their `archive` is an address
  /// such as "s3://bucket/prefix/example.com/2025-01-20_14-25-30.tar.zst", which all that takes an archive takes
  /// as it takes a path; of a store that is a folder, it is a path. Throws not_found
  /// for an unknown store, usage, failed.
  [[nodiscard]] std::vector<SnapshotRef> list_in(const std::string& store,
                                                 const std::optional<std::string>& site = std::nullopt) const;
  /// As `find`, in a store; with one listing. "latest" is the newest that is complete by its name: if it turns out to
  /// be damaged, whoever reads it is told. An archive of a store elsewhere that is not the one that its name says (by
  /// what was recorded here, else by its own word) is refused with Error verification by all that reads it; `verify`
  /// tells it as a problem, and `restore` with `salvage` takes it.
  [[nodiscard]] std::filesystem::path find_in(const std::string& store, const std::string& what) const;
  /// The sites of which a store has backups, sorted. Looks into none of them. Throws as list_in.
  [[nodiscard]] std::vector<std::string> sites_in(const std::string& store) const;
  /// The newest complete backup of a site of which a copy in a store elsewhere was recorded; the store is not asked
  /// whether it still has it. Its type, reason and size are those of the record.
  [[nodiscard]] std::optional<SnapshotRef> last_recorded_in_stores(const std::string& site) const;

  /// Tries a store with this machine's own credentials: a small object of its own, "wobackup-doctor-...", is written,
  /// read, listed, overwritten and removed; no backup is touched. Tells whether who has these credentials could destroy
  /// backups, and what to set against it; clocks and free space. What fails is a finding. `cancelled` as in
  /// CopyOptions. Throws not_found for an unknown store, usage, interrupted; locked if another one is at work.
  [[nodiscard]] Examined examine_store(const std::string& store, const std::function<bool()>& cancelled = {}) const;
  /// Looks at this machine: settings, state folder, registry, programs, databases, where backups go to and how old
  /// they are, and what was interrupted. Changes nothing.
  [[nodiscard]] Examined examine_machine(const std::function<bool()>& cancelled = {}) const;
  /// The URL of a store, or its path. Throws not_found, usage.
  [[nodiscard]] std::string store_url(const std::string& store) const;

  /// Copies an archive to stores, to all of them at once: a slow or failing one does not touch the others. The
  /// bytes stay as they are, unless CopyOptions say something else of their encryption; nothing is compressed anew. A
  /// store with recipients takes a plain archive only from CopyAs::plain (its error is of the kind usage).
  /// The results are in the order of `stores`; an error is thrown only for what concerns all of them (usage,
  /// not_found). Nothing is seen there before it is whole, and nothing is replaced. An archive that was made here must
  /// still have its recorded sum.
  [[nodiscard]] std::vector<Stored> copy(const std::filesystem::path& archive, const std::vector<std::string>& stores,
                                         const CopyOptions& options = {}) const;

  /// vhost.json of an archive, plus archive_path, archive_size (bytes), archive_mtime (seconds since 1970, with
  /// fraction), indexed, complete, verified (level, ok, sample, time; or null), and for indexed archives the manifest's
  /// counts. Throws not_found, or verification
  /// for a file that is no whole archive.
  [[nodiscard]] Json info(const std::filesystem::path& archive) const;

  /// Restores an archive, or a part of it, to a folder. Nothing outside of it is touched, whatever the archive holds;
  /// every hash is compared before a file gets its name. Returns also when something could not come back (a device
  /// node, with `salvage` what is damaged): then `complete` is false. Throws verification (naming the member),
  /// not_found (also for an `include` that matches nothing), no_space, usage, interrupted, failed; what was restored
  /// before stays.
  [[nodiscard]] Restored restore(const std::filesystem::path& archive, const RestoreOptions& options) const;

  /// Of which site an archive says that it is a backup, and when it was made. Throws as `info`, but a file that says
  /// nothing is no error.
  [[nodiscard]] ArchiveOrigin origin(const std::filesystem::path& archive) const;

  /// Replaces a site's files and database (all that the archive has, or a part) by an archive's, in a moment: they are
  /// restored into a folder beside the files and a database beside the site's, and exchanged by renames. What was there
  /// is kept until `undo_restore` brings it back or `finish_restore` archives it; the next restore in place finishes
  /// the one before. A site that ran before and does not run afterwards gets everything back. Throws as `restore`, and
  /// usage (also for an archive of another site, unless options.other_site), locked (also for a site with an
  /// interrupted restore), rolled_back (failed; all is as it was), rollback_failed.
  [[nodiscard]] RestoredInPlace restore_in_place(const Site& site, const std::filesystem::path& archive,
                                                 const InPlaceOptions& options = {});
  /// What a restore in place has left behind; nothing if there was none or it was finished.
  [[nodiscard]] std::optional<PendingRestore> pending_restore(const std::string& site) const;
  /// The same of all sites, also of those that the catalog does not know any more, by name.
  [[nodiscard]] std::vector<PendingRestore> pending_restores() const;
  /// An interrupted restore: to its end, or back. Throw not_found if there is none, usage if that makes no sense now,
  /// rollback_failed if the files were changed by somebody else meanwhile (the hint says what to do by hand).
  void resume_restore(const std::string& site, const LockWait& wait = {});
  void abort_restore(const std::string& site, const LockWait& wait = {});
  /// A restore that was done: back to what was before it. What it had brought, with all that was written since, is
  /// displaced then, and kept until finish_restore.
  void undo_restore(const std::string& site, const LockWait& wait = {});
  /// What a restore, or its undoing, has displaced becomes an archive (reason "pre-restore" or "pre-undo"), whose path
  /// is returned, and is removed; an empty path if nothing was displaced. With `discard` it is only removed, and what
  /// somebody else has removed or moved away is forgotten.
  std::filesystem::path finish_restore(const Site& site, bool discard = false, const LockWait& wait = {});

  /// Backs up, makes the change, checks, and rolls back what was backed up if the change or a check failed. `change`
  /// fails by throwing (anything derived from std::exception). What was broken before is no reason to roll back. Throws
  /// what `create` throws, incomplete, locked (also for a guard of the site that is running or pending) and usage
  /// before anything was changed; GuardFailed afterwards.
  [[nodiscard]] GuardResult guard(const Site& site, const GuardOptions& options,
                                  const std::function<void(const GuardedChange&)>& change);
  /// The same with a program, which fails by an exit status other than 0, a signal, or its timeout.
  [[nodiscard]] GuardResult guard(const Site& site, const GuardOptions& options, const GuardCommand& command);
  /// A guard that is at work, or was killed after its backup; nothing if there is none.
  [[nodiscard]] std::optional<PendingGuard> pending_guard(const std::string& site) const;
  /// The same of all sites, by name.
  [[nodiscard]] std::vector<PendingGuard> pending_guards() const;
  /// A killed guard: keeps the change if the checks pass now, compared with the state before it; a roll-back that had
  /// begun to exchange anything goes on to its end. Throws verification (then it is still pending), not_found.
  [[nodiscard]] GuardResult resume_guard(const std::string& site);
  /// A killed guard: rolls back. Throws not_found, and GuardFailed rollback_failed (then it is still pending).
  [[nodiscard]] GuardResult abort_guard(const std::string& site);

  /// Proves an archive, and remembers the result. What is damaged is told in the result; thrown are not_found,
  /// interrupted, usage, failed.
  [[nodiscard]] Verified verify(const std::filesystem::path& archive, const VerifyOptions& options) const;
  /// What was proven of an archive since it last changed; nothing if nothing was.
  [[nodiscard]] std::optional<VerifyRecord> last_verified(const std::filesystem::path& archive) const;

  /// Visits what an archive holds: sorted by path, or, of archives of other programs, in the tar's order. A million
  /// entries need no memory. Until it returns, what was visited is not proven: the archive's hash of its list is
  /// compared at the end. Throws not_found (no such archive, or nothing in it of that name), verification.
  EntriesResult entries(const std::filesystem::path& archive, const EntriesOptions& options,
                        const std::function<void(const ArchiveEntry&)>& visit) const;

  /// Which backups of a site, or of all sites, hold paths that match a glob, and in which versions. Visits them site by
  /// site, sorted by path. Backups that cannot be read are told to on_problem. Throws usage for an unusable glob, and
  /// what `list` throws for the site.
  FindResult find_versions(const std::string& pattern, const FindOptions& options,
                           const std::function<void(const FoundPath&)>& visit) const;

  /// What differs between two backups, of one site or of two. Visits the paths that differ in ascending order; a
  /// million of them need no memory. What a path's content is, its sha256 tells.
  [[nodiscard]] Difference difference(const std::filesystem::path& before, const std::filesystem::path& after,
                                      const DiffOptions& options,
                                      const std::function<void(const EntryChange&)>& visit) const;
  /// The same against the backup's site as it is now. A file whose size and time are the same counts as the same,
  /// unless options.checksum; one whose time differs is read. The database is asked by the login that a backup would
  /// use: definitions and numbers of rows are compared; if it cannot be asked, that is a note.
  [[nodiscard]] Difference difference_to_live(const std::filesystem::path& before, const DiffOptions& options,
                                              const std::function<void(const EntryChange&)>& visit) const;

  /// Gives out one member's content, a table's SQL (after the dump's first statements, so that it can be loaded as it
  /// is), or the whole dump. Of an indexed archive, only the frames that hold it are read. A whole member is compared
  /// with its sha256 at the end, a table's bytes with their frames' checksums. Throws not_found, usage, verification,
  /// and what the sink throws.
  void dump(const std::filesystem::path& archive, const DumpOptions& options,
            const std::function<void(std::span<const std::byte>)>& sink) const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// "0.1.0"
[[nodiscard]] const char* version() noexcept;

}  // namespace wobackup
