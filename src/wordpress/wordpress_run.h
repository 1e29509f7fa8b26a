// Starting a site's WordPress and asking it something.
#pragma once

#include <string_view>

#include "base/cancellation.h"
#include "wobackup/json.h"
#include "wordpress/php_run.h"
#include "wordpress/wordpress_script.h"

namespace wobackup {

/// A WordPress to run: which, by which PHP, as whom. The user must be able to reach htdocs: every folder above it lets
/// it pass.
struct WordPressRun {
  WordPressStart start;
  PhpProgram php;
  SiteUser user;
  PhpLimits limits;
};

/// What a run brought.
struct WordPressAnswer {
  Json answer;                    ///< an object, from code that may be hostile: read it by answer_text
  std::size_t printed_bytes = 0;  ///< what the site's code printed besides
};

/// Runs `task`, see wordpress_script. Throws Error verification if WordPress does not start, ends early, or takes or
/// prints too much; as run_php otherwise.
[[nodiscard]] WordPressAnswer run_wordpress(const WordPressRun& run, std::string_view task,
                                            const Cancellation& cancellation);

}  // namespace wobackup
