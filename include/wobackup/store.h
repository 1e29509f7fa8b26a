// Copies of archives elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "wobackup/error.h"
#include "wobackup/progress.h"

namespace wobackup {

struct CopyOptions {
  ProgressCallback on_progress = {};     ///< of all stores together
  std::function<bool()> cancelled = {};  ///< as in CreateOptions; may be asked from several threads
};

/// What became of a copy to one store.
struct [[nodiscard]] Stored {
  std::string store;              ///< as it was named
  std::filesystem::path archive;  ///< there: "s3://bucket/prefix/example.com/2025-01-20_14-25-30.tar.zst"
  bool was_there = false;         ///< the same archive was there already
  std::optional<Error> error;     ///< why it is not there
  std::chrono::milliseconds elapsed{0};
};

}  // namespace wobackup
