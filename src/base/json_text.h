// JSON from places where somebody else may have written it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wobackup/json.h"

namespace wobackup {

/// False if it nests deeper than 64 levels (what prints or copies a value calls itself for each), or if an object has
/// more than 4,096 keys (each look-up compares them one by one). Says nothing of whether it is JSON.
[[nodiscard]] bool is_moderate_json(std::string_view text);

/// Parses JSON that may be hostile. Nothing if it is not JSON, or not moderate.
[[nodiscard]] std::optional<Json> untrusted_json(std::string_view text);

/// A member that is text. Nothing if there is none of that name, it is something else, or `object` is no object.
[[nodiscard]] std::optional<std::string> text_member(const Json& object, const std::string& name);

}  // namespace wobackup
