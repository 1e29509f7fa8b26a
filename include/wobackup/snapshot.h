// One captured state of one site: how to ask for it, and what is known of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wobackup/json.h"
#include "wobackup/progress.h"
#include "wobackup/store.h"
#include "wobackup/verify.h"

namespace wobackup {

/// What a backup holds: everything, only the database (word "db"), or only the files.
enum class BackupType { full, database, files };

[[nodiscard]] std::string_view name_of(BackupType type) noexcept;  ///< "full", "db", "files"
/// From "full", "db" (or "database"), "files"; nothing for another word.
[[nodiscard]] std::optional<BackupType> backup_type_from(std::string_view word) noexcept;

/// Whether and how an archive is encrypted: as the config says; not at all; to CreateOptions::recipients; with the
/// passphrase of Config::keys.
enum class Encryption { as_configured, none, recipients, passphrase };

/// How to make a backup. Everything has a default.
struct CreateOptions {
  BackupType type = BackupType::full;
  std::optional<std::filesystem::path> backup_root = {};  ///< absolute; archives go to <root>/<site>/
  std::string reason = "manual";
  Json metadata_extra = Json::object();   ///< merged into vhost.json; may replace backup_type, not site facts
  std::vector<std::string> exclude = {};  ///< globs, in addition to the config's; see docs/configuration.md
  bool exclude_caches = false;
  Encryption encryption = Encryption::as_configured;
  std::vector<std::string> recipients = {};  ///< "age1..."
  std::chrono::seconds wait{0};              ///< how long to wait for another run on the same site
  ProgressCallback on_progress = {};         ///< may be empty
  /// Where it goes: names of stores in the config, URLs, absolute paths, or "local", the site's own folder of archives.
  /// None: as the config's `stores` say, else "local". See docs/stores.md.
  std::vector<std::string> stores = {};
  /// Told how it went for each of several stores if `create` throws because none of them has it. May be empty.
  std::function<void(const Stored&)> on_stored = {};
  /// Asked about ten times a second, of several stores from several threads; true ends the operation with Error
  /// interrupted, leaving nothing behind.
  std::function<bool()> cancelled = {};
};

/// Something worth telling about one path of a backup that does not make it incomplete, or (in `unreadable`) does.
struct PathNote {
  std::string path;  ///< raw bytes, relative to the site's folder
  std::string what;  ///< "vanished", "grew while it was read", "Permission denied" ...
};

/// The result of a successful create. An incomplete backup is a result too, and must be looked at.
struct [[nodiscard]] Created {
  std::filesystem::path archive;  ///< of several stores: in the site's own folder, else in the first that has it
  std::uint64_t size_bytes = 0;
  std::string sha256;  ///< hex, of the archive file; also kept in the state folder
  bool complete = false;
  bool encrypted = false;
  bool has_files = false;
  bool has_database = false;
  std::uint64_t files = 0;            ///< regular files stored
  std::uint64_t entries = 0;          ///< all members
  std::uint64_t plaintext_bytes = 0;  ///< length of the tar
  std::uint64_t tables = 0;           ///< dumped, over all databases
  std::uint64_t rows = 0;
  std::chrono::milliseconds elapsed{0};
  std::vector<PathNote> unreadable;  ///< why it is incomplete; at most 1,000 are kept, `unreadable_count` has all
  std::uint64_t unreadable_count = 0;
  std::vector<PathNote> notes;  ///< at most 1,000 are kept, `notes_count` has all
  std::uint64_t notes_count = 0;
  Json vhost;  ///< as stored
  std::vector<Stored>
      stores;  ///< by the order of CreateOptions::stores; empty if there were none. Look at their errors
};

/// A backup that a store lists. Values that its archive does not tell (made by other programs, or encrypted, neither
/// made nor readable here) are missing.
struct SnapshotRef {
  std::string site;
  std::string name;  ///< "2025-01-20_14-25-30", with its suffix if any, without .tar.zst or .tar.zst.age
  std::filesystem::path archive;
  std::chrono::sys_seconds time;  ///< from the name, UTC
  std::uint64_t size_bytes = 0;
  bool complete = true;  ///< false for "..._incomplete"
  bool encrypted = false;
  bool indexed = false;             ///< made by this program: can be read in part
  std::optional<std::string> type;  ///< vhost.json's backup_type
  std::optional<std::string> reason;
  std::optional<VerifyRecord> verified;  ///< what was proven since the file last changed
  std::string problem;                   ///< why it cannot be used; empty if it can, as far as a quick look tells

  /// Whether it may stand for the site: complete, usable, and not what a restore in place has displaced (reason
  /// "pre-restore", "pre-undo"), which may be a part only, and is what somebody wanted to get rid of.
  [[nodiscard]] bool good() const {
    return complete && problem.empty() && reason != "pre-restore" && reason != "pre-undo";
  }
};

}  // namespace wobackup
