// All sites there are.
#pragma once

#include <string>
#include <vector>

#include "wobackup/config.h"
#include "wobackup/log.h"
#include "wobackup/site.h"

namespace wobackup {

/// The registry's sites and the config's, by name. A missing registry is no error when the config names sites. Rows of
/// the registry that cannot be used are told in `left_out`, or else logged. Throws what read_registry throws.
[[nodiscard]] std::vector<Site> catalog(const Config& config, const LogSink& log,
                                        std::vector<std::string>* left_out = nullptr);

/// The site of this name. Throws Error usage for no host name, not_found with similar names as a hint.
[[nodiscard]] Site site_by_name(const std::string& name, const Config& config, const LogSink& log);

}  // namespace wobackup
