#include "backend/retrying_backend.h"

#include <exception>
#include <utility>

namespace wobackup {
namespace {

class RetryingObject final : public OpenObject {
 public:
  RetryingObject(std::unique_ptr<OpenObject> inner, const Retry& retry) : inner_(std::move(inner)), retry_(retry) {}

  [[nodiscard]] const ObjectInfo& info() const override { return inner_->info(); }
  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] std::size_t read(std::uint64_t offset, MutableByteSpan buffer) const override {
    return retry_([&] { return inner_->read(offset, buffer); });
  }

 private:
  std::unique_ptr<OpenObject> inner_;
  const Retry& retry_;
};

}  // namespace

RetryingBackend::RetryingBackend(std::unique_ptr<Backend> inner, Retry retry)
    : inner_(std::move(inner)), retry_(std::move(retry)) {}

std::optional<ObjectInfo> RetryingBackend::stat(const std::string& key) {
  return retry_([&] { return inner_->stat(key); });
}

std::unique_ptr<OpenObject> RetryingBackend::open(const std::string& key, const OpenOptions& options) {
  return std::make_unique<RetryingObject>(retry_([&] { return inner_->open(key, options); }), retry_);
}

ListSummary RetryingBackend::list(const std::string& prefix, const std::string& after, const ListVisitor& visit) {
  std::string last = after;
  bool came_on = false;
  // What `visit` throws is not the backend's failure: it must not be called again for the same object.
  std::exception_ptr visitors_error;
  const auto remembering = [&](const ObjectInfo& info) {
    try {
      const bool go_on = visit(info);
      last = info.key;
      came_on = true;
      return go_on;
    } catch (...) {
      visitors_error = std::current_exception();
      return false;
    }
  };
  std::optional<ListSummary> summary;
  while (!summary) {
    // Patience begins anew with each object: a long listing may be broken off often.
    summary = retry_([&]() -> std::optional<ListSummary> {
      came_on = false;
      try {
        return inner_->list(prefix, last, remembering);
      } catch (const Error& error) {
        if (!error.retryable() || !came_on) throw;
        return std::nullopt;
      }
    });
  }
  if (visitors_error) std::rethrow_exception(visitors_error);
  return *summary;
}

std::unique_ptr<Upload> RetryingBackend::put(const std::string& key, const PutOptions& options) {
  return retry_([&] { return inner_->put(key, options); });
}

std::optional<std::uint64_t> RetryingBackend::free_bytes() {
  return retry_([&] { return inner_->free_bytes(); });
}

void RetryingBackend::remove(const std::string& key) {
  retry_([&] { inner_->remove(key); });
}

std::vector<std::string> RetryingBackend::remove_unfinished() {
  return retry_([&] { return inner_->remove_unfinished(); });
}

}  // namespace wobackup
