// Places in the tests' S3 servers.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "backend/conformance.h"
#include "backend/retrying_backend.h"
#include "backend/s3/s3_backend.h"
#include "backend/s3/s3_unfinished.h"
#include "fakes/fake_pause.h"
#include "fakes/private_s3.h"

namespace wobackup::test {

/// One server for all tests of the program, as it was when it started.
inline StrictS3& fresh_strict_s3() {
  static StrictS3 server;
  server.reset();
  return server;
}

/// A prefix of its own in a bucket.
class S3PlaceForTests final : public BackendPlace {
 public:
  explicit S3PlaceForTests(S3Settings settings, bool sound_ranges = true)
      : settings_(std::move(settings)), sound_ranges_(sound_ranges) {
    static unsigned places = 0;
    settings_.prefix = "stores/place " + std::to_string(++places);
  }

  std::unique_ptr<Backend> connect(const Cancellation& cancellation) override { return connect_s3(cancellation); }
  std::unique_ptr<S3Backend> connect_s3(const Cancellation& cancellation, const UploadJournal* journal = nullptr) {
    return std::make_unique<S3Backend>(settings_, BackendSurroundings{clock_, pause_, cancellation, retry_, journal});
  }
  [[nodiscard]] bool has_atomic_commit() const override { return false; }
  [[nodiscard]] std::size_t unfinished() override {
    S3Client client(settings_, clock_);
    std::size_t count = 0;
    static_cast<void>(visit_s3_unfinished(client, "", Cancellation(), [&](const S3ListedUpload&) { ++count; }));
    return count;
  }
  [[nodiscard]] bool has_sound_ranges() const override { return sound_ranges_; }

  [[nodiscard]] S3Settings& settings() { return settings_; }
  [[nodiscard]] FakePause& pause() { return pause_; }
  [[nodiscard]] RetryPolicy& retry() { return retry_; }
  /// As the server names it.
  [[nodiscard]] std::string full_key(const std::string& key) const { return settings_.prefix + "/" + key; }

 private:
  S3Settings settings_;
  bool sound_ranges_;
  SystemClock clock_;
  FakePause pause_;
  RetryPolicy retry_;
};

}  // namespace wobackup::test
