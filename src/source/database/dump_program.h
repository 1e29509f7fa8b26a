// mariadb-dump or mysqldump as a stream.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "database/my_cnf.h"

namespace wobackup {

/// The program that is there.
struct DumpProgram {
  std::string path;
  std::string version;  ///< its own words
  bool is_mariadb = true;
};

/// `configured`, else mariadb-dump, else mysqldump. Throws Error dump if there is none.
[[nodiscard]] DumpProgram find_dump_program(const std::optional<std::filesystem::path>& configured);

/// Runs it on one database and gives its output piece by piece. Credentials go through a descriptor. With `as_nobody`,
/// and as root, the program runs without root's rights: a hostile server could make a client send it files. Throws
/// Error dump with the program's own message if it does not end well.
void run_dump_program(const DumpProgram& program, const ServerLogin& login, const std::string& database,
                      const std::vector<std::string>& views_left_out, bool as_nobody,
                      const std::function<void(ByteSpan)>& on_output, const Cancellation& cancellation);

}  // namespace wobackup
