#include <algorithm>

#include "wobackup/doctor.h"

namespace wobackup {

std::string_view name_of(Health health) noexcept {
  switch (health) {
    case Health::good:
      return "ok";
    case Health::note:
      return "note";
    case Health::warning:
      return "warning";
    case Health::bad:
      return "bad";
  }
  return "";
}

Health Examined::worst() const noexcept {
  Health worst = Health::good;
  for (const HealthCheck& check : checks) worst = std::max(worst, check.health);
  return worst;
}

}  // namespace wobackup
