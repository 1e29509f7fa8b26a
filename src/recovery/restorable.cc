#include "recovery/restorable.h"

#include <fmt/format.h>

#include <utility>

#include "recovery/archived_dump.h"
#include "recovery/database_in_place.h"
#include "recovery/files_in_place.h"
#include "recovery/in_place_plan.h"

namespace wobackup {
namespace {

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
  RoomPlan room;
  if (parts.files) {
    plan_room_for_files(site.path, opened.reader(), {}, room);
    room.require(config);
  }
  if (!parts.database) return;
  const std::optional<NamedDatabase> named = database_of(site, std::nullopt, config, cancellation);
  if (!named) throw Error(ErrorKind::usage, fmt::format("{} has no database to restore into", site.name));
  const DatabaseInPlace database = plan_of(site, named->database, archive, options, environment, cancellation);
  const ArchivedDump dump(
      opened.reader(), [&config] { return spool_in(config.state_dir); }, cancellation);
  database.preflight(dump, std::move(room), cancellation);
}

}  // namespace wobackup
