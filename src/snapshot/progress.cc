#include "wobackup/progress.h"

#include <algorithm>

namespace wobackup {

std::optional<double> Progress::fraction_done() const {
  if (!bytes_total) return std::nullopt;
  if (*bytes_total == 0) return 1.0;
  return std::min(1.0, static_cast<double>(bytes_done) / static_cast<double>(*bytes_total));
}

std::optional<std::chrono::seconds> Progress::remaining() const {
  const std::optional<double> done = fraction_done();
  if (!done || *done < 0.01 || elapsed < std::chrono::milliseconds(500)) return std::nullopt;
  const double seconds = std::chrono::duration<double>(elapsed).count();
  return std::chrono::seconds(static_cast<std::int64_t>(seconds / *done - seconds));
}

}  // namespace wobackup
