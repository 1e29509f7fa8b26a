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
#include "service/open_store.h"
#include "service/store_archives.h"
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

const RandomAccess* content_of(const std::unique_ptr<StoredArchive>& stored, const Keys& keys) {
  return stored ? &stored->content(keys) : nullptr;
}

// Of what a user named, the site and the archive: "site/name", "site/latest" or "site".
struct Wanted {
  std::string site;
  std::string name;
};

Wanted wanted_from(const std::string& what) {
  const std::size_t slash = what.find('/');
  Wanted wanted{what.substr(0, slash), slash == std::string::npos ? "latest" : what.substr(slash + 1)};
  if (what.starts_with('/') || !host_name(wanted.site)) {
    throw Error(ErrorKind::not_found, fmt::format("there is no archive {}", printable(what)),
                "name it as SITE/NAME, SITE/latest or by its path; `wobackup list` shows what there is");
  }
  return wanted;
}

// `where`: "" or " in offsite".
std::filesystem::path pick(const std::vector<SnapshotRef>& refs, const Wanted& wanted, const std::string& where,
                           const std::string& hint) {
  // With its ending, or without: there may be a plain and an encrypted one of the same name.
  const bool with_ending = !archive_ending_of(wanted.name).empty();
  for (const SnapshotRef& ref : refs) {
    const bool named = with_ending ? ref.archive.filename() == wanted.name : ref.name == wanted.name;
    if (wanted.name == "latest" ? ref.good() : named) return ref.archive;
  }
  throw Error(ErrorKind::not_found,
              wanted.name == "latest"
                  ? fmt::format("{} has no complete backup{}", wanted.site, where)
                  : fmt::format("{} has no backup {}{}", wanted.site, printable(wanted.name), where),
              hint);
}

// Before anything is done.
void refuse_stored(const std::filesystem::path& archive, const Config& config, std::string_view what) {
  if (!stored_name(archive, config)) return;
  throw Error(ErrorKind::usage, fmt::format("{} needs the archive on this machine", what),
              "`wobackup copy BACKUP --from STORE --to /A/FOLDER` brings it here; then name it by its path");
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

  [[nodiscard]] StoreEnvironment stores() const { return {config, clock, log}; }
  /// An archive of a store elsewhere; nothing for a path of this machine.
  [[nodiscard]] std::unique_ptr<StoredArchive> stored(const std::filesystem::path& archive,
                                                      const std::function<bool()>& cancelled = {}) const {
    const std::optional<StoredName> name = stored_name(archive, config);
    return name ? std::make_unique<StoredArchive>(*name, stores(), cancelled) : nullptr;
  }
};

Service::Service(Config config, LogSink log) : implementation_(std::make_unique<Implementation>()) {
  implementation_->config = std::move(config);
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
  if (stored_name(what, implementation_->config)) return what;
  const bool path_like =
      what.starts_with('/') || what.starts_with("./") || what.starts_with("../") || !archive_ending_of(what).empty();
  // A file of another name, such as tmp/old.tar.gz; a site's name alone is never one.
  std::error_code none;
  const bool is_file = what.find('/') != std::string::npos && std::filesystem::is_regular_file(what, none);
  if (is_file || (path_like && ::access(what.c_str(), F_OK) == 0)) return std::filesystem::absolute(what);
  const Wanted wanted = wanted_from(what);
  return pick(list(wanted.site, backup_root), wanted, "",
              fmt::format("`wobackup list {}` shows what there is", wanted.site));
}

std::vector<SnapshotRef> Service::list_in(const std::string& store, const std::optional<std::string>& site) const {
  const std::optional<std::string> valid = site ? std::optional(valid_name(*site)) : std::nullopt;
  OpenStore opened(store_settings_of(store, implementation_->config), implementation_->stores(), {});
  return list_stored(opened, valid, implementation_->config);
}

std::filesystem::path Service::find_in(const std::string& store, const std::string& what) const {
  const Wanted wanted = wanted_from(what);
  return pick(list_in(store, wanted.site), wanted, " in " + printable(store),
              fmt::format("`wobackup list {} --from {}` shows what there is", wanted.site, printable(store)));
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
  Json info = stored ? archive_info(archive, stored->content(keys), stored->modified()) : archive_info(archive, keys);
  info["verified"] = nullptr;
  if (const std::optional<VerifyRecord> record = last_verified(archive)) {
    info["verified"] = {
        {"level", name_of(record->level)}, {"ok", record->ok}, {"sample", record->sample}, {"time", record->time}};
  }
  return info;
}

Restored Service::restore(const std::filesystem::path& archive, const RestoreOptions& options) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive, options.cancelled);
  return restore_to_folder(archive, options, {implementation_->config, implementation_->log},
                           content_of(stored, implementation_->config.keys));
}

ArchiveOrigin Service::origin(const std::filesystem::path& archive) const {
  const Keys& keys = implementation_->config.keys;
  if (const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive)) {
    return origin_of(ArchiveReader(stored->content(keys)));
  }
  return origin_of(OpenArchive(archive, keys).reader());
}

RestoredInPlace Service::restore_in_place(const Site& site, const std::filesystem::path& archive,
                                          const InPlaceOptions& options) {
  refuse_stored(archive, implementation_->config, "a restore in place");
  return wobackup::restore_in_place(site, archive, options,
                                    {implementation_->config, implementation_->clock, implementation_->log, {}});
}

std::optional<PendingRestore> Service::pending_restore(const std::string& site) const {
  const std::optional<std::string> valid = host_name(site);
  return valid ? pending_restore_of(*valid, implementation_->config) : std::nullopt;
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
  return guard_change(site, options, change, {implementation_->config, implementation_->clock, implementation_->log});
}

GuardResult Service::guard(const Site& site, const GuardOptions& options, const GuardCommand& command) {
  sweep_scratch(implementation_->config, implementation_->log);
  return guard_command(site, options, command, {implementation_->config, implementation_->clock, implementation_->log});
}

std::optional<PendingGuard> Service::pending_guard(const std::string& site) const {
  const std::optional<std::string> valid = host_name(site);
  return valid ? pending_guard_of(*valid, implementation_->config) : std::nullopt;
}

std::vector<PendingGuard> Service::pending_guards() const { return pending_guards_in(implementation_->config); }

GuardResult Service::resume_guard(const std::string& site) {
  return wobackup::resume_guard(valid_name(site),
                                {implementation_->config, implementation_->clock, implementation_->log});
}

GuardResult Service::abort_guard(const std::string& site) {
  return wobackup::abort_guard(valid_name(site),
                               {implementation_->config, implementation_->clock, implementation_->log});
}

Verified Service::verify(const std::filesystem::path& archive, const VerifyOptions& options) const {
  const VerifyEnvironment environment{implementation_->config, implementation_->clock, implementation_->log};
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive, options.cancelled);
  if (options.level == VerifyLevel::drill) refuse_stored(archive, implementation_->config, "a drill");
  Verified verified = verify_archive(archive, options, environment, true, stored ? stored->stored() : nullptr);
  if (options.level == VerifyLevel::drill && verified.ok) {
    drill(archive, options, {implementation_->config, implementation_->clock, implementation_->log}, verified);
    verified.elapsed += verified.drill->total;
  }
  record_verified(verified, environment);
  return verified;
}

std::optional<VerifyRecord> Service::last_verified(const std::filesystem::path& archive) const {
  const std::optional<std::string> site = host_name(archive.parent_path().filename().string());
  if (!site) return std::nullopt;
  return VerifyHistory(implementation_->config.state_dir, *site).find(archive);
}

EntriesResult Service::entries(const std::filesystem::path& archive, const EntriesOptions& options,
                               const std::function<void(const ArchiveEntry&)>& visit) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive);
  const Keys& keys = implementation_->config.keys;
  return list_entries(archive, keys, options, visit, content_of(stored, keys));
}

FindResult Service::find_versions(const std::string& pattern, const FindOptions& options,
                                  const std::function<void(const FoundPath&)>& visit) const {
  FindResult result;
  if (options.site) {
    find_in_backups(list(*options.site, options.backup_root), implementation_->config.keys, pattern, options, result,
                    visit);
    return result;
  }
  for (const Site& each : sites()) {
    std::vector<SnapshotRef> backups;
    try {
      backups = list(each.name, options.backup_root);
    } catch (const Error& error) {
      if (options.on_problem) options.on_problem(each.name, {}, error);
    }
    find_in_backups(backups, implementation_->config.keys, pattern, options, result, visit);
  }
  return result;
}

Difference Service::difference(const std::filesystem::path& before, const std::filesystem::path& after,
                               const DiffOptions& options, const std::function<void(const EntryChange&)>& visit) const {
  for (const std::filesystem::path& archive : {before, after}) {
    refuse_stored(archive, implementation_->config, "a comparison");
  }
  return archives_difference(before, after, implementation_->config.keys, options, visit);
}

Difference Service::difference_to_live(const std::filesystem::path& before, const DiffOptions& options,
                                       const std::function<void(const EntryChange&)>& visit) const {
  refuse_stored(before, implementation_->config, "a comparison");
  return live_difference(before, site(site_of_archive(before, implementation_->config.keys)), implementation_->config,
                         options, visit);
}

void Service::dump(const std::filesystem::path& archive, const DumpOptions& options,
                   const std::function<void(std::span<const std::byte>)>& sink) const {
  const std::unique_ptr<StoredArchive> stored = implementation_->stored(archive);
  const Keys& keys = implementation_->config.keys;
  dump_member(archive, keys, options, sink, content_of(stored, keys));
}

const char* version() noexcept { return WOBACKUP_VERSION; }

}  // namespace wobackup
