// Names of numeric owners.
#pragma once

#include <map>
#include <mutex>
#include <string>

namespace wobackup {

/// Looks each number up once. May be called from any thread. An empty name: the number has none.
class OwnerNames {
 public:
  [[nodiscard]] std::string user(unsigned uid);
  [[nodiscard]] std::string group(unsigned gid);

 private:
  std::mutex mutex_;
  std::map<unsigned, std::string> users_;
  std::map<unsigned, std::string> groups_;
};

}  // namespace wobackup
