// What commands are told of keys and passphrases.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/output.h"
#include "wobackup/config.h"

namespace wobackup::cli {

void add_identity(CLI::App& app, KeyArguments& keys);
/// `what_for`: "Open with", "Encrypt with".
void add_passphrase(CLI::App& app, KeyArguments& keys, const std::string& what_for);

/// What the command line names stands instead of what the config says. A person is asked if there is one.
void apply(const KeyArguments& arguments, Config& config, Output& output);

/// A program with its arguments, written as one: words between spaces, or a JSON array of texts where one holds a
/// space. No shell sees it. Throws usage, naming the option.
[[nodiscard]] std::vector<std::string> command_argument(const std::string& text, const char* option);

}  // namespace wobackup::cli
