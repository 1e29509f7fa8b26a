#include <array>
#include <utility>

#include "wobackup/snapshot.h"

namespace wobackup {
namespace {
constexpr std::array<std::pair<BackupType, std::string_view>, 3> kTypes{
    {{BackupType::full, "full"}, {BackupType::database, "db"}, {BackupType::files, "files"}}};
}  // namespace

std::string_view name_of(BackupType type) noexcept {
  for (const auto& [value, name] : kTypes) {
    if (value == type) return name;
  }
  return "full";
}

std::optional<BackupType> backup_type_from(std::string_view word) noexcept {
  for (const auto& [value, name] : kTypes) {
    if (name == word) return value;
  }
  if (word == "database") return BackupType::database;
  return std::nullopt;
}

}  // namespace wobackup
