#include "target/swap/table_hold.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "target/swap/swap_session.h"
#include "wobackup/error.h"

namespace wobackup {

TableHold::TableHold(ServerLogin login, std::string schema, std::string table, std::chrono::seconds lock_wait)
    : thread_([this, login = std::move(login), name = quoted_name(schema) + "." + quoted_name(table), lock_wait] {
        try {
          hold(login, name, lock_wait);
        } catch (const std::exception&) {
          // A table that is not held is only less well guarded: the exchange goes on.
        }
        enter(State::over);
      }) {}

TableHold::~TableHold() {
  release();
  given_up_.cancel();
}

void TableHold::hold(const ServerLogin& login, const std::string& full_name, std::chrono::seconds lock_wait) {
  DatabaseConnection connection(login, "", given_up_);
  connection.execute(fmt::format("SET SESSION lock_wait_timeout = {}", lock_wait.count()));
  std::string id = first_value(connection, "SELECT CONNECTION_ID()");
  {
    const std::lock_guard lock(mutex_);
    id_ = std::move(id);
  }
  enter(State::asking);
  connection.execute("LOCK TABLES " + full_name + " WRITE");
  enter(State::held);
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return released_; });
  }
  connection.execute("UNLOCK TABLES");
}

void TableHold::enter(State state) {
  const std::lock_guard lock(mutex_);
  state_ = state;
}

void TableHold::release() {
  {
    const std::lock_guard lock(mutex_);
    released_ = true;
  }
  changed_.notify_all();
}

TableHold::State TableHold::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::string TableHold::id() const {
  const std::lock_guard lock(mutex_);
  return id_;
}

}  // namespace wobackup
