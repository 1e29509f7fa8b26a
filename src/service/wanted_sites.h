// The sites that a run over several of them takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wobackup/error.h"
#include "wobackup/service.h"
#include "wobackup/site.h"

namespace wobackup {

/// A site, or why there is none of this name: one that fails does not keep the others from their turn.
struct WantedSite {
  std::string name;  ///< empty for a row of the registry that names none
  std::optional<Site> site;
  std::optional<Error> error;
};

/// All that registry and config file have, and an error for each row that cannot be used. Throws as Service::sites.
[[nodiscard]] std::vector<WantedSite> all_sites(const Service& service);
/// Each once, in the order in which they are named first.
[[nodiscard]] std::vector<WantedSite> named_sites(const Service& service, const std::vector<std::string>& names);

}  // namespace wobackup
