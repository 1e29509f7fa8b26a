// The database dumps among an archive's members.
#pragma once

#include <string>
#include <vector>

#include "container/manifest.h"
#include "database/dump_sections.h"
#include "database/sql_scanner.h"
#include "store/archive/archive_reader.h"

namespace wobackup {

/// The dumps: of an indexed archive those that its manifest describes; of another, the .sql files at its top, which are
/// read through to describe them (their `database` has the same keys, as far as the SQL tells).
[[nodiscard]] std::vector<ManifestEntry> dump_entries(const ArchiveReader& archive);

/// The same without the look into foreign ones' content.
[[nodiscard]] std::vector<ManifestEntry> listed_dumps(const ArchiveReader& archive);

/// Whether this member is a dump.
[[nodiscard]] bool is_dump(const ManifestEntry& listed);

/// Whether it is that of the site's own database, not one of `databases/`.
[[nodiscard]] bool is_own_dump(const ManifestEntry& listed);

/// Whether it is an SQLite database: a file, no SQL.
[[nodiscard]] bool is_sqlite(const ManifestEntry& dump);

/// Describes a dump by its SQL.
class DumpDescriber {
 public:
  DumpDescriber();
  void feed(ByteSpan bytes) { scanner_.feed(bytes); }
  [[nodiscard]] Json finish();

 private:
  DumpSections sections_;
  SqlScanner scanner_;
};

}  // namespace wobackup
