// An archive of a store elsewhere, brought to this machine for what reads it more than once.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "base/random_access.h"
#include "service/open_store.h"
#include "wobackup/config.h"
#include "wobackup/progress.h"

namespace wobackup {

/// How it is fetched. Both may be empty.
struct FetchOptions {
  ProgressCallback on_progress = {};
  std::function<bool()> cancelled = {};
};

/// Reads it once, as it is stored, several pieces at once, into a file without a name in config.scratch_dir: encrypted
/// ones stay encrypted, and nothing is left of it whatever happens to this process. `archive` is its name for messages.
/// Throws Error no_space before it begins, interrupted, and what reading throws.
[[nodiscard]] std::shared_ptr<const RandomAccess> fetch_archive(const RandomAccess& stored,
                                                                const std::filesystem::path& archive,
                                                                const Config& config, const FetchOptions& options);

/// What a store has, brought here after seeing that it is the archive that its name says (require_expected), unless
/// `accept_changed`. Throws verification otherwise, what fetch_archive throws, and wrong_key.
[[nodiscard]] std::shared_ptr<const RandomAccess> fetch_expected(StoredArchive& stored,
                                                                 const std::filesystem::path& archive,
                                                                 const Config& config, const FetchOptions& options,
                                                                 bool accept_changed = false);

}  // namespace wobackup
