#include "service/leftovers.h"

#include <fmt/format.h>

#include "wobackup/error.h"

namespace wobackup {

void remove_leftovers(OpenStore& store, const LogSink& log) {
  try {
    for (const std::string& key : store.backend().remove_unfinished()) {
      if (log)
        log(LogLevel::info, fmt::format("{}: took away an unfinished upload of {}", store.backend().name(), key));
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    if (log)
      log(LogLevel::warning,
          fmt::format("what unfinished uploads have left could not be taken away: {}", error.message()));
  }
}

}  // namespace wobackup
