// What this machine is uploading, so that a later run can take away what a killed one left behind.
#pragma once

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

  /// The upload was committed, or nothing is left of it: removes the record. Again does nothing.
  void forget() noexcept;

 private:
  UniqueFd folder_;
  UniqueFd fd_;  // locked
  std::string file_name_;
};

/// A folder with one small file for each upload. May be used from several threads and processes at once.
class UploadJournal {
 public:
  /// Only root, or this process's user, may be able to write to the folder; it is made when it is first needed.
  explicit UploadJournal(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// `store` says where the upload goes to, `key` which object it is, `handle` how the backend finds it again.
  [[nodiscard]] JournaledUpload begin(const std::string& store, const std::string& key,
                                      const std::string& handle) const;

  /// Calls `take_away(key, handle)` for the uploads to this store whose process is gone, and forgets them if it returns
  /// true. No other process does the same at that moment.
  void visit_abandoned(const std::string& store,
                       const std::function<bool(const std::string& key, const std::string& handle)>& take_away) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace wobackup
