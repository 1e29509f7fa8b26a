#include "inspect/dump_entry.h"

namespace wobackup {

bool is_dump(const ManifestEntry& listed) {
  if (listed.entry.type != EntryType::file) return false;
  if (!listed.database.is_null()) return true;
  // The older service's: "<site>.sql" beside htdocs.
  return !listed.sha256 && listed.entry.path.find('/') == std::string::npos && listed.entry.path.ends_with(".sql");
}

bool is_own_dump(const ManifestEntry& listed) { return listed.entry.path.find('/') == std::string::npos; }

bool is_sqlite(const ManifestEntry& dump) {
  return dump.database.is_object() && dump.database.value("engine", Json()) == "sqlite";
}

DumpDescriber::DumpDescriber() : scanner_([this](const SqlStatement& statement) { sections_.add(statement); }) {}

Json DumpDescriber::finish() {
  scanner_.finish();
  Json database = Json::object();
  sections_.describe(database);
  return database;
}

std::vector<ManifestEntry> listed_dumps(const ArchiveReader& archive) {
  std::vector<ManifestEntry> dumps;
  // Those places (docs/archive.md) spare the other lines of the manifest from being parsed.
  const auto may_be_dump = [](std::string_view path) {
    return path.find('/') == std::string_view::npos || path.starts_with("databases/");
  };
  archive.entries({may_be_dump}, [&](const ManifestEntry& listed) {
    if (is_dump(listed)) dumps.push_back(listed);
  });
  return dumps;
}

std::vector<ManifestEntry> dump_entries(const ArchiveReader& archive) {
  std::vector<ManifestEntry> dumps = listed_dumps(archive);
  for (ManifestEntry& dump : dumps) {
    if (!dump.database.is_null()) continue;
    DumpDescriber describer;
    archive.read_file(dump, [&](ByteSpan bytes) { describer.feed(bytes); });
    dump.database = describer.finish();
  }
  return dumps;
}

}  // namespace wobackup
