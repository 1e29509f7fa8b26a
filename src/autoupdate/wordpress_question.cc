#include "autoupdate/wordpress_question.h"

#include "recovery/site_check.h"
#include "wobackup/error.h"
#include "wordpress/wordpress_run.h"

namespace wobackup {

std::optional<Json> ask_wordpress(const Site& site, const Config& config, std::string_view script,
                                  const Cancellation& cancellation, std::string& why_not) {
  std::optional<std::string> cannot_run;
  const std::optional<WordPressRun> run = wordpress_of(site, config, live_owner(site), cannot_run);
  if (!run) {
    why_not = cannot_run.value_or("it is no WordPress");
    return std::nullopt;
  }
  try {
    return run_wordpress(*run, script, cancellation).answer;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    why_not = error.message();
    return std::nullopt;
  }
}

}  // namespace wobackup
