// Guards with stores: the tests' own S3 server and sshd, and a folder.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "fakes/private_s3.h"
#include "fakes/private_sshd.h"
#include "guard/guarded_site.h"

namespace wobackup::test {

/// Gives a config the stores "bucket" (S3), "nas" (SFTP) and "disk" (a folder).
class StoresOfGuard {
 public:
  explicit StoresOfGuard(Config& config, const std::filesystem::path& folder) : disk_(folder / "disk") {
    std::filesystem::create_directories(disk_);
    for (const char* name : {"AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"}) ::unsetenv(name);
    const S3Keys keys = s3_.settings().keys();
    ::setenv("AWS_ACCESS_KEY_ID", keys.access_key_id.c_str(), 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key.c_str(), 1);
    const SftpSettings sftp = sshd_.settings();
    nas_ = sftp.folder;
    config.scratch_dir = folder / "scratch";
    std::filesystem::create_directory(config.scratch_dir);
    StoreSettings bucket, nas, disk;
    bucket.url = "s3://test-bucket/web";
    bucket.endpoint = s3_.settings().endpoint;
    nas.url = "sftp://" + sftp.user + "@" + sftp.host + ":" + std::to_string(sftp.port) + sftp.folder;
    nas.known_hosts = sftp.known_hosts;
    nas.identity_file = sftp.identity_file;
    disk.url = disk_.string();
    config.store["bucket"] = named(std::move(bucket), "bucket");
    config.store["nas"] = named(std::move(nas), "nas");
    config.store["disk"] = named(std::move(disk), "disk");
  }
  ~StoresOfGuard() {
    ::unsetenv("AWS_ACCESS_KEY_ID");
    ::unsetenv("AWS_SECRET_ACCESS_KEY");
  }
  StoresOfGuard(const StoresOfGuard&) = delete;
  StoresOfGuard& operator=(const StoresOfGuard&) = delete;

  [[nodiscard]] const StrictS3& s3() const { return s3_; }
  [[nodiscard]] const std::filesystem::path& disk() const { return disk_; }
  [[nodiscard]] const std::filesystem::path& nas() const { return nas_; }
  [[nodiscard]] std::size_t in_bucket() const { return s3_.state()["objects"].size(); }
  /// All requests are refused from now on, or no more.
  void refuse_bucket(bool on) const {
    s3_.set({{"faults", Json::array()}});
    if (on) s3_.fault({{"do", "refuse"}, {"status", 403}, {"code", "AccessDenied"}, {"times", 1'000'000}});
  }

 private:
  static StoreSettings named(StoreSettings settings, const char* name) {
    settings.name = name;
    return settings;
  }

  StrictS3 s3_;
  PrivateSshd sshd_;
  std::filesystem::path disk_, nas_;
};

/// The small site with those stores.
class GuardedSiteWithStores : public GuardedSite {
 protected:
  [[nodiscard]] static std::vector<std::string> names_of(const GuardResult& result) {
    std::vector<std::string> names;
    for (const Stored& stored : result.stores) names.push_back(stored.store + (stored.error ? " failed" : ""));
    return names;
  }
  [[nodiscard]] static bool has_note(const GuardResult& result, std::string_view part) {
    return std::any_of(result.notes.begin(), result.notes.end(),
                       [part](const std::string& note) { return note.find(part) != std::string::npos; });
  }
  static std::size_t files_in(const std::filesystem::path& folder) {
    std::error_code none;
    std::size_t files = 0;
    for (const auto& item : std::filesystem::recursive_directory_iterator(folder, none)) {
      files += item.is_regular_file() ? 1U : 0U;
    }
    return files;
  }

  StoresOfGuard stores_{config_, folder_.path()};
};

}  // namespace wobackup::test
