#include "service/store_pool.h"

#include <algorithm>

namespace wobackup {
namespace {

// Servers end what is idle for long.
constexpr std::chrono::seconds kStillConnected{30};
constexpr std::size_t kMostIdle = 4;

}  // namespace

std::shared_ptr<OpenStore> StorePool::take(const StoreSettings& settings, const std::function<bool()>& cancelled) {
  std::unique_ptr<OpenStore> store = idle_one(settings.url);
  const std::function<bool()>& asked = cancelled ? cancelled : default_;
  if (store) {
    store->attend(asked);
  } else {
    store = std::make_unique<OpenStore>(settings, environment_, asked);
  }
  return {store.release(),
          [this, url = settings.url](OpenStore* used) { give_back(url, std::unique_ptr<OpenStore>(used)); }};
}

std::unique_ptr<OpenStore> StorePool::idle_one(const std::string& url) {
  std::vector<Idle> too_old;  // they end without the lock
  const std::scoped_lock lock(mutex_);
  const auto now = environment_.clock.monotonic();
  for (auto idle = idle_.begin(); idle != idle_.end();) {
    if (now - idle->since > kStillConnected) {
      too_old.push_back(std::move(*idle));
      idle = idle_.erase(idle);
    } else {
      ++idle;
    }
  }
  const auto fits = std::find_if(idle_.begin(), idle_.end(), [&](const Idle& idle) { return idle.url == url; });
  if (fits == idle_.end()) return nullptr;
  std::unique_ptr<OpenStore> store = std::move(fits->store);
  idle_.erase(fits);
  return store;
}

void StorePool::give_back(const std::string& url, std::unique_ptr<OpenStore> store) noexcept {
  store->attend({});
  if (store->cancellation().cancelled()) return;  // it is of no use any more
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back({url, std::move(store), environment_.clock.monotonic()});
}

}  // namespace wobackup
