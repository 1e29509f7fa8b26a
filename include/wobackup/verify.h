// Proving that a backup can be restored.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/progress.h"

namespace wobackup {

/// Each includes those before it. `quick`: index, manifest and first frame are whole and agree; of an encrypted archive
/// without a key, its encryption's structure fits its size, and the whole file has its recorded sum. `data`: every
/// frame decodes, every file has its hash, the tar says what the manifest says, the file has its recorded sum. `drill`:
/// it was restored into a scratch folder and a scratch database, its tables were counted, and its WordPress, if it has
/// one and PHP is there, ran from it.
enum class VerifyLevel { quick, data, drill };

[[nodiscard]] std::string_view name_of(VerifyLevel level) noexcept;  ///< "quick", "data", "drill"
[[nodiscard]] std::optional<VerifyLevel> verify_level_from(std::string_view word) noexcept;

struct VerifyOptions {
  VerifyLevel level = VerifyLevel::data;
  /// Of `data`: the part of the frames to read, 0 to 1; other ones each time.
  double sample = 1;
  ProgressCallback on_progress = {};
  std::function<bool()> cancelled = {};
};

/// Something that is not what it should be.
struct VerifyProblem {
  std::optional<std::uint64_t> frame;  ///< the damaged frame, counted from 0
  std::string path;                    ///< the member that is lost (raw bytes); empty if it is none
  std::string what;
};

/// What a drill found out: how long a recovery takes.
struct DrillReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t tables = 0;
  std::uint64_t rows = 0;
  std::optional<std::string> wordpress;  ///< the version of the one that ran
  std::string siteurl;
  std::string latest_post;  ///< its title
  bool complete = true;     ///< false: something that the archive holds could not be tried on this machine; see `notes`
  std::vector<std::string> notes;
  std::chrono::milliseconds files_time{0}, database_time{0}, wordpress_time{0}, total{0};
};

/// `level` is what was really done: `data` for a drill that could not be tried here, or did not begin (damage).
struct [[nodiscard]] Verified {
  std::filesystem::path archive;
  VerifyLevel level = VerifyLevel::quick;
  double sample = 1;
  bool ok = false;
  bool encrypted = false;
  bool decrypted = false;               ///< false for an encrypted one: only its outside was looked at, without a key
  bool indexed = false;                 ///< without an index there are no hashes to compare
  bool sum_compared = false;            ///< the file's own sum was recorded, and is the same
  std::vector<VerifyProblem> problems;  ///< at most 1,000 are kept, `problem_count` has all
  std::uint64_t problem_count = 0;
  std::uint64_t members = 0;  ///< proven
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  ///< decoded
  std::chrono::milliseconds elapsed{0};
  std::optional<DrillReport> drill;
};

/// What was proven of an archive, and when; as the state folder remembers it.
struct VerifyRecord {
  VerifyLevel level = VerifyLevel::quick;
  bool ok = false;
  double sample = 1;
  std::string time;  ///< RFC 3339
};

/// "proven" (by a drill), "verified" (all), "sampled", "checked" (quick), "damaged", "drill failed"; else "unverified".
[[nodiscard]] std::string_view word_for(const std::optional<VerifyRecord>& record) noexcept;

}  // namespace wobackup
