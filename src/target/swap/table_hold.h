// Keeps visitors away from one table for a moment.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "base/cancellation.h"
#include "database/connection.h"

namespace wobackup {

/// Asks for LOCK TABLES ... WRITE on a connection of its own. Whoever asks so gets a table before the visitors who wait
/// for it, and after a RENAME that waits. The destructor lets go.
class TableHold {
 public:
  TableHold(ServerLogin login, std::string schema, std::string table, std::chrono::seconds lock_wait);
  TableHold(const TableHold&) = delete;
  TableHold& operator=(const TableHold&) = delete;
  ~TableHold();

  enum class State { starting, asking, held, over };
  [[nodiscard]] State state() const;
  [[nodiscard]] std::string id() const;  ///< in the server's process list; empty while starting
  /// Lets go, or gives up asking.
  void release();

 private:
  void hold(const ServerLogin& login, const std::string& full_name, std::chrono::seconds lock_wait);
  void enter(State state);

  Cancellation given_up_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::starting;
  std::string id_;
  bool released_ = false;
  std::jthread thread_;
};

}  // namespace wobackup
