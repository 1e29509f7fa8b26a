// How archives are named: <YYYY-MM-DD_HH-MM-SS>[_<suffix>].tar.zst[.age]
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace wobackup {

struct ArchiveName {
  std::string name;  ///< without .tar.zst or .tar.zst.age
  std::chrono::sys_seconds time;
  std::string suffix;  ///< "incomplete", "preupdate" (of the older Python service), or any other; may be empty
  bool encrypted = false;
  [[nodiscard]] bool complete() const noexcept { return suffix != "incomplete"; }
};

/// Nothing for a file that is no archive by its name: hidden partial files, other endings, no date, or a suffix of
/// anything but letters, digits, '.', '-' and '_'. So a name that passes is safe to print.
[[nodiscard]] std::optional<ArchiveName> archive_name_from(std::string_view file_name);

/// ".tar.zst", or ".tar.zst.age".
[[nodiscard]] std::string_view archive_ending(bool encrypted) noexcept;
/// The ending that a file's name has; empty for none of the two.
[[nodiscard]] std::string_view archive_ending_of(std::string_view file_name) noexcept;

}  // namespace wobackup
