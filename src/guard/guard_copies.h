// Which copies of a guard's backup are a way back.
#pragma once

#include <string>
#include <vector>

#include "guard/guard_environment.h"
#include "guard/guard_stores.h"
#include "wobackup/guard.h"

namespace wobackup {

/// The stores whose archives could be decrypted here; those of other stores are copies, but no way back. Asked before
/// anything is made. Throws wrong_key if there are none, or if the site's own folder is needed and none of them.
[[nodiscard]] std::vector<std::string> openable_stores(const Site& site, const GuardPlaces& places,
                                                       const Config& config);

/// Of what was made, the copies that could be decrypted: the site's own folder's first, then those in other folders of
/// this machine, then those elsewhere, each by their order. Throws if there are none, or if the site's own folder is
/// needed and does not have it: then nothing may be changed.
[[nodiscard]] std::vector<GuardCopy> usable_copies(const Site& site, const Created& made, const GuardPlaces& places,
                                                   const std::vector<std::string>& openable);

/// Whether an error of one copy may be none of another one. All but what surely is not the copy's counts: whoever has
/// exchanged it chooses the error, and a store may claim any size.
[[nodiscard]] bool another_copy_may_do(const Error& error) noexcept;

/// "bucket: what is wrong"
[[nodiscard]] std::string problem_of(const GuardCopy& copy, const Error& error);

}  // namespace wobackup
