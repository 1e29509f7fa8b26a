// What is said of guards, for people and for programs.
#pragma once

#include <string>

#include "cli/output.h"
#include "wobackup/guard.h"

namespace wobackup::cli {

/// The summary's fields, without the exit code.
[[nodiscard]] Json json_of(const GuardResult& result);
[[nodiscard]] Json json_of(const PendingGuard& pending);

/// Its checks' remarks and its notes, on stderr: stdout is the command's.
void report_notes(const GuardResult& result, Output& output);

/// "http and wp passed"; what else there is to say of checks stands in the notes.
[[nodiscard]] std::string checks_text(const GuardResult& result);

/// Where its backup is.
[[nodiscard]] std::string archives_text(const GuardResult& result);

}  // namespace wobackup::cli
