// The connection through which a swap changes things. There is one at a time for each live database.
#pragma once

#include <chrono>
#include <string>

#include "base/cancellation.h"
#include "database/connection.h"
#include "database/single_value.h"
#include "target/swap/object_text.h"
#include "target/swap/saved_schema.h"

namespace wobackup {

/// Holds a named lock on the server for as long as the server works for it: a statement of a killed process may go on
/// for seconds, and whoever looks or mends must not do so before it has ended.
class SwapSession {
 public:
  /// Waits up to `patience` for another swap of this database, or for what a killed one left behind. Throws Error
  /// locked (retryable) after that, dump if the server cannot be reached.
  SwapSession(ServerLogin login, const std::string& live, std::chrono::seconds lock_wait, std::chrono::seconds patience,
              const Cancellation& cancellation);

  [[nodiscard]] DatabaseConnection& connection() noexcept { return connection_; }
  [[nodiscard]] const std::string& id() const noexcept { return id_; }  ///< in the server's process list
  [[nodiscard]] const ServerLogin& login() const noexcept { return login_; }
  [[nodiscard]] std::chrono::seconds lock_wait() const noexcept { return lock_wait_; }
  [[nodiscard]] Account account();  ///< that the server takes us for
  void use(const std::string& schema) { connection_.execute("USE " + quoted_name(schema)); }
  /// Runs a statement under the settings that were in force when the object was made.
  void execute_as(const SavedObject& object, const std::string& sql);
  /// Runs a statement that is only understood in this SQL mode.
  void execute_in_mode(const std::string& sql_mode, const std::string& sql);

 private:
  void execute_then_plain(const std::string& sql);
  void plain_settings();

  ServerLogin login_;
  std::chrono::seconds lock_wait_;
  DatabaseConnection connection_;
  std::string id_;
};

/// A lock was waited for in vain (1205), or given up for a deadlock's sake (1213).
[[nodiscard]] bool is_lock_wait(const Error& error);

}  // namespace wobackup
