// All checks of a guard: asked before the change, and compared with afterwards.
#pragma once

#include <string>
#include <vector>

#include "guard/check.h"
#include "wobackup/guard.h"
#include "wobackup/json.h"

namespace wobackup {

/// What holds before a change.
struct ChecksBefore {
  Json looks = Json::array();  ///< one for each check, for the journal
  bool runs = true;            ///< no check saw anything wrong
};

class SiteChecks {
 public:
  /// The checks that the options name; else the site's, else the settings', else `http` and `wp`.
  static SiteChecks of(const Site& site, const GuardOptions& options, const Config& config);
  /// Those of a journal.
  static SiteChecks from(const std::vector<std::string>& texts);

  /// Throws Error usage if one that the options name cannot be asked, interrupted. Checks that concern nothing here (no
  /// WordPress) are dropped.
  [[nodiscard]] ChecksBefore before(const CheckContext& context);
  /// After the change, or now. A page is asked for again for a while (GuardSettings::settle): caches are
  /// cold, and PHP may be restarting. Throws Error interrupted.
  [[nodiscard]] std::vector<CheckResult> now(const Json& before, const CheckContext& context) const;

  [[nodiscard]] std::vector<std::string> texts() const;

 private:
  SiteChecks(std::vector<GuardCheck> checks, bool demanded) : checks_(std::move(checks)), demanded_(demanded) {}

  std::vector<GuardCheck> checks_;
  bool demanded_;  // by the options: an answer is wanted
};

/// The first that failed, "http: / answers with status 500"; nothing if none did.
[[nodiscard]] std::optional<std::string> first_failure(const std::vector<CheckResult>& results);

/// Empties this site's caches: what PHP has compiled and a cache has kept is of the time before a change, and a page
/// from there proves nothing. What could not be done goes to `notes`.
void forget_caches(const Site& site, const GuardEnvironment& environment, std::vector<std::string>& notes);

}  // namespace wobackup
