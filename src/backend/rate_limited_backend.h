// A backend that uses only so much of the line.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/pause.h"

namespace wobackup {

/// So many bytes a second for all who share it; who comes first passes at once. May be used from several threads.
class RateLimit {
 public:
  /// `pause` and `cancellation` outlive the object. REQUIRES: bytes_per_second > 0.
  RateLimit(std::uint64_t bytes_per_second, Pause& pause, const Cancellation& cancellation);
  /// Waits until these bytes may pass. Throws Error interrupted.
  void pass(std::uint64_t bytes);
  /// How much should pass at a time, so that it flows evenly.
  [[nodiscard]] std::size_t portion_bytes() const noexcept { return portion_bytes_; }

 private:
  std::uint64_t bytes_per_second_;
  std::size_t portion_bytes_;
  Pause& pause_;
  const Cancellation& cancellation_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point free_at_;
};

/// Holds up what is written and read. What an upload has taken over leaves in its own pieces: the limit holds on the
/// average of some seconds.
class RateLimitedBackend final : public Backend {
 public:
  /// Without a limit, that direction is free.
  RateLimitedBackend(std::unique_ptr<Backend> inner, std::shared_ptr<RateLimit> writing,
                     std::shared_ptr<RateLimit> reading);

  [[nodiscard]] std::optional<ObjectInfo> stat(const std::string& key) override { return inner_->stat(key); }
  [[nodiscard]] std::unique_ptr<OpenObject> open(const std::string& key, const OpenOptions& options) override;
  ListSummary list(const std::string& prefix, const std::string& after, const ListVisitor& visit) override {
    return inner_->list(prefix, after, visit);
  }
  [[nodiscard]] std::unique_ptr<Upload> put(const std::string& key, const PutOptions& options) override;
  [[nodiscard]] std::optional<std::uint64_t> free_bytes() override { return inner_->free_bytes(); }
  void remove(const std::string& key) override { inner_->remove(key); }
  std::vector<std::string> remove_unfinished() override { return inner_->remove_unfinished(); }
  [[nodiscard]] const std::string& name() const override { return inner_->name(); }

 private:
  std::unique_ptr<Backend> inner_;
  std::shared_ptr<RateLimit> writing_;
  std::shared_ptr<RateLimit> reading_;
};

}  // namespace wobackup
