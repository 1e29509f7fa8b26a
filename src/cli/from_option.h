// --from, which all commands that read backups have.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace wobackup::cli {

/// `from` becomes a store's name or URL; empty for "local", which is where backups are looked for without the option.
void add_from(CLI::App& app, std::string& from);

}  // namespace wobackup::cli
