#include "target/database/load_guard.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "crypto/sha256.h"
#include "database/single_value.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr unsigned kMost = 24;  // connections of one load, and some
constexpr unsigned kPatienceSeconds = 60;

// Names have 64 characters at most.
std::string get_lock(const std::string& guard, unsigned number, unsigned seconds) {
  return fmt::format("SELECT GET_LOCK({}, {})", quoted_text(fmt::format("{}_{}", guard, number)), seconds);
}

}  // namespace

std::string load_guard_of(const std::string& database) {
  return "wobackup_load_" + hex(sha256(bytes_of(database))).substr(0, 32);
}

void take_load_guard(DatabaseConnection& connection, const std::string& guard) {
  for (unsigned i = 0; i < kMost; ++i) {
    if (first_number(connection, get_lock(guard, i, 0)) == 1) return;
  }
  throw Error(ErrorKind::failed, "too many connections load into the database already");
}

void await_load_guards(DatabaseConnection& connection, const std::string& guard) {
  for (unsigned i = 0; i < kMost; ++i) {
    if (first_number(connection, get_lock(guard, i, kPatienceSeconds)) != 1) {
      throw Error(ErrorKind::locked, "the server still works on what a killed restore asked of it", "try again", true);
    }
    connection.execute(fmt::format("DO RELEASE_LOCK({})", quoted_text(fmt::format("{}_{}", guard, i))));
  }
}

}  // namespace wobackup
