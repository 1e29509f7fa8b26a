// A connection to a MariaDB or MySQL server.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancellation.h"
#include "database/my_cnf.h"

namespace wobackup {

/// A row's values; nothing for NULL.
using SqlRow = std::vector<std::optional<std::string>>;

/// Throws Error dump with the server's message and number. The server may be hostile (a hacked site names it): it gets
/// no local file, a read waits for at most ten minutes, and no row may be longer than 16 MiB (or than
/// `longest_statement`). A cancellation ends whatever waits, within a moment, by Error interrupted. Used from one
/// thread.
class DatabaseConnection {
 public:
  /// Connects and, unless `database` is empty, opens it. The cancellation outlives the object. Statements may be as
  /// long as `longest_statement`, or 16 MiB if that is more; the server has a limit of its own.
  DatabaseConnection(const ServerLogin& login, const std::string& database, const Cancellation& cancellation,
                     std::uint64_t longest_statement = 0);
  DatabaseConnection(DatabaseConnection&&) noexcept;
  DatabaseConnection& operator=(DatabaseConnection&&) noexcept;
  ~DatabaseConnection();

  void execute(std::string_view sql);
  /// Rows are given one by one as they arrive, a gibibyte at most. A hostile server may send fewer columns than asked.
  /// If `visit` throws, the connection is of no use any more.
  void query(std::string_view sql, const std::function<void(const SqlRow&)>& visit);
  /// All rows, 16 MiB at most.
  [[nodiscard]] std::vector<SqlRow> rows(const std::string& sql);
  /// The server's error text for a statement that fails; nothing if it works. Its rows are dropped.
  [[nodiscard]] std::optional<std::string> error_of(const std::string& sql);

  [[nodiscard]] const std::string& version() const noexcept { return version_; }  ///< "10.11.19-MariaDB"
  [[nodiscard]] bool is_mariadb() const noexcept;
  [[nodiscard]] unsigned long version_number() const noexcept;  ///< 101119

 private:
  struct Handle;
  [[noreturn]] void fail() const;
  void connect(const ServerLogin& login, const std::string& database);

  std::unique_ptr<Handle> handle_;
  std::string version_;
};

/// `name` in backticks.
[[nodiscard]] std::string quoted_name(std::string_view name);
/// 'text' as a literal for a connection in any SQL mode but ANSI_QUOTES' strings: as hex when it has backslashes.
[[nodiscard]] std::string quoted_text(std::string_view text);

}  // namespace wobackup
