// The statement that makes a saved object in another database.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "target/swap/saved_schema.h"

namespace wobackup {

/// 'user'@'host'.
struct Account {
  std::string user;
  std::string host;
  friend bool operator==(const Account&, const Account&) = default;
};

struct Placement {
  std::string from;                ///< the database the text comes from
  std::string to;                  ///< where it is going to be
  std::optional<Account> definer;  ///< every other DEFINER is replaced by this one
  bool or_replace = false;         ///< views and routines: over what is there
  bool events_disabled = false;
};

/// The CREATE statement, to be sent with `to` as the open database and under the object's own settings. Names no
/// database where the object itself or a trigger's table is meant. In views `from` becomes `to`, since the server
/// writes it there by itself; bodies of routines, triggers and events stay as they are. Throws Error verification for a
/// text that it cannot take apart.
[[nodiscard]] std::string create_statement(const SavedObject& object, const Placement& placement);

/// The same in a form that two equal objects share: the server names the database in some views, and in others not.
[[nodiscard]] std::string comparable_statement(const SavedObject& object, const Placement& placement);

/// The text of a view or of a column's default with the database's name before tables, columns, functions and
/// sequences exchanged; left out if `to` is empty. An alias of the same name stays.
[[nodiscard]] std::string with_schema(std::string_view text, std::string_view from, std::string_view to);

/// Whether the body of a routine, trigger or event seems to name this database.
[[nodiscard]] bool body_names(const SavedObject& object, std::string_view schema);

}  // namespace wobackup
