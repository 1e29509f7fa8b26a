// The composition root.
#include "wobackup/service.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/host_name.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "guard/guard.h"
#include "guard/pending_guard.h"
#include "inspect/difference.h"
#include "inspect/dump_member.h"
#include "inspect/find_versions.h"
#include "inspect/list_entries.h"
#include "recovery/archive_origin.h"
#include "recovery/drill.h"
#include "recovery/in_place_plan.h"
#include "recovery/restore_in_place.h"
#include "recovery/scratch.h"
#include "service/copy_to_stores.h"
#include "service/create_to_stores.h"
#include "service/examine_machine.h"
#include "service/examine_store.h"
#include "service/fetch_archive.h"
#include "service/find_stored.h"
#include "service/guard_stores.h"
#include "service/open_store.h"
#include "service/store_archives.h"
#include "service/store_pool.h"
#include "service/stored_trust.h"
#include "site/catalog.h"
#include "site/database_login.h"
#include "site/shared_database.h"
#include "site/site_record.h"
#include "snapshot/backup_target.h"
#include "snapshot/create.h"
#include "snapshot/remembered_archives.h"
#include "snapshot/restore.h"
#include "snapshot/verify.h"
#include "snapshot/verify_ledger.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_list.h"
#include "store/archive/archive_name.h"
#include "store/archive/archive_reader.h"
#include "version.h"

namespace wobackup {

namespace {

// Of what a user named, the site and the archive: "site/name", "site/latest" or "site".
using Wanted = WantedArchive;

Wanted wanted_from(const std::string& what) {
  const std::size_t slash = what.find('/');
  Wanted wanted{what.substr(0, slash), slash == std::string::npos ? "latest" : what.substr(slash + 1)};
  if (what.starts_with('/') || !host_name(wanted.site)) {
    throw Error(ErrorKind::not_found, fmt::format("there is no archive {}", printable(what)),
                "name it as SITE/NAME, SITE/latest or by its path; `wobackup list` shows what there is");
  }
  return wanted;
}

std::filesystem::path pick(const std::vector<SnapshotRef>& refs, const Wanted& wanted, const LogSink& log) {
  const bool latest = wanted.name == "latest";
  for (const SnapshotRef& ref : refs) {
    if (latest ? ref.good() : is_named(ref, wanted)) return ref.archive;
    // An older one is not taken in silence.
    if (latest && log && ref.complete && !ref.problem.empty()) {
      log(LogLevel::warning, fmt::format("the newer backup {} of {} is passed over: {}", printable(ref.name), ref.site,
                                         printable(ref.problem)));
    }
  }
  throw Error(ErrorKind::not_found,
              wanted.name == "latest" ? fmt::format("{} has no complete backup", wanted.site)
                                      : fmt::format("{} has no backup {}", wanted.site, printable(wanted.name)),
              fmt::format("`wobackup list {}` shows what there is", wanted.site));
}

std::string valid_name(const std::string& site) {
  const std::optional<std::string> valid = host_name(site);
  if (valid) return *valid;
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is not a host name", printable(site.substr(0, 100))),
              "a site's name looks like example.com");
}

}  // namespace

struct Service::Implementation {
  Config config;
  LogSink log;
  SystemClock clock;
  std::mutex log_mutex;
  mutable UnreachableStores unreachable;
  mutable StorePool store_pool{{config, clock, log}};  // refers to the others: goes before them
  mutable std::mutex found_mutex;
  mutable FoundStored last_found;  // has a store of the pool: goes first
  mutable std::chrono::steady_clock::time_point last_found_at;

  [[nodiscard]] StoreEnvironment stores() const {
    return {.config = config, .clock = clock, .log = log, .unreachable = &unreachable};
  }
  [[nodiscard]] GuardEnvironment guard() const { return {config, clock, log, guard_stores(stores())}; }
  /// An archive of a store elsewhere; nothing for a path of this machine.
  [[nodiscard]] std::unique_ptr<StoredArchive> stored(const std::filesystem::path& archive,
                                                      const std::function<bool()>& cancelled = {}) const {
    const std::optional<StoredName> name = stored_name(archive, config);
    if (!name) return nullptr;
    if (std::unique_ptr<StoredArchive> just_found = take_found(archive)) {
      if (cancelled) just_found->attend(cancelled);
      return just_found;
    }
    return std::make_unique<StoredArchive>(store_pool.take(name->store, cancelled), name->key);
  }
  /// By its name or URL.
  [[nodiscard]] std::shared_ptr<OpenStore> open_store(const std::string& store) const {
    return store_pool.take(store_settings_of(store, config));
  }
  /// What `find_in` had to open is mostly read next.
  void keep_found(FoundStored found) const {
    const std::scoped_lock lock(found_mutex);
    last_found = std::move(found);
    last_found_at = clock.monotonic();
  }
  [[nodiscard]] std::unique_ptr<StoredArchive> take_found(const std::filesystem::path& archive) const {
    constexpr std::chrono::seconds kStillTheSame{30};
    const std::scoped_lock lock(found_mutex);
    FoundStored found = std::move(last_found);
    last_found = {};
    const bool fits = found.archive == archive && clock.monotonic() - last_found_at < kStillTheSame;
    return fits ? std::move(found.opened) : nullptr;
  }
  [[nodiscard]] std::optional<VerifyRecord> verified(const std::filesystem::path& archive,
                                                     const std::optional<ArchiveIdentity>& identity) const {
    const std::optional<std::string> site = host_name(archive.parent_path().filename().string());
    return site ? VerifyHistory(config.state_dir, *site).find(archive, identity) : std::nullopt;
  }
  /// What others can write to, too: a folder that is a store holds what its names say, or nothing is read.
  void require_expected_in_folder(const std::filesystem::path& archive) const {
    if (!lies_in_folder_store(archive, config)) return;
    require_expected(archive, ArchiveFile(open_stored_archive(archive), config.keys), config);
  }
  /// Its content, if it is the archive that its name says; null for one of this machine.
  [[nodiscard]] const ArchiveFile* expected(const std::filesystem::path& archive,
                                            const std::unique_ptr<StoredArchive>& stored) const {
    if (!stored) {
      require_expected_in_folder(archive);
      return nullptr;
    }
    const ArchiveFile& content = stored->content(config.keys);
    require_expected(archive, content, config);
    return &content;
  }
  /// An archive's content, wherever it lies. What is returned keeps all alive that it needs.
  [[nodiscard]] std::shared_ptr<const RandomAccess> content(const std::filesystem::path& archive) const {
    std::shared_ptr<StoredArchive> elsewhere = stored(archive);
    if (!elsewhere) {
      require_expected_in_folder(archive);
      return open_archive(archive, config.keys);
    }
    const ArchiveFile& content = elsewhere->content(config.keys);
    require_expected(archive, content, config);
    return {elsewhere, &content};
  }
};

Service::Service(Config config, LogSink log, std::function<bool()> cancelled)
    : implementation_(std::make_unique<Implementation>()) {
  implementation_->config = std::move(config);
  implementation_->store_pool.set_default(std::move(cancelled));
  if (log) {
    implementation_->log = [log = std::move(log), self = implementation_.get()](LogLevel level, std::string_view text) {
      const std::scoped_lock lock(self->log_mutex);
      log(level, text);
    };
  }
}

Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;
Service::~Service() = default;

const Config& Service::config() const noexcept { return implementation_->config; }

Site Service::site(const std::string& name) const {
  return site_by_name(name, implementation_->config, implementation_->log);
}

std::vector<Site> Service::sites(std::vector<std::string>* left_out) const {
  return catalog(implementation_->config, implementation_->log, left_out);
}

Site Service::site_from_json(const Json& fields) const { return site_from_fields(fields); }

std::optional<std::string> Service::database_name(const Site& site) const {
  const SiteDatabase database = resolve_database(site, implementation_->config.for_site(site.name), false);
  if (database.login) return database.login->name;
  if (database.sqlite) return *database.sqlite;
  return std::nullopt;
}

std::vector<SharedDatabase> Service::shared_databases() const { return shared_databases_in(implementation_->config); }

Created Service::create(const Site& site, const CreateOptions& options) {
  sweep_scratch(implementation_->config, implementation_->log);
  CreateOptions chosen = options;
  if (chosen.stores.empty() && !chosen.backup_root) chosen.stores = default_stores(site, implementation_->config);
  if (!chosen.stores.empty()) return create_to_stores(site, chosen, implementation_->stores());
  return create_snapshot(site, chosen, {implementation_->config, implementation_->clock, implementation_->log});
}

std::vector<SnapshotRef> Service::list(const std::string& name,
                                       const std::optional<std::filesystem::path>& backup_root) const {
  const Config& config = implementation_->config;
  const std::string valid = valid_name(name);
  // A site that is gone from the server still has its archives, if the root says where.
  std::optional<std::filesystem::path> root = backup_root ? backup_root : config.for_site(valid).backup_root;
  if (!root) root = config.backup_root;
  std::optional<Error> unknown;
  try {
    root = backup_root_of(site(valid), config, backup_root);
  } catch (const Error& error) {
    if (!root) throw;
    unknown = error;
  }
  const std::filesystem::path directory = *root / valid;
  try {
    const UniqueFd fd = open_trusted_directory(directory, false);
    std::vector<SnapshotRef> refs =
        list_archives(fd.get(), directory, valid, config.keys, remembered_archives(config.state_dir, valid));
    const VerifyHistory history(config.state_dir, valid);
    for (SnapshotRef& ref : refs) ref.verified = history.find(ref.archive);
    return refs;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    if (unknown) throw Error(*unknown);
    return {};
  }
}

std::size_t Service::rescan(const std::string& name, const std::optional<std::filesystem::path>& backup_root) {
  return remember_archives(list(name, backup_root), valid_name(name), implementation_->config);
}

std::filesystem::path Service::find(const std::string& what,
                                    const std::optional<std::filesystem::path>& backup_root) const {
  if (const auto stored = stored_name(what, implementation_->config)) {
    if (archive_name_from(std::filesystem::path(what).filename().string())) return what;
    return find_in(stored->store.url, stored->key);
  }
  const bool path_like =
      what.starts_with('/') || what.starts_with("./") || what.starts_with("../") || !archive_ending_of(what).empty();
  // A file of another name, such as tmp/old.zip; a site's name alone is never one: there may be a site example.zip.
  std::error_code none;
  const bool is_file = std::filesystem::is_regular_file(what, none);
  const bool is_bare = what.find('/') == std::string::npos;
  if ((is_file && !is_bare) || (path_like && ::access(what.c_str(), F_OK) == 0)) return std::filesystem::absolute(what);
  const Wanted wanted = wanted_from(what);
  try {
    return pick(list(wanted.site, backup_root), wanted, implementation_->log);
  } catch (const Error& error) {
    if (!is_file) throw;
    throw Error(error.kind(), error.what(), fmt::format("for the file of this name say ./{}", printable(what)));
  }
}

std::vector<SnapshotRef> Service::list_in(const std::string& store, const std::optional<std::string>& site) const {
  const std::optional<std::string> valid = site ? std::optional(valid_name(*site)) : std::nullopt;
  return list_stored(*implementation_->open_store(store), valid, implementation_->config);
}

std::filesystem::path Service::find_in(const std::string& store, const std::string& what) const {
  const Wanted wanted = wanted_from(what);
  FoundStored found = find_stored(store_settings_of(store, implementation_->config), printable(store), wanted,
                                  implementation_->store_pool);
  std::filesystem::path archive = found.archive;
  implementation_->keep_found(std::move(found));
  return archive;
}

std::vector<std::string> Service::sites_in(const std::string& store) const {
  return sites_stored(*implementation_->open_store(store));
}

std::optional<SnapshotRef> Service::last_recorded_in_stores(const std::string& site) const {
  return last_recorded(valid_name(site), implementation_->config);
}

Examined Service::examine_store(const std::string& store, const std::function<bool()>& cancelled) const {
  Examined examined =
      wobackup::examine_store(store_settings_of(store, implementation_->config), implementation_->stores(), cancelled);
  examined.subject = store;
  return examined;
}

Examined Service::examine_machine(const std::function<bool()>& cancelled) const {
  return wobackup::examine_machine(*this, cancelled);
}

std::string Service::store_url(const std::string& store) const {
  return store_settings_of(store, implementation_->config).url;
}

std::vector<Stored> Service::copy(const std::filesystem::path& archive, const std::vector<std::string>& stores,
                                  const CopyOptions& options) const {
  const std::string file_name = archive.filename().string();
  if (!archive_name_from(file_name)) {
    throw Error(ErrorKind::usage, fmt::format("{} is not named like a backup", printable(archive.string())),
                "backups are named <YYYY-MM-DD_HH-MM-SS>.tar.zst or .tar.zst.age");
  }
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive, options.cancelled);
  // As it lies there: a copy of an encrypted archive needs no key.
  const std::shared_ptr<const RandomAccess> file = stored ? stored->stored() : open_stored_archive(archive);
  // A copy of what was exchanged would be read as the archive that its name says.
  if ((stored || lies_in_folder_store(archive, implementation_->config)) && !is_encrypted(*file)) {
    require_expected(archive, ArchiveFile(file, implementation_->config.keys), implementation_->config);
  }
  // Whose it is, the folder says; a file that lies somewhere else says it itself.
  std::optional<std::string> site = host_name(archive.parent_path().filename().string());
  if (!site) site = origin_of(ArchiveReader(ArchiveFile(file, implementation_->config.keys))).site;
  if (!site) {
    throw Error(ErrorKind::usage,
                fmt::format("{} does not say which site it is a backup of", printable(archive.string())),
                "put it into a folder that has the site's name");
  }
  return copy_to_stores({archive, file, *site}, stores, options, implementation_->stores());
}

Json Service::info(const std::filesystem::path& archive) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive);
  const Keys& keys = implementation_->config.keys;
  const ArchiveFile* const content = implementation_->expected(archive, stored);
  Json info = content ? archive_info(archive, *content, stored->modified()) : archive_info(archive, keys);
  info["verified"] = nullptr;
  if (const auto record = stored ? implementation_->verified(archive, stored->identity()) : last_verified(archive)) {
    info["verified"] = {
        {"level", name_of(record->level)}, {"ok", record->ok}, {"sample", record->sample}, {"time", record->time}};
  }
  return info;
}

Restored Service::restore(const std::filesystem::path& archive, const RestoreOptions& options) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive, options.cancelled);
  const RestoreEnvironment environment{implementation_->config, implementation_->log};
  if (!stored) {
    if (!options.salvage) implementation_->require_expected_in_folder(archive);
    return restore_to_folder(archive, options, environment);
  }
  // One that was cut off is opened in another way.
  if (options.salvage) {
    return restore_to_folder(archive, options, {implementation_->config, implementation_->log, stored->stored()});
  }
  const ArchiveFile& content = stored->content(implementation_->config.keys);
  require_expected(archive, content, implementation_->config);
  return restore_to_folder(archive, options, environment, &content);
}

ArchiveOrigin Service::origin(const std::filesystem::path& archive) const {
  return origin_of(ArchiveReader(*implementation_->content(archive)));
}

RestoredInPlace Service::restore_in_place(const Site& site, const std::filesystem::path& archive,
                                          const InPlaceOptions& options) {
  sweep_scratch(implementation_->config, implementation_->log);
  InPlaceEnvironment environment{implementation_->config, implementation_->clock, implementation_->log};
  if (const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive, options.cancelled)) {
    environment.stored = fetch_expected(*stored, archive, implementation_->config,
                                        {options.on_progress, options.cancelled}, options.accept_changed);
    environment.stored_identity = stored->identity();
  } else if (!options.accept_changed) {
    implementation_->require_expected_in_folder(archive);
  }
  return wobackup::restore_in_place(site, archive, options, environment);
}

std::optional<PendingRestore> Service::pending_restore(const std::string& site) const {
  const std::optional<std::string> valid = host_name(site);
  return valid ? pending_restore_now(*valid, implementation_->config) : std::nullopt;
}

std::vector<PendingRestore> Service::pending_restores() const { return pending_restores_in(implementation_->config); }

void Service::resume_restore(const std::string& site, const LockWait& wait) {
  wobackup::resume_restore(valid_name(site),
                           {implementation_->config, implementation_->clock, implementation_->log, wait});
}

void Service::abort_restore(const std::string& site, const LockWait& wait) {
  wobackup::abort_restore(valid_name(site),
                          {implementation_->config, implementation_->clock, implementation_->log, wait});
}

void Service::undo_restore(const std::string& site, const LockWait& wait) {
  wobackup::undo_restore(valid_name(site),
                         {implementation_->config, implementation_->clock, implementation_->log, wait});
}

std::filesystem::path Service::finish_restore(const Site& site, bool discard, const LockWait& wait) {
  return wobackup::finish_restore(site, discard,
                                  {implementation_->config, implementation_->clock, implementation_->log, wait});
}

GuardResult Service::guard(const Site& site, const GuardOptions& options,
                           const std::function<void(const GuardedChange&)>& change) {
  sweep_scratch(implementation_->config, implementation_->log);
  return guard_change(site, options, change, implementation_->guard());
}

GuardResult Service::guard(const Site& site, const GuardOptions& options, const GuardCommand& command) {
  sweep_scratch(implementation_->config, implementation_->log);
  return guard_command(site, options, command, implementation_->guard());
}

std::optional<PendingGuard> Service::pending_guard(const std::string& site) const {
  const std::optional<std::string> valid = host_name(site);
  return valid ? pending_guard_of(*valid, implementation_->config) : std::nullopt;
}

std::vector<PendingGuard> Service::pending_guards() const { return pending_guards_in(implementation_->config); }

GuardResult Service::resume_guard(const std::string& site) {
  return wobackup::resume_guard(valid_name(site), implementation_->guard());
}

GuardResult Service::abort_guard(const std::string& site) {
  return wobackup::abort_guard(valid_name(site), implementation_->guard());
}

Verified Service::verify(const std::filesystem::path& archive, const VerifyOptions& options) const {
  const VerifyEnvironment environment{implementation_->config, implementation_->clock, implementation_->log};
  sweep_scratch(implementation_->config, implementation_->log);
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive, options.cancelled);
  std::shared_ptr<const RandomAccess> file = stored ? stored->stored() : nullptr;
  const bool fetch = stored && options.level == VerifyLevel::drill;
  if (fetch) {
    file = fetch_archive(*file, archive, implementation_->config, {options.on_progress, options.cancelled});
  }
  Verified verified = verify_archive(archive, options, environment, true, file);
  const bool by_name = stored || lies_in_folder_store(archive, implementation_->config);
  if (by_name && verified.ok && verified.encrypted == verified.decrypted) {
    const ArchiveFile content(file ? file : open_stored_archive(archive), implementation_->config.keys);
    if (auto exchanged = exchanged_archive(archive, content, implementation_->config)) {
      verified.ok = false;
      ++verified.problem_count;
      verified.problems.push_back({std::nullopt, {}, *std::move(exchanged)});
    }
  }
  if (options.level == VerifyLevel::drill && verified.ok) {
    drill(archive, options,
          {implementation_->config, implementation_->clock, implementation_->log, fetch ? file : nullptr}, verified);
    verified.elapsed += verified.drill->total;
  }
  record_verified(verified, environment, stored ? std::optional(stored->identity()) : std::nullopt);
  return verified;
}

std::optional<VerifyRecord> Service::last_verified(const std::filesystem::path& archive) const {
  if (const auto name = stored_name(archive, implementation_->config)) {
    const std::shared_ptr<OpenStore> store = implementation_->store_pool.take(name->store);
    const std::optional<ObjectInfo> info = store->backend().stat(name->key);
    return info ? implementation_->verified(archive, identity_of(*info)) : std::nullopt;
  }
  return implementation_->verified(archive, identity_of(archive));
}

EntriesResult Service::entries(const std::filesystem::path& archive, const EntriesOptions& options,
                               const std::function<void(const ArchiveEntry&)>& visit) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive);
  const Keys& keys = implementation_->config.keys;
  return list_entries(archive, keys, options, visit, implementation_->expected(archive, stored));
}

FindResult Service::find_versions(const std::string& pattern, const FindOptions& options,
                                  const std::function<void(const FoundPath&)>& visit) const {
  FindResult result;
  const auto open = [this](const std::filesystem::path& archive) { return implementation_->content(archive); };
  if (options.store) {
    if (options.backup_root) throw Error(ErrorKind::usage, "a store and a root exclude each other");
    // By site: a path's versions are those of one site.
    const std::optional<std::string> site = options.site ? std::optional(valid_name(*options.site)) : std::nullopt;
    std::vector<SnapshotRef> all = names_stored(*implementation_->open_store(*options.store), site);
    for (auto first = all.begin(); first != all.end();) {
      const auto end = std::find_if(first, all.end(), [&](const SnapshotRef& ref) { return ref.site != first->site; });
      find_in_backups({first, end}, open, pattern, options, result, visit);
      first = end;
    }
    return result;
  }
  if (options.site) {
    find_in_backups(list(*options.site, options.backup_root), open, pattern, options, result, visit);
    return result;
  }
  for (const Site& each : sites()) {
    std::vector<SnapshotRef> backups;
    try {
      backups = list(each.name, options.backup_root);
    } catch (const Error& error) {
      if (options.on_problem) options.on_problem(each.name, {}, error);
    }
    find_in_backups(backups, open, pattern, options, result, visit);
  }
  return result;
}

Difference Service::difference(const std::filesystem::path& before, const std::filesystem::path& after,
                               const DiffOptions& options, const std::function<void(const EntryChange&)>& visit) const {
  // A store has the one kept open that was looked for last: a compiler may choose the order of arguments.
  const std::shared_ptr<const RandomAccess> after_content = implementation_->content(after);
  const std::shared_ptr<const RandomAccess> before_content = implementation_->content(before);
  return archives_difference(*before_content, *after_content, options, visit);
}

Difference Service::difference_to_live(const std::filesystem::path& before, const DiffOptions& options,
                                       const std::function<void(const EntryChange&)>& visit) const {
  const std::shared_ptr<const RandomAccess> content = implementation_->content(before);
  const ArchiveReader archive(*content);
  return live_difference(archive, site(site_of_archive(archive)), implementation_->config, options, visit);
}

void Service::dump(const std::filesystem::path& archive, const DumpOptions& options,
                   const std::function<void(std::span<const std::byte>)>& sink) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive);
  const Keys& keys = implementation_->config.keys;
  dump_member(archive, keys, options, sink, implementation_->expected(archive, stored));
}

const char* version() noexcept { return WOBACKUP_VERSION; }

}  // namespace wobackup
