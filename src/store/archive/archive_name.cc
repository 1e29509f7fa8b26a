#include "store/archive/archive_name.h"

#include "base/clock.h"

namespace wobackup {
namespace {
constexpr std::string_view kEnding = ".tar.zst";
constexpr std::size_t kTimestampBytes = 19;
}  // namespace

std::optional<ArchiveName> archive_name_from(std::string_view file_name) {
  if (!file_name.ends_with(kEnding)) return std::nullopt;
  const std::string_view name = file_name.substr(0, file_name.size() - kEnding.size());
  const auto time = time_from_snapshot_timestamp(name);
  if (!time) return std::nullopt;
  const std::string_view rest = name.substr(kTimestampBytes);
  if (!rest.empty() && (rest.front() != '_' || rest.size() == 1 || rest.find('/') != std::string_view::npos)) {
    return std::nullopt;
  }
  return ArchiveName{std::string(name), *time, std::string(rest.empty() ? rest : rest.substr(1))};
}

}  // namespace wobackup
