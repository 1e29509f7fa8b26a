#include "recovery/restorable.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/safe_path.h"
#include "recovery/archived_dump.h"
#include "recovery/database_in_place.h"
#include "recovery/in_place_plan.h"
#include "recovery/live_borders.h"
#include "store/archive/partial_archive.h"

namespace wobackup {
namespace {

void require_room_for_files(int site_fd, const ArchiveReader& archive, const Site& site, const Config& config) {
  const LiveBorders borders = find_borders(site_fd, archive, {});
  // Some of it goes to other file systems then; staging looks at each.
  if (!borders.further.empty() || !archive.header()) return;
  const Space space = space_of(site_fd, site.path);
  const std::uint64_t min_free = config.min_free_bytes ? *config.min_free_bytes : default_min_free(space.total_bytes);
  std::uint64_t needed = most_room_bytes(*archive.header());
  if (const auto dump = own_dump_of(archive)) needed -= std::min(needed, archive.file_entry(*dump).entry.size);
  require_space(space, min_free, needed, site.path);
}

DatabaseInPlace plan_of(const Site& site, const SiteDatabase& database, const std::filesystem::path& archive,
                        const InPlaceOptions& options, const InPlaceEnvironment& environment,
                        const Cancellation& cancellation) {
  require_own(database, options, environment.config);
  const DatabaseWish wish{.archive = archive, .only_tables = {}, .live_load = options.live_load};
  return DatabaseInPlace::plan(site, database, wish, environment, cancellation);
}

}  // namespace

void require_restorable_database(const Site& site, const InPlaceOptions& options, const InPlaceEnvironment& environment,
                                 const Cancellation& cancellation) {
  std::optional<NamedDatabase> named;
  try {
    named = database_of(site, std::nullopt, environment.config, cancellation);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
  }
  if (named) static_cast<void>(plan_of(site, named->database, {}, options, environment, cancellation));
}

void require_restorable(const Site& site, const std::filesystem::path& archive, const InPlaceOptions& options,
                        const InPlaceEnvironment& environment, const Cancellation& cancellation) {
  const Config& config = environment.config;
  require_not_interrupted(site.name, config);
  const OpenArchive opened(archive, config.keys);
  const ArchiveParts parts = parts_of(archive, options, environment);
  if (parts.files)
    require_room_for_files(open_trusted_directory(site.path, false).get(), opened.reader(), site, config);
  if (!parts.database) return;
  const std::optional<NamedDatabase> named = database_of(site, std::nullopt, config, cancellation);
  if (!named) throw Error(ErrorKind::usage, fmt::format("{} has no database to restore into", site.name));
  const DatabaseInPlace database = plan_of(site, named->database, archive, options, environment, cancellation);
  const ArchivedDump dump(
      opened.reader(), [&config] { return spool_in(config.state_dir); }, cancellation);
  database.preflight(dump, cancellation);
}

}  // namespace wobackup
