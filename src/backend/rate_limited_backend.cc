#include "backend/rate_limited_backend.h"

#include <algorithm>
#include <utility>

namespace wobackup {
namespace {

class LimitedObject final : public OpenObject {
 public:
  LimitedObject(std::unique_ptr<OpenObject> inner, std::shared_ptr<RateLimit> limit)
      : inner_(std::move(inner)), limit_(std::move(limit)) {}

  [[nodiscard]] const ObjectInfo& info() const override { return inner_->info(); }
  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  // Paid for afterwards: a server's answer cannot be held up without upsetting the connection.
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    const std::size_t count = inner_->read(offset, buffer);
    limit_->pass(count);
    return count;
  }

 private:
  std::unique_ptr<OpenObject> inner_;
  std::shared_ptr<RateLimit> limit_;
};

class LimitedUpload final : public Upload {
 public:
  LimitedUpload(std::unique_ptr<Upload> inner, std::shared_ptr<RateLimit> limit)
      : inner_(std::move(inner)), limit_(std::move(limit)) {}

  void write(ByteSpan bytes) override {
    while (!bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), limit_->portion_bytes());
      limit_->pass(count);
      inner_->write(bytes.first(count));
      bytes = bytes.subspan(count);
    }
  }
  [[nodiscard]] bool commit() override { return inner_->commit(); }

 private:
  std::unique_ptr<Upload> inner_;
  std::shared_ptr<RateLimit> limit_;
};

}  // namespace

RateLimit::RateLimit(std::uint64_t bytes_per_second, Pause& pause, const Cancellation& cancellation)
    : bytes_per_second_(bytes_per_second),
      portion_bytes_(static_cast<std::size_t>(std::clamp<std::uint64_t>(bytes_per_second / 10, 1, 1U << 20U))),
      pause_(pause),
      cancellation_(cancellation),
      free_at_(pause.now()) {}

void RateLimit::pass(std::uint64_t bytes) {
  const std::chrono::duration<double> time(static_cast<double>(bytes) / static_cast<double>(bytes_per_second_));
  std::chrono::steady_clock::duration ahead{};
  {
    const std::scoped_lock lock(mutex_);
    const auto now = pause_.now();
    ahead = std::max(free_at_ - now, std::chrono::steady_clock::duration::zero());
    free_at_ = now + ahead + std::chrono::duration_cast<std::chrono::steady_clock::duration>(time);
  }
  // Waits of less than the system can keep would add up to a lower rate.
  if (ahead > std::chrono::milliseconds(5)) {
    pause_.wait(std::chrono::duration_cast<std::chrono::milliseconds>(ahead), cancellation_);
  } else {
    cancellation_.check();
  }
}

RateLimitedBackend::RateLimitedBackend(std::unique_ptr<Backend> inner, std::shared_ptr<RateLimit> writing,
                                       std::shared_ptr<RateLimit> reading)
    : inner_(std::move(inner)), writing_(std::move(writing)), reading_(std::move(reading)) {}

std::unique_ptr<OpenObject> RateLimitedBackend::open(const std::string& key, const OpenOptions& options) {
  std::unique_ptr<OpenObject> object = inner_->open(key, options);
  if (!reading_) return object;
  return std::make_unique<LimitedObject>(std::move(object), reading_);
}

std::unique_ptr<Upload> RateLimitedBackend::put(const std::string& key, const PutOptions& options) {
  std::unique_ptr<Upload> upload = inner_->put(key, options);
  if (!writing_) return upload;
  return std::make_unique<LimitedUpload>(std::move(upload), writing_);
}

}  // namespace wobackup
