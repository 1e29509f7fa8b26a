// The names that objects have in folders before they are published.
#pragma once

#include <string>
#include <string_view>

namespace wobackup {

/// ".<name>.<16 random digits>.partial": hidden, beside its final name, and nobody can guess it.
[[nodiscard]] std::string partial_name(std::string_view object_name);

/// The object's name in it; empty if it is no such name.
[[nodiscard]] std::string_view object_name_of_partial(std::string_view partial) noexcept;

}  // namespace wobackup
