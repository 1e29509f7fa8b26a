// Asking for a passphrase.
#pragma once

#include <functional>
#include <string>

#include "wobackup/secret.h"

namespace wobackup::cli {

/// Asks at the process's terminal, which shows nothing of the answer, and is as before afterwards, also when
/// `interrupted` says so meanwhile (Error interrupted). Throws wrong_key without a terminal or without an answer.
[[nodiscard]] Secret ask_passphrase(const std::string& question, const std::function<bool()>& interrupted);

}  // namespace wobackup::cli
