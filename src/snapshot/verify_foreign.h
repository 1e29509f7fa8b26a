// Whether another program's archive can be restored.
#pragma once

#include <functional>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "store/archive/member_reading.h"
#include "wobackup/verify.h"

namespace wobackup {

/// Reads it to its end, and tells of members that a restore would refuse: paths that lead outside or below a link or a
/// file, names that no file can have. Throws Error verification for what is damaged, or is no backup of a site.
void verify_foreign(const RandomAccess& file, ReadingCounters& counters, const Cancellation& cancellation,
                    const std::function<void(const VerifyProblem&)>& on_problem);

}  // namespace wobackup
