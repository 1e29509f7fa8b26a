// What a database holds, saved so that it can be made again elsewhere. docs of the JSON: see swap.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/json.h"

namespace wobackup {

enum class ObjectKind { procedure, function, package, package_body, view, trigger, event };

/// The kind as SQL spells it: "PACKAGE BODY".
[[nodiscard]] std::string_view sql_word(ObjectKind kind) noexcept;
[[nodiscard]] std::optional<ObjectKind> object_kind_of(std::string_view sql_word) noexcept;

/// A view, routine, trigger or event with the settings under which its text means what it means.
struct SavedObject {
  ObjectKind kind = ObjectKind::view;
  std::string name;
  std::string table;   ///< of a trigger
  std::string create;  ///< as SHOW CREATE gives it: bytes in `character_set_client`
  std::string sql_mode;
  std::string character_set_client;
  std::string collation_connection;
  std::string database_collation;
  std::string time_zone;     ///< of an event
  std::string status;        ///< of an event: ENABLED, DISABLED, SLAVESIDE_DISABLED
  std::int64_t created = 0;  ///< of an event: seconds since 1970
  bool broken = false;       ///< a view that cannot be queried: it may be impossible to make it again
  /// A view that uses another database: made in live alone, and never with anybody's rights but its new owner's.
  bool only_live = false;
};

struct SavedTable {
  std::string name;
  bool sequence = false;
  bool versioned = false;
};

/// A column that counts by a sequence: its default names the sequence's database.
struct SavedDefault {
  std::string table;
  std::string column;
  std::string expression;
};

struct SavedSchema {
  std::string schema;
  std::vector<SavedTable> tables;  ///< and sequences
  std::vector<SavedObject> objects;
  std::vector<SavedDefault> defaults;

  [[nodiscard]] const SavedTable* table(std::string_view name) const;
  [[nodiscard]] const SavedObject* object(ObjectKind kind, std::string_view name) const;
};

[[nodiscard]] Json json_of(const SavedObject& object);
/// Throws Error failed, or Json::exception, for JSON that json_of did not make.
[[nodiscard]] SavedObject saved_object_of(const Json& json);

[[nodiscard]] Json json_of(const SavedSchema& schema);
/// Throws Error failed for JSON that json_of did not make.
[[nodiscard]] SavedSchema saved_schema_of(const Json& json);

}  // namespace wobackup
