// An object on its way into a bucket.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "backend/retry.h"
#include "backend/s3/part_plan.h"
#include "backend/s3/s3_client.h"
#include "backend/surroundings.h"
#include "base/cancellation.h"

namespace wobackup {

/// With objects that were sent in one piece.
constexpr const char* kS3Sha256Header = "x-amz-meta-sha256";

/// A small object is sent in one request when it is committed. A larger one becomes a multipart upload as soon as its
/// first part is full: parts go out side by side while the next one is filled, each with its MD5 and SHA-256, and again
/// if they fail. Memory: S3Settings::memory_bytes, or one part if that is more.
class S3Upload final : public Upload {
 public:
  /// Client and surroundings outlive the object.
  S3Upload(S3Client& client, const BackendSurroundings& surroundings, std::string key, const PutOptions& options);
  /// Stops what is under way and aborts the multipart upload, within about ten seconds.
  ~S3Upload() override;
  void write(ByteSpan bytes) override;
  [[nodiscard]] bool commit() override;

 private:
  struct Part {
    unsigned number = 0;
    ByteVector bytes;
  };

  [[nodiscard]] S3Request request(const char* method) const;
  template <class Action>
  auto repeat(const Action& action) -> decltype(action());
  void rethrow_of_parts();
  void begin_part();
  void hand_over();
  void begin_upload();
  void forget_record() noexcept;
  void work(const std::stop_token& stop);
  [[nodiscard]] std::string send_part(const Part& part);
  void wait_for_parts();
  void add_storage_headers(S3Request& request) const;
  void put_whole();
  void complete(const std::optional<ObjectInfo>& before);
  [[nodiscard]] bool is_complete(const std::optional<ObjectInfo>& before, bool told);
  void abort() noexcept;

  S3Client& client_;
  const BackendSurroundings& surroundings_;
  std::string key_;
  std::string shown_;
  bool replace_;
  PartPlan plan_;
  Cancellation ending_;  // of this upload: with the operation, or when it is given up
  std::stop_callback<std::function<void()>> operation_ends_;
  Retry retry_;
  std::string upload_id_;  // empty: no multipart upload
  JournaledUpload journaled_;
  bool alone_ = true;  // no other upload was begun for it
  std::uint64_t size_bytes_ = 0;
  Part filling_;
  std::uint64_t filling_until_bytes_ = 0;  // the part's size; 0: it has not begun
  unsigned parts_ = 0;                     // handed over

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Part> waiting_;
  unsigned under_way_ = 0;  // waiting ones too
  std::vector<ByteVector> spare_;
  std::vector<std::string> etags_;
  std::exception_ptr error_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace wobackup
