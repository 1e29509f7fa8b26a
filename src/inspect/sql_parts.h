// Which bytes of a dump make one table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "database/dump_sections.h"
#include "wobackup/json.h"

namespace wobackup {

/// The ranges of a dump that recreate one object, in ascending order: first the statements at its beginning that all
/// others assume (names, sql_mode ...), then those of the object; of a table, its triggers, too. `database` is a
/// manifest's description of a dump of this size, which is untrusted: throws Error verification for ranges that do not
/// fit. Nothing if there is no such object: a table, view, sequence, routine ("procedure x") or event.
[[nodiscard]] std::vector<ByteRange> sql_parts(const Json& database, const std::string& name, std::uint64_t dump_bytes);

/// The bytes of a named list entry: "name", or "name_b64".
[[nodiscard]] std::string object_name(const Json& object, const char* key = "name");
/// [begin, end] within the dump. Throws Error verification.
[[nodiscard]] ByteRange range_from(const Json& value, std::uint64_t dump_bytes);
/// An object's list under `key`; an empty one if there is none.
[[nodiscard]] const Json& list_at(const Json& object, const char* key);

}  // namespace wobackup
