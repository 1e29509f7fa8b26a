// Files of identities, as age-keygen writes them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "age/x25519_key.h"
#include "wobackup/secret.h"

namespace wobackup {

constexpr std::size_t kLongestIdentityFile = std::size_t{256} << 10U;

using Identities = std::vector<std::unique_ptr<const X25519Identity>>;

/// The keys in such a text: one a line, with comments (#) and empty lines. `name` is for messages. Throws wrong_key for
/// a line that is none, or if there is none, without repeating what it says.
[[nodiscard]] Identities identities_in(const Secret& text, std::string_view name);

/// The text of a new file.
[[nodiscard]] Secret identity_file_text(const X25519Identity& identity, std::string_view created);

}  // namespace wobackup
