#include "recovery/restorable.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/safe_path.h"
#include "recovery/archived_dump.h"
#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"
#include "recovery/in_place_plan.h"

namespace wobackup {
namespace {

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
  RoomPlan room;
  if (environment.stored) {
    // Where it is fetched to.
    const UniqueFd scratch = open_trusted_directory(config.scratch_dir, false);
    room.add(scratch.get(), config.scratch_dir, environment.stored->size());
  }
  if (parts.files) plan_room_for_files(site.path, opened.reader(), {}, room);
  room.require(config);
  if (!parts.database) return;
  const std::optional<NamedDatabase> named = database_of(site, std::nullopt, config, cancellation);
  if (!named) throw Error(ErrorKind::usage, fmt::format("{} has no database to restore into", site.name));
  const ArchivePlace place = environment.stored ? ArchivePlace::elsewhere : ArchivePlace::here;
  const DatabaseInPlace database = plan_of(site, named->database, archive, options, environment, cancellation, place);
  const ArchivedDump dump(
      opened.reader(), [&config] { return spool_in(config.state_dir); }, cancellation);
  database.preflight(dump, std::move(room), cancellation);
}

}  // namespace wobackup
