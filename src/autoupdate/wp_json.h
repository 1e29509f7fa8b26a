// Finding WP-CLI's JSON in what a site's code prints around it.
#pragma once

#include <string_view>
#include <vector>

#include <optional>

#include "wobackup/json.h"

namespace wobackup {

/// The list of objects that a command with --format=json printed. PHP's notices, and whatever else plugins print,
/// before and behind it are passed over, also when they hold brackets: a list counts only if each of its elements is an
/// object that has all `keys`; the last such list is taken, since WP-CLI prints its own at the end. An empty list is
/// found only if there is no other. Nothing if there is none at all. All of it may be hostile.
[[nodiscard]] std::optional<std::vector<Json>> wp_list(std::string_view out, const std::vector<std::string_view>& keys);

}  // namespace wobackup
