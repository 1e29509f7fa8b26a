// What `wobackup doctor` tells of a store.
#pragma once

#include <functional>

#include "service/open_store.h"
#include "wobackup/doctor.h"

namespace wobackup {

/// As Service::examine_store. The canary is "wobackup-doctor-<16 hex digits>", the digits those of this machine and
/// state folder, at the store's top: the next run finds what a killed one left by its name, without listing, and what
/// may not be removed is one object, not one of each run.
[[nodiscard]] Examined examine_store(const StoreSettings& settings, const StoreEnvironment& environment,
                                     const std::function<bool()>& cancelled);

}  // namespace wobackup
