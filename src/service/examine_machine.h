// What `wobackup doctor` tells of this machine.
#pragma once

#include <functional>

#include "wobackup/doctor.h"
#include "wobackup/service.h"

namespace wobackup {

/// As Service::examine_machine.
[[nodiscard]] Examined examine_machine(const Service& service, const std::function<bool()>& cancelled);

}  // namespace wobackup
