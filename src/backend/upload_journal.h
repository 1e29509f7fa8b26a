// What this machine is uploading, so that a later run can take away what a killed one left behind.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "base/unique_fd.h"

namespace wobackup {

/// One upload on its way. While the object lives, its file is locked: nobody takes the upload for abandoned.
class JournaledUpload {
 public:
  JournaledUpload() = default;
  JournaledUpload(UniqueFd folder, UniqueFd fd, std::string file_name);
  JournaledUpload(JournaledUpload&&) noexcept = default;
  JournaledUpload& operator=(JournaledUpload&&) noexcept = default;
  JournaledUpload(const JournaledUpload&) = delete;
  JournaledUpload& operator=(const JournaledUpload&) = delete;
  /// Without `forget`, the record stays for a later run.
  ~JournaledUpload() = default;

  /// How the backend finds the upload again, which it can tell only now. Not `alone`: there may be others that were
  /// begun for the same key, whose handles never came. Throws Error if it cannot be recorded.
  void found_by(const std::string& handle, bool alone);

  /// The upload was committed, or nothing is left of it: removes the record. Again does nothing.
  void forget() noexcept;

 private:
  UniqueFd folder_;
  UniqueFd fd_;  // locked
  std::string file_name_;
};

/// What a process that is gone meant to upload.
struct AbandonedUpload {
  std::string key;
  std::string handle;  ///< empty: it was killed before it had one
  bool alone = true;   ///< what the handle finds is all there is
  std::chrono::sys_seconds begun{};
  /// Asks whether a live process is uploading the same object now. Asked after a listing, it speaks for all that is in
  /// it: an upload is recorded before it begins.
  std::function<bool()> has_rival;
};

/// A folder with one small file for each upload. May be used from several threads and processes at once.
class UploadJournal {
 public:
  /// Only root, or this process's user, may be able to write to the folder; it is made when it is first needed.
  /// `owner` tells this installation from others, in case its state folder was copied to another machine: records of
  /// another owner are let alone.
  explicit UploadJournal(std::filesystem::path folder, std::string owner = {})
      : folder_(std::move(folder)), owner_(std::move(owner)) {}

  [[nodiscard]] const std::string& owner() const noexcept { return owner_; }

  /// To be called before anything is sent, so that no kill comes between. `store` says where the upload goes to, `key`
  /// which object it is, `handle` how the backend finds it again, if that is known beforehand, `begun` the time, by the
  /// store's clock. The record is synced.
  [[nodiscard]] JournaledUpload begin(const std::string& store, const std::string& key, const std::string& handle,
                                      std::chrono::sys_seconds begun) const;

  /// Calls `take_away` for the uploads to this store whose process is gone, and forgets them if it returns true. No
  /// other process does the same at that moment.
  void visit_abandoned(const std::string& store, const std::function<bool(const AbandonedUpload&)>& take_away) const;

 private:
  std::filesystem::path folder_;
  std::string owner_;
};

}  // namespace wobackup
