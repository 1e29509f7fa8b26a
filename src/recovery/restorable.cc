#include "recovery/restorable.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/safe_path.h"
#include "recovery/archived_dump.h"
#include "recovery/database_in_place.h"
#include "recovery/in_place_plan.h"
#include "recovery/live_borders.h"
#include "store/archive/partial_archive.h"

namespace wobackup {
namespace {

std::uint64_t min_free_of(const Config& config, const Space& space) {
  return config.min_free_bytes ? *config.min_free_bytes : default_min_free(space.total_bytes);
}

// `fetched_bytes`: what else will lie on that file system by then.
void require_room_for_files(int site_fd, const ArchiveReader& archive, const Site& site, const Config& config,
                            std::uint64_t fetched_bytes) {
  const LiveBorders borders = find_borders(site_fd, archive, {});
  // Some of it goes to other file systems then; staging looks at each.
  if (!borders.further.empty() || !archive.header()) return;
  const Space space = space_of(site_fd, site.path);
  std::uint64_t needed = most_room_bytes(*archive.header());
  if (const auto dump = own_dump_of(archive)) needed -= std::min(needed, archive.file_entry(*dump).entry.size);
  require_space(space, min_free_of(config, space), needed + fetched_bytes, site.path);
}

// Of an archive that lies elsewhere: room to fetch it. Returns how much of that the site's own file system has to give;
// without its folder, none.
std::uint64_t require_room_to_fetch(const RandomAccess& stored, int site_fd, const Config& config) {
  const UniqueFd scratch = open_trusted_directory(config.scratch_dir, false);
  const Space space = space_of(scratch.get(), config.scratch_dir);
  require_space(space, min_free_of(config, space), stored.size(), config.scratch_dir);
  struct stat there {
  }, here{};
  const bool same = ::fstat(scratch.get(), &there) == 0 && ::fstat(site_fd, &here) == 0 && there.st_dev == here.st_dev;
  return same ? stored.size() : 0;
}

DatabaseInPlace plan_of(const Site& site, const SiteDatabase& database, const std::filesystem::path& archive,
                        const InPlaceOptions& options, const InPlaceEnvironment& environment,
                        const Cancellation& cancellation, ArchivePlace place) {
  require_own(database, options, environment.config);
  const DatabaseWish wish{.archive = archive, .only_tables = {}, .live_load = options.live_load};
  DatabaseInPlace planned = DatabaseInPlace::plan(site, database, wish, environment, cancellation);
  if (place == ArchivePlace::here || !planned.loads_into_live()) return planned;
  throw Error(ErrorKind::usage,
              fmt::format("{}: its dump would be loaded straight into the live database: the backup must lie on this "
                          "machine until that is done",
                          site.name),
              "let it go to the site's own folder, too: --to local");
}

}  // namespace

void require_restorable_database(const Site& site, const InPlaceOptions& options, const InPlaceEnvironment& environment,
                                 const Cancellation& cancellation, ArchivePlace place) {
  std::optional<NamedDatabase> named;
  try {
    named = database_of(site, std::nullopt, environment.config, cancellation);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
  }
  if (named) static_cast<void>(plan_of(site, named->database, {}, options, environment, cancellation, place));
}

void require_restorable(const Site& site, const std::filesystem::path& archive, const InPlaceOptions& options,
                        const InPlaceEnvironment& environment, const Cancellation& cancellation) {
  const Config& config = environment.config;
  require_not_interrupted(site.name, config);
  const OpenArchive opened(archive, config.keys, environment.stored);
  const ArchiveParts parts = parts_of(archive, options, environment);
  const UniqueFd folder = parts.files ? open_trusted_directory(site.path, false) : UniqueFd();
  const std::uint64_t fetched =
      environment.stored ? require_room_to_fetch(*environment.stored, folder.get(), config) : 0;
  if (parts.files) require_room_for_files(folder.get(), opened.reader(), site, config, fetched);
  if (!parts.database) return;
  const std::optional<NamedDatabase> named = database_of(site, std::nullopt, config, cancellation);
  if (!named) throw Error(ErrorKind::usage, fmt::format("{} has no database to restore into", site.name));
  const ArchivePlace place = environment.stored ? ArchivePlace::elsewhere : ArchivePlace::here;
  const DatabaseInPlace database = plan_of(site, named->database, archive, options, environment, cancellation, place);
  const ArchivedDump dump(
      opened.reader(), [&config] { return spool_in(config.state_dir); }, cancellation);
  database.preflight(dump, cancellation);
}

}  // namespace wobackup
