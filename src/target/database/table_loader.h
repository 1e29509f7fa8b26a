// Tables, sequences and rows. Part of the loader.
#pragma once

#include <string>
#include <vector>

#include "target/database/dump_loader.h"
#include "target/database/load_session.h"

namespace wobackup {

/// A table that exists and waits for its rows.
struct CreatedTable {
  const DumpTable* table = nullptr;
  std::string indexes;  ///< to be added afterwards; may be empty
};

/// Sequences, then the chosen tables, in the order of the dump. A table that counts by a sequence cannot be made
/// without it: one that the dump does not have is made new, and noted. Of tables alone the sequences stay those of the
/// database that they go to: unless that is the one that is loaded into, others stand in for them here.
[[nodiscard]] std::vector<CreatedTable> create_tables(LoadSession& session, const LoadSource& source,
                                                      const LoadOptions& options, std::vector<std::string>& notes);

/// Fills the tables on connections of their own. If one fails, the others are ended.
[[nodiscard]] std::map<std::string, std::uint64_t> fill_tables(std::vector<CreatedTable> tables,
                                                               const LoadSource& source, const LoadTarget& target,
                                                               const LoadOptions& options);

}  // namespace wobackup
