// The registry's file, opened so that nothing in it can do anything.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "wobackup/error.h"

namespace wobackup {

struct CloseSqlite {
  void operator()(sqlite3* database) const noexcept { ::sqlite3_close_v2(database); }
};
struct FinalizeSqlite {
  void operator()(sqlite3_stmt* statement) const noexcept { ::sqlite3_finalize(statement); }
};
using SqliteHandle = std::unique_ptr<sqlite3, CloseSqlite>;
using SqliteStatement = std::unique_ptr<sqlite3_stmt, FinalizeSqlite>;

/// Opens read-only: no views, triggers, or functions of the file's schema with effects; no value over 1 MiB. Waits up
/// to `patience` for writers. Works in a folder that cannot be written, too, as long as no unfinished write-ahead log
/// lies beside the file. Throws Error not_found if there is no file, failed for anything that is no SQLite database, or
/// stays locked (retryable).
[[nodiscard]] SqliteHandle open_registry(const std::filesystem::path& path, std::chrono::milliseconds patience);

[[nodiscard]] SqliteStatement prepare(sqlite3* database, const char* sql, const std::filesystem::path& path);

/// What a result code of SQLite means for the registry.
[[nodiscard]] Error registry_error(const std::filesystem::path& path, int code, const std::string& message);

}  // namespace wobackup
