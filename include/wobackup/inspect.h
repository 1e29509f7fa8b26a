// Looking inside backups: what they hold, in which versions, what differs, and single members of them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {

/// One member of a backup. Texts are raw bytes that a site's owner chose: make them printable before they reach a
/// terminal.
struct ArchiveEntry {
  std::string path;  ///< relative to the archive's top folder
  std::string type;  ///< "file", "dir", "symlink", "hardlink", "fifo", "chardev", "blockdev"
  std::uint32_t mode = 0;
  std::uint64_t uid = 0;
  std::uint64_t gid = 0;
  std::string user;  ///< empty if the number had no name
  std::string group;
  std::uint64_t size = 0;  ///< logical bytes of a regular file
  std::chrono::sys_seconds mtime;
  std::uint32_t mtime_ns = 0;
  std::string link;  ///< a symbolic link's text; of a hard link, the path of the first member
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  bool sparse = false;
  std::string sha256;              ///< hex, as docs/archive.md defines it; empty if the archive does not tell
  std::vector<std::string> flags;  ///< "changed", "grew", "unreadable"; "unsafe": a path that leads outside
  std::string error;               ///< why it is flagged
};

/// What of a backup to list.
struct EntriesOptions {
  /// A member, a folder (then what lies directly in it), or a glob as for excluding, with the members that match.
  /// Empty: the top folder.
  std::string path;
  bool recursive = false;  ///< all that lies below, too
};

struct EntriesResult {
  std::uint64_t entries = 0;  ///< visited
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  bool indexed = false;  ///< false: made by another program and read as a stream
};

/// Which part of a backup to give out. One of `path`, `table` and `database`; `table` together with `path` names a
/// table of that dump.
struct DumpOptions {
  std::string path;       ///< a regular file as `entries` lists it
  std::string table;      ///< a table, view or sequence ("procedure x", "function x", an event, too), as SQL
  bool database = false;  ///< the whole dump of the site's database
};

struct FindOptions {
  std::optional<std::string> site = {};  ///< nothing: all sites
  std::optional<std::filesystem::path> backup_root = {};
  std::optional<std::string> store = {};  ///< in this store, as Service::list_in
  /// Told of every backup that cannot be read; the search goes on.
  std::function<void(const std::string& site, const std::filesystem::path& archive, const Error&)> on_problem = {};
};

/// Backups that hold the same content (sha256) under a path.
struct PathVersion {
  ArchiveEntry entry;                ///< as in the newest of them
  std::vector<std::string> backups;  ///< their names, newest first
};

struct FoundPath {
  std::string site;
  std::string path;
  std::vector<PathVersion> versions;  ///< newest first
};

struct FindResult {
  std::uint64_t backups = 0;     ///< searched
  std::uint64_t unreadable = 0;  ///< told to on_problem
  std::uint64_t paths = 0;       ///< found
  bool complete = true;          ///< false: more paths match than are remembered; name them more closely
};

struct DiffOptions {
  bool checksum = false;  ///< of a live site: read files whose size and time are those of the backup, too
};

/// A path that differs.
struct EntryChange {
  std::string change;                  ///< "added", "removed", "changed"
  std::vector<std::string> what;       ///< of "changed": "type", "content", "mode", "owner", "target", "device"
  std::string path;                    ///< raw bytes
  std::optional<ArchiveEntry> before;  ///< missing if it was added
  std::optional<ArchiveEntry> after;   ///< missing if it was removed
  bool php_in_uploads = false;         ///< a program appeared (or changed) where only visitors' files should be
};

/// A table or another object of a database that differs.
struct TableChange {
  struct Side {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;  ///< of SQL in the dump; of an SQLite database: of its file
    bool on_server = false;   ///< bytes are those of a live table with its indexes, as the server says
  };
  std::string change;    ///< "added", "removed", "changed"
  std::string database;  ///< the dump's path in the backup
  std::string kind;      ///< "table", "view", "sequence", "routine", "event", "trigger"; "file" for SQLite
  std::string name;
  bool definition = false;  ///< of "changed": its columns or body differ, not only its rows
  std::optional<Side> before, after;
};

/// WordPress, a plugin or a theme whose version differs. Texts are what its files say: a stranger's.
struct SoftwareChange {
  std::string kind;   ///< "wordpress", "plugin", "theme"
  std::string place;  ///< its folder, or the file of a plugin that is one file; raw bytes
  std::string name;
  std::optional<std::string> before, after;  ///< versions; missing: it was not there
};

struct [[nodiscard]] Difference {
  std::uint64_t added = 0, removed = 0, changed = 0;  ///< paths
  std::vector<SoftwareChange> software;
  std::vector<TableChange> tables;
  std::uint64_t php_in_uploads = 0;  ///< number of such changes
  bool files_compared = false;
  bool database_compared = false;
  std::vector<std::string> notes;  ///< what was not compared, and why; raw bytes
  /// Whether what was compared is the same.
  [[nodiscard]] bool same() const noexcept { return added + removed + changed == 0 && tables.empty(); }
};

}  // namespace wobackup
