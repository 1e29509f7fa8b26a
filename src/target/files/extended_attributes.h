// Puts extended attributes and ACLs on restored files.
#pragma once

#include <string>

#include "container/entry.h"

namespace wobackup {

/// Sets the entry's attributes and ACLs on an open file or folder. Those in `security.` and `trusted.` only if
/// `privileged`: security.capability is as good as setuid root. Returns what could not be set, as a text for a note;
/// empty if all is well.
[[nodiscard]] std::string put_attributes(int fd, const Entry& entry, bool privileged);

[[nodiscard]] bool has_attributes(const Entry& entry) noexcept;

}  // namespace wobackup
