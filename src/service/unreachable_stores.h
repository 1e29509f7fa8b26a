// Stores that did not answer, for as long as a service lives.
#pragma once

#include <mutex>
#include <set>
#include <string>

namespace wobackup {

/// A backup of many sites waits for a store that went away once, and not for each site anew. From any thread.
class UnreachableStores {
 public:
  [[nodiscard]] bool has(const std::string& url) const {
    const std::scoped_lock lock(mutex_);
    return urls_.count(url) > 0;
  }
  void set(const std::string& url, bool unreachable) {
    const std::scoped_lock lock(mutex_);
    if (unreachable) {
      urls_.insert(url);
    } else {
      urls_.erase(url);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> urls_;
};

}  // namespace wobackup
