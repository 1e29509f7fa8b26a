// What a run has done, for programs and for people, kept in log_dir.
#pragma once

#include <filesystem>
#include <string>

#include "wobackup/autoupdate.h"

namespace wobackup {

/// One site's result as it stands in the report and in `--json`.
[[nodiscard]] Json json_of(const SiteAutoupdate& result);
[[nodiscard]] Json json_of(const AutoupdateRun& run);

/// Counts of sites by state, and the exit code.
[[nodiscard]] Json summary_json(const AutoupdateRun& run);

/// The same to be read. `errors`: with what went wrong, where nobody else tells it.
[[nodiscard]] std::string text_of(const SiteAutoupdate& result, bool errors = true);
[[nodiscard]] std::string text_of(const AutoupdateRun& run);
/// Whether the result's error is that of one of its steps.
[[nodiscard]] bool told_by_a_step(const SiteAutoupdate& result);

/// "2 updated, 1 rolled back, 5 up to date".
[[nodiscard]] std::string summary_of(const AutoupdateRun& run);

/// Writes `autoupdate-<time>.json` and `.txt` (mode 0600) into log_dir (made with mode 0700), and removes all but the
/// newest `keep` runs' of them. Sets run.report, or run.report_problem: a run that could not be written down is not a
/// failed one.
void write_report(AutoupdateRun& run, const std::filesystem::path& log_dir, std::size_t keep);

}  // namespace wobackup
