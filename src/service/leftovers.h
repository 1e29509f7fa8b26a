// What killed runs have left in a store.
#pragma once

#include "service/open_store.h"
#include "wobackup/log.h"

namespace wobackup {

/// Takes away what unfinished uploads of this installation have left. Nothing depends on it, since keys without the
/// right to delete are a good thing: failures are logged. Throws interrupted.
void remove_leftovers(OpenStore& store, const LogSink& log);

}  // namespace wobackup
