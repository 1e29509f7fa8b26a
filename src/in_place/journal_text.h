// Bytes and identities in a journal.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/text.h"
#include "in_place/file_identity.h"
#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {

[[nodiscard]] inline Json json_of(const FileIdentity& identity) { return {identity.device, identity.inode}; }

[[nodiscard]] inline FileIdentity identity_from_json(const Json& json) {
  return {json.at(0).get<std::uint64_t>(), json.at(1).get<std::uint64_t>()};
}

/// Paths are any bytes.
[[nodiscard]] inline std::string packed(std::string_view path) { return base64(bytes_of(path)); }

[[nodiscard]] inline std::string unpacked(const Json& json) {
  const auto bytes = from_base64(json.get<std::string>());
  if (!bytes) throw Error(ErrorKind::failed, "a path in the journal is no base64");
  return *bytes;
}

}  // namespace wobackup
