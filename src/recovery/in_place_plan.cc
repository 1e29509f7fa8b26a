#include "recovery/in_place_plan.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "database/connection.h"
#include "database/site_login.h"
#include "recovery/archived_dump.h"
#include "recovery/files_in_place.h"
#include "recovery/live_borders.h"
#include "site/shared_database.h"
#include "snapshot/archive_trust.h"
#include "snapshot/selection.h"
#include "snapshot/verify.h"
#include "store/archive/archive_file.h"

namespace wobackup {
namespace {

bool is_there(const std::filesystem::path& path) { return ::access(path.c_str(), F_OK) == 0; }

bool same_database(const DatabaseLogin& a, const DatabaseLogin& b) {
  return a.name == b.name && same_server(a.host, b.host);
}

bool holds_files(const ArchiveReader& archive) {
  if (archive.header()) return archive.header()->has_files;
  bool found = false;
  archive.entries([&](const ManifestEntry& listed) { found = found || listed.entry.path == "htdocs"; });
  return found;
}

}  // namespace

OpenArchive::OpenArchive(const std::filesystem::path& path, const Keys& keys,
                         std::shared_ptr<const RandomAccess> stored)
    : file_(open_archive(path, std::move(stored), keys)), reader_(std::make_unique<ArchiveReader>(*file_)) {}

void require_sense(const Site& site, const InPlaceOptions& options, const Config& config, const LogSink& log) {
  const auto refuse = [](const char* message, const char* hint) { throw Error(ErrorKind::usage, message, hint); };
  if (!options.files && !options.database) refuse("neither files nor database are wanted", "leave out one of the two");
  if (!options.include.empty() && !options.tables.empty()) {
    refuse("paths and tables cannot be restored in one go", "restore the one, then the other");
  }
  if (!options.include.empty() && !options.files) refuse("paths are files", "leave out --db");
  if (!options.tables.empty() && !options.database) refuse("tables are no files", "leave out --files");
  for (const std::string& path : exchange_paths(options.include)) {
    if (path == "vhost.json")
      refuse("vhost.json tells of the backup; it is no file of the site", "restore it with --target");
  }
  const bool no_vhost = site.origin == SiteOrigin::registry && is_there(config.server.nginx / "sites-available") &&
                        !is_there(config.server.nginx / "sites-available" / site.name);
  if (no_vhost && log) {
    log(LogLevel::warning,
        fmt::format("{}: nginx has no vhost for it; `wo site update {}` makes one", site.name, site.name));
  }
}

void require_proven(const std::filesystem::path& archive, const InPlaceOptions& options,
                    const InPlaceEnvironment& environment) {
  const OpenArchive opened(archive, environment.config.keys, environment.stored);
  const std::string& name = opened.reader().file().name();
  if (!options.accept_changed &&
      trust_in(archive, opened.reader().container(), environment.config) == ArchiveTrust::changed) {
    throw Error(ErrorKind::verification, fmt::format("{} is not the archive that was made here under this name", name),
                "somebody changed it; look into it with --target, or take it all the same with --accept-changed");
  }
  const Verified verified = verify_archive(
      archive, {.level = VerifyLevel::data, .on_progress = options.on_progress, .cancelled = options.cancelled},
      {environment.config, environment.clock, environment.log}, !options.accept_changed, environment.stored);
  record_verified(verified, {environment.config, environment.clock, environment.log}, environment.stored_identity);
  if (verified.ok) return;
  const VerifyProblem& first = verified.problems.at(0);
  const std::string where = first.path.empty() ? std::string() : printable(first.path) + ": ";
  throw Error(ErrorKind::verification, fmt::format("{} is damaged: {}{}", name, where, first.what),
              "`wobackup verify` tells all; `restore --target --salvage` brings back what is whole");
}

ArchiveParts parts_of(const std::filesystem::path& archive, const InPlaceOptions& options,
                      const InPlaceEnvironment& environment) {
  const OpenArchive opened(archive, environment.config.keys, environment.stored);
  const ArchiveReader& reader = opened.reader();
  ArchiveParts parts;
  parts.files = options.files && options.tables.empty() && holds_files(reader);
  const std::optional<std::string> dump = own_dump_of(reader);
  parts.database = options.database && options.include.empty() && dump && dump->ends_with(".sql");
  if (parts.files || parts.database) return parts;
  const bool sqlite = dump && !dump->ends_with(".sql");
  if (options.database && sqlite) {
    throw Error(ErrorKind::usage, fmt::format("{} holds an SQLite database, which is a file", reader.file().name()),
                "restore it with --target, and put it in place while nobody uses the site");
  }
  throw Error(ErrorKind::usage, fmt::format("{} holds {}", reader.file().name(),
                                            options.database && options.include.empty() ? "no database" : "no files"));
}

std::optional<NamedDatabase> database_of(const Site& site, const std::optional<Site>& staged, const Config& config,
                                         const Cancellation& cancellation) {
  std::optional<Error> problem;
  const auto ask = [&](const Site& asked) -> std::optional<SiteDatabase> {
    try {
      SiteDatabase database = resolve_database(asked, config.for_site(site.name), true);
      if (!database.login) return std::nullopt;
      const DatabaseConnection works(own_login(*database.login), "", cancellation);
      return database;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::dump) throw;
      if (!problem) problem = Error(ErrorKind::failed, error.message(), error.hint());
      return std::nullopt;
    }
  };
  std::optional<SiteDatabase> live = ask(site);
  if (live && live->named_by_admin) return NamedDatabase{*std::move(live), true};
  std::optional<SiteDatabase> restored = staged ? ask(*staged) : std::nullopt;
  // Whoever could write to the live file may have led it elsewhere; whoever made the archive, too.
  if (live && restored && !same_database(*live->login, *restored->login)) {
    throw Error(ErrorKind::usage,
                fmt::format("{}: its config file names the database {}, the backup's names {}, and both exist",
                            site.name, printable(live->login->name), printable(restored->login->name)),
                fmt::format("say which one it is: set name in [site.\"{}\".database] of wobackup.toml", site.name));
  }
  if (live) return NamedDatabase{*std::move(live), true};
  if (restored) return NamedDatabase{*std::move(restored), false};
  if (problem) throw Error(*problem);
  return std::nullopt;
}

void require_own(const SiteDatabase& database, const InPlaceOptions& options, const Config& config) {
  if (options.shared) return;
  for (const SharedDatabase& shared : shared_databases_in(config)) {
    if (shared.database != database.login->name) continue;
    const auto host = database_host_from(shared.host);
    if (host && !same_server(*host, database.login->host)) continue;
    std::string sites;
    for (const std::string& site : shared.sites) sites += (sites.empty() ? "" : ", ") + site;
    throw Error(ErrorKind::usage,
                fmt::format("the database {} belongs to several sites: {}", printable(shared.database), sites),
                "all of them would change; --shared says that this is meant");
  }
}

void require_exchangeable(const Site& site, const ArchiveReader& archive, const std::vector<std::string>& include) {
  const std::vector<std::string> paths = exchange_paths(include);
  if (!paths.empty()) {
    Selection selection({.include = paths, .database = false});
    archive.entries([&](const ManifestEntry& listed) { static_cast<void>(selection.has(listed)); });
    if (const auto unmet = selection.unmet()) {
      throw Error(ErrorKind::not_found, fmt::format("nothing in the backup is called {}", printable(*unmet)),
                  "`wobackup ls` shows what it holds");
    }
  }
  if (!is_there(site.path)) return;
  const UniqueFd folder = open_trusted_directory(site.path, false);
  static_cast<void>(exchanged_for(folder.get(), paths));
  static_cast<void>(find_borders(folder.get(), archive, paths));
}

UniqueFd spool_in(const std::filesystem::path& folder) {
  const UniqueFd fd = open_trusted_directory(folder, false);
  return unnamed_file(fd.get(), folder.string());
}

}  // namespace wobackup
