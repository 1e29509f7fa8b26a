#include "wobackup/error.h"

#include <array>
#include <utility>

namespace wobackup {
namespace {

struct KindRow {
  ErrorKind kind;
  int exit_code;
  std::string_view name;
};

// The one table of exit codes; docs/cli.md repeats it for readers.
constexpr std::array<KindRow, 13> kKinds{{
    {ErrorKind::failed, 1, "failed"},
    {ErrorKind::usage, 2, "usage"},
    {ErrorKind::incomplete, 3, "incomplete"},
    {ErrorKind::partial, 4, "partial"},
    {ErrorKind::not_found, 10, "not_found"},
    {ErrorKind::locked, 11, "locked"},
    {ErrorKind::wrong_key, 12, "wrong_key"},
    {ErrorKind::dump, 20, "dump"},
    {ErrorKind::verification, 21, "verification"},
    {ErrorKind::rolled_back, 22, "rolled_back"},
    {ErrorKind::no_space, 23, "no_space"},
    {ErrorKind::rollback_failed, 24, "rollback_failed"},
    {ErrorKind::interrupted, 130, "interrupted"},
}};

const KindRow& row_of(ErrorKind kind) noexcept {
  for (const KindRow& row : kKinds) {
    if (row.kind == kind) return row;
  }
  return kKinds[0];
}

}  // namespace

int exit_code(ErrorKind kind) noexcept { return row_of(kind).exit_code; }
std::string_view name_of(ErrorKind kind) noexcept { return row_of(kind).name; }

Error::Error(ErrorKind kind, std::string message, std::string hint, bool retryable)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)), retryable_(retryable) {}

Error Error::in(std::string_view context) const {
  return Error(kind_, std::string(context) + ": " + message_, hint_, retryable_);
}

Error Error::with_hint(const std::string& hint) const {
  return Error(kind_, message_, hint_.empty() ? hint : hint_, retryable_);
}

}  // namespace wobackup
