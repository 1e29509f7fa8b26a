// The single checks: what each sees of a site, and what must not differ afterwards.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/cancellation.h"
#include "guard/guard_environment.h"
#include "wobackup/guard.h"
#include "wobackup/json.h"
#include "wobackup/site.h"

namespace wobackup {

/// What a check works with.
struct CheckContext {
  const Site& site;
  const GuardEnvironment& environment;
  const std::vector<std::pair<std::string, std::string>>& variables;  ///< WOBACKUP_SITE ..., for programs
  const Cancellation& cancellation;
};

/// What was seen once. At most one of `problem` and `not_asked` is there.
struct CheckLook {
  Json facts = Json::object();           ///< what a later look is compared with; kept in the journal
  std::optional<std::string> problem;    ///< what is wrong, whatever it was before
  std::optional<std::string> not_asked;  ///< why nothing can be said
  bool no_matter = false;                ///< not asked, and nobody expected it: no WordPress, switched off
};

/// Look at the site as it is. Throw Error interrupted only; whatever else goes wrong is seen.
[[nodiscard]] CheckLook look(const HttpCheck& check, const CheckContext& context);
[[nodiscard]] CheckLook look(const WordPressCheck& check, const CheckContext& context);
[[nodiscard]] CheckLook look(const PhpLogCheck& check, const CheckContext& context);
[[nodiscard]] CheckLook look(const CommandCheck& check, const CheckContext& context);

/// What is worse than before, though nothing is wrong by itself. REQUIRES: both looks' facts, of looks without problem.
[[nodiscard]] std::optional<std::string> worsened(const HttpCheck& check, const Json& before, const Json& now);
[[nodiscard]] std::optional<std::string> worsened(const WordPressCheck& check, const Json& before, const Json& now);

/// A log is not looked at by itself: what has come since the facts of an earlier look. Throws Error interrupted only.
[[nodiscard]] CheckLook look_since(const PhpLogCheck& check, const Json& before, const CheckContext& context);

}  // namespace wobackup
