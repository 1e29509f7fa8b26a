// The names that objects have in folders before they are published.
#pragma once

#include <string>
#include <string_view>

namespace wobackup {

/// ".<name>.<owner>-<16 random digits>.partial": hidden, beside its final name, and nobody can guess it. `owner` is
/// whose it is (UploadJournal::owner); letters and digits, or nothing.
[[nodiscard]] std::string partial_name(std::string_view object_name, std::string_view owner);

/// What such a name says; empty names if it is none.
struct PartialName {
  std::string_view object;
  std::string_view owner;
};
[[nodiscard]] PartialName parse_partial_name(std::string_view partial) noexcept;

}  // namespace wobackup
