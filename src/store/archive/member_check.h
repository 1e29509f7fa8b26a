// Whether the tar and the manifest say the same.
#pragma once

#include <string>
#include <string_view>

#include "container/manifest.h"
#include "container/tar_decode.h"

namespace wobackup {

/// Throws Error verification, naming the member, unless the tar's header says what the manifest says of it. The hash of
/// the content is not looked at. `top` is the archive's top folder.
void require_agreement(const TarMember& stored, const ManifestEntry& listed, std::string_view top);

/// The same, and takes the top folder off the member's path and off a hard link's target.
void agree_below_top(TarMember& stored, const ManifestEntry& listed, std::string_view top);

/// "<path>: <why>", with a printable path.
[[noreturn]] void member_damaged(std::string_view path, const std::string& why);

}  // namespace wobackup
