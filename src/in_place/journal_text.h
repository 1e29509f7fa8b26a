// Bytes and identities in a journal, and reading one whole.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/bytes.h"
#include "base/synced_json.h"
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

/// What `from` makes of the journal; nothing if there is none. Throws Error failed, naming the file, with this hint,
/// for one that cannot be understood: then nobody may guess.
template <class From>
[[nodiscard]] std::optional<std::invoke_result_t<From, const Json&>> read_journal(const SyncedJson& file,
                                                                                  const std::string& hint,
                                                                                  const From& from) {
  const auto refuse = [&](const std::string& why) -> Error {
    return {ErrorKind::failed, fmt::format("the journal {} cannot be used: {}", file.path().string(), why), hint};
  };
  try {
    const std::optional<Json> json = file.load();
    if (!json) return std::nullopt;
    return from(*json);
  } catch (const Error& error) {
    throw refuse(error.message());
  } catch (const Json::exception& error) {
    throw refuse(printable(error.what()));
  }
}

}  // namespace wobackup
