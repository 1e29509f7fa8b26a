// Waits for the end of what a killed load has left behind on the server.
#pragma once

#include <string>

#include "database/connection.h"

namespace wobackup {

/// The name of the locks that all connections hold which load into this live database.
[[nodiscard]] std::string load_guard_of(const std::string& database);

/// Holds one of them until the connection has ended: a server goes on for a while with the statement of a client that
/// was killed. Throws Error failed if more than a load's connections hold them.
void take_load_guard(DatabaseConnection& connection, const std::string& guard);

/// Waits until nobody holds any of them. Throws Error locked (retryable) after a minute.
void await_load_guards(DatabaseConnection& connection, const std::string& guard);

}  // namespace wobackup
