#include "service/leftovers.h"

#include <fmt/format.h>

#include <chrono>

#include "wobackup/error.h"

namespace wobackup {
namespace {

// No upload takes longer.
constexpr std::chrono::hours kAbandonedAge{7 * 24};

}  // namespace

void remove_leftovers(OpenStore& store, const LogSink& log) {
  try {
    for (const std::string& key : store.backend().remove_unfinished(kAbandonedAge)) {
      if (log)
        log(LogLevel::info, fmt::format("{}: took away an unfinished upload of {}", store.backend().name(), key));
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (log) log(LogLevel::info, fmt::format("unfinished uploads were not looked for: {}", error.message()));
  }
}

}  // namespace wobackup
