#include "store/archive/archive_name.h"

#include <algorithm>

#include "base/clock.h"

namespace wobackup {
namespace {
constexpr std::string_view kEnding = ".tar.zst";
constexpr std::size_t kTimestampBytes = 19;

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}
}  // namespace

std::optional<ArchiveName> archive_name_from(std::string_view file_name) {
  if (!file_name.ends_with(kEnding)) return std::nullopt;
  const std::string_view name = file_name.substr(0, file_name.size() - kEnding.size());
  const auto time = time_from_snapshot_timestamp(name);
  if (!time) return std::nullopt;
  const std::string_view rest = name.substr(kTimestampBytes);
  const bool suffix_is_fine =
      rest.empty() || (rest.front() == '_' && rest.size() > 1 && std::all_of(rest.begin(), rest.end(), is_plain));
  if (!suffix_is_fine) return std::nullopt;
  return ArchiveName{std::string(name), *time, std::string(rest.empty() ? rest : rest.substr(1))};
}

}  // namespace wobackup
