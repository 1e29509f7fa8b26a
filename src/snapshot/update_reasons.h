// The reasons that stand in the backups of automatic updates.
#pragma once

namespace wobackup {

inline constexpr const char* kAutoupdateReason = "pre-autoupdate";       ///< the one before everything
inline constexpr const char* kSingleUpdateReason = "pre-single-update";  ///< those between single updates

}  // namespace wobackup
