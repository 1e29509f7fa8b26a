// Archives in stores.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "wobackup/error.h"
#include "wobackup/progress.h"

namespace wobackup {

/// The name of a site's own folder of archives among stores.
inline constexpr const char* kOwnFolderStore = "local";

/// Whether a copy is encrypted otherwise than the archive: not at all; decrypted; encrypted, anew if it is already.
enum class CopyAs { it_is, plain, encrypted };

struct CopyOptions {
  CopyAs as = CopyAs::it_is;
  std::vector<std::string> recipients = {};  ///< of `encrypted`, "age1..."; none: the store's, else the site's
  ProgressCallback on_progress = {};         ///< of all stores together
  std::function<bool()> cancelled = {};      ///< as in CreateOptions; may be asked from several threads
};

/// What became of an archive in one store.
struct [[nodiscard]] Stored {
  std::string store;              ///< as it was named
  std::filesystem::path archive;  ///< there: "s3://bucket/prefix/example.com/2025-01-20_14-25-30.tar.zst"
  bool was_there = false;         ///< the same archive was there already
  bool encrypted = false;
  std::uint64_t size_bytes = 0;
  std::string sha256;                          ///< hex, of the archive as it lies there
  std::optional<Error> error;                  ///< why it is not there
  std::vector<std::filesystem::path> removed;  ///< older ones, that the store's `keep` no longer wants
  std::chrono::milliseconds elapsed{0};
};

}  // namespace wobackup
