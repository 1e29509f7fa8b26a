// What killed runs have left in a store.
#pragma once

#include "service/open_store.h"
#include "wobackup/log.h"

namespace wobackup {

/// Takes away unfinished uploads: those of this machine whose process is gone, and others that are older than any
/// upload takes. Nothing depends on it, since keys without the right to delete are a good thing: failures are logged.
/// Throws interrupted.
void remove_leftovers(OpenStore& store, const LogSink& log);

}  // namespace wobackup
