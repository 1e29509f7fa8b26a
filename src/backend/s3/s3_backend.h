// Objects in an S3 bucket: AWS, B2, R2, MinIO, Ceph, Wasabi.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/s3/s3_client.h"
#include "backend/s3/s3_settings.h"
#include "backend/surroundings.h"

namespace wobackup {

/// Makes no request before it must. Beyond the contract:
/// - S3 knows no reliable condition for writing. `commit` looks whether the key is taken, but two that commit the same
///   key at the same moment both succeed, and one of the objects is lost. Keys with a time or a hash do not meet.
/// - `commit` of a large object compares its size with what was sent; that of a small one relies on MD5 and SHA-256,
///   which went with it.
/// - With versioning, `remove` only hides (see ObjectDeleter).
class S3Backend final : public Backend {
 public:
  /// Throws Error usage for wrong settings.
  S3Backend(S3Settings settings, const BackendSurroundings& surroundings);

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override;
  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) override;
  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override;
  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override;
  void remove(const std::string& key) override;
  std::vector<std::string> remove_unfinished() override;
  [[nodiscard]] const std::string& name() const override { return client_.name(); }

  /// See S3Client.
  [[nodiscard]] std::optional<std::chrono::seconds> clock_difference() const noexcept {
    return client_.clock_difference();
  }

 private:
  [[nodiscard]] bool abort_abandoned(const AbandonedUpload& abandoned);

  S3Client client_;
  BackendSurroundings surroundings_;
};

}  // namespace wobackup
