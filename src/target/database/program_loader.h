// Views, routines, triggers and events. Part of the loader.
#pragma once

#include <string>
#include <vector>

#include "target/database/dump_loader.h"
#include "target/database/load_session.h"

namespace wobackup {

/// Creates what the options name, after the tables: stand-ins of views, routines, views, triggers, events. Notes what
/// differs from the dump.
void load_programs(LoadSession& session, const DumpLayout& layout, const LoadOptions& options, LoadResult& result);

}  // namespace wobackup
