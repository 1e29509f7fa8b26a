// Text that people and JSON readers see. Names from a site are any bytes: they pass through here first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

/// Strict UTF-8 (no surrogates, no overlong forms, up to U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// For terminals and logs: control characters, invalid bytes and characters that change the direction of text become
/// \xNN or \n; everything else stays.
[[nodiscard]] std::string printable(std::string_view bytes);

/// Appends a JSON string with its quotes. REQUIRES: is_utf8(text).
void append_json_string(std::string& out, std::string_view text);

/// "1.5 GiB", "812 B".
[[nodiscard]] std::string human_size(std::uint64_t bytes);
/// "500", "10k", "64M", "2GiB", "1.5G" (powers of 1024); nothing if it is no size.
[[nodiscard]] std::optional<std::uint64_t> size_from(std::string_view text);
/// "10", "90s", "10m", "2h", "1d" in seconds; nothing if it is no duration.
[[nodiscard]] std::optional<std::int64_t> seconds_from(std::string_view text);

[[nodiscard]] std::string lower_ascii(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// Number of edits between two words, for "did you mean".
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace wobackup
