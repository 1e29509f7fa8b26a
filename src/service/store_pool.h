// Stores that stay connected between the operations of one Service.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "service/open_store.h"

namespace wobackup {

/// To connect to an SSH server, or to greet an HTTPS server, takes longer than most requests: `verify --all --from`
/// would do it for every archive. May be used from several threads at once.
class StorePool {
 public:
  explicit StorePool(const StoreEnvironment& environment) : environment_(environment) {}

  /// What is asked for operations that have no `cancelled`. Before anything else is called.
  void set_default(std::function<bool()> cancelled) { default_ = std::move(cancelled); }

  /// A store for one operation, which nobody else uses meanwhile, and which goes back when the pointer ends; the pool
  /// outlives it. `cancelled` as for OpenStore.
  [[nodiscard]] std::shared_ptr<OpenStore> take(const StoreSettings& settings,
                                                const std::function<bool()>& cancelled = {});

  [[nodiscard]] const StoreEnvironment& environment() const noexcept { return environment_; }

 private:
  struct Idle {
    std::string url;
    std::unique_ptr<OpenStore> store;
    std::chrono::steady_clock::time_point since;
  };
  [[nodiscard]] std::unique_ptr<OpenStore> idle_one(const std::string& url);
  void give_back(const std::string& url, std::unique_ptr<OpenStore> store) noexcept;

  StoreEnvironment environment_;
  std::function<bool()> default_;
  std::mutex mutex_;
  std::vector<Idle> idle_;
};

}  // namespace wobackup
