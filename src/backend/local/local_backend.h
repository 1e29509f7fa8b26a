// Objects as files of a folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/unique_fd.h"

namespace wobackup {

/// A key is a path below the folder. No link is followed on the way (base/safe_path.h). What is being written has a
/// hidden name beside its final one and is locked, so that `remove_unfinished` knows it is alive, whatever its age.
/// `commit` syncs file and folders and links the file to its final name, which never replaces another. Folders that
/// have become empty stay.
class LocalBackend final : public Backend {
 public:
  /// An absolute path. The folder is never made: where a disk should be mounted, it would be made on the disk beneath.
  /// Without it, everything throws not_found with a hint; also if a file of the name `mark` is to be in it and is not.
  /// `owner`: see UploadJournal.
  explicit LocalBackend(std::filesystem::path folder, std::string owner = {}, std::string mark = {});

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override;
  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) override;
  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override;
  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() override;
  void remove(const std::string& key) override;
  std::vector<std::string> remove_unfinished() override;
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  /// The store's folder.
  [[nodiscard]] UniqueFd open_folder() const;
  /// An object's file; empty if there is none.
  [[nodiscard]] UniqueFd open_object(const std::string& key, int flags, ObjectInfo& info) const;

  std::filesystem::path folder_;
  std::string owner_;
  std::string mark_;
  std::string name_;
};

}  // namespace wobackup
