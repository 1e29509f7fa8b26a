#include "store/archive/archive_name.h"

#include <algorithm>

#include "base/clock.h"

namespace wobackup {
namespace {
constexpr std::string_view kPlainEnding = ".tar.zst";
constexpr std::string_view kEncryptedEnding = ".tar.zst.age";
constexpr std::size_t kTimestampBytes = 19;

bool is_plain(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}
}  // namespace

std::string_view archive_ending(bool encrypted) noexcept { return encrypted ? kEncryptedEnding : kPlainEnding; }

std::string_view archive_ending_of(std::string_view file_name) noexcept {
  for (const std::string_view ending : {kPlainEnding, kEncryptedEnding}) {
    if (file_name.ends_with(ending)) return ending;
  }
  return {};
}

std::optional<ArchiveName> archive_name_from(std::string_view file_name) {
  const std::string_view ending = archive_ending_of(file_name);
  if (ending.empty()) return std::nullopt;
  const std::string_view name = file_name.substr(0, file_name.size() - ending.size());
  const auto time = time_from_snapshot_timestamp(name);
  if (!time) return std::nullopt;
  const std::string_view rest = name.substr(kTimestampBytes);
  const bool suffix_is_fine =
      rest.empty() || (rest.front() == '_' && rest.size() > 1 && std::all_of(rest.begin(), rest.end(), is_plain));
  if (!suffix_is_fine) return std::nullopt;
  return ArchiveName{std::string(name), *time, std::string(rest.empty() ? rest : rest.substr(1)),
                     ending == kEncryptedEnding};
}

}  // namespace wobackup
