// The frames of a container that zstd passes over (RFC 8878, 3.1.2): manifest and locator.
#pragma once

#include <cstdint>

namespace wobackup {

inline constexpr std::uint32_t kSkippableMagic = 0x184D2A5B;
/// The magic number and the payload's length, four bytes each.
inline constexpr std::uint64_t kSkippableHeaderBytes = 8;

}  // namespace wobackup
