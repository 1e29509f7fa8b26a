// wobackup version, and what the commands share.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {

int version_command(Output& output) {
  if (output.json()) {
    output.object("summary", {{"version", version()}, {"exit_code", 0}});
  } else {
    output.line(fmt::format("wobackup {}", version()));
  }
  return 0;
}

Service make_service(Config config, Output& output) {
  return Service(
      std::move(config), [&output](LogLevel level, std::string_view text) { output.log(level, text); },
      output.terminal().interrupted);
}

std::optional<std::filesystem::path> path_argument(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return std::filesystem::absolute(text).lexically_normal();
}

std::string age_text(std::chrono::sys_seconds then) {
  const auto seconds = (std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - then).count();
  // Several backups in one second take names that lie a little ahead.
  if (seconds < -60) return "in the future";
  if (seconds < 60) return "just now";
  if (seconds < 3600) return fmt::format("{} min ago", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h ago", seconds / 3600);
  return fmt::format("{} days ago", seconds / 86400);
}

}  // namespace wobackup::cli
