// Dumps a MariaDB or MySQL database by the server's own dump program, and proves that the dump is whole.
// docs/architecture.md, "The dump contract".
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_sink.h"
#include "base/cancellation.h"
#include "database/event_status.h"
#include "database/site_login.h"
#include "site/database_login.h"
#include "wobackup/config.h"
#include "wobackup/json.h"

namespace wobackup {

/// What to dump and how to get at it.
struct DumpRequest {
  std::string site;             ///< for messages
  DatabaseLogin login;          ///< the site's own
  std::string database;         ///< the login's, or an additional one
  bool named_by_admin = false;  ///< the admin's credentials may be used if the site's own login can open it
  /// Instead of choosing one: for a database of our own, which the site's login cannot open.
  std::optional<SiteServerLogin> known_login = {};
  EventStatus event_states = {};  ///< that the dump shall have, not those of the database
  std::string former_name = {};   ///< the database that its content was in before it was displaced; may be empty
  const DatabaseDefaults& defaults;
  std::function<void(std::uint64_t bytes)> on_size;      ///< a guess at the dump's size, once; may be empty
  std::function<void(const std::string& what)> on_note;  ///< what is worth telling; may be empty
};

/// What was dumped.
struct DumpReport {
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  Json description;  ///< the manifest's "database" object
};

/// Runs the dump into the sink. Restarts once if the schema changes meanwhile. Throws Error dump that says which rule
/// of the contract is broken, or interrupted within a second of a cancellation; the sink then holds a part that must
/// not be used.
[[nodiscard]] DumpReport dump_database(const DumpRequest& request, ByteSink& sink, const Cancellation& cancellation);

}  // namespace wobackup
