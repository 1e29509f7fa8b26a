#include "wobackup/verify.h"

namespace wobackup {

std::string_view name_of(VerifyLevel level) noexcept {
  switch (level) {
    case VerifyLevel::quick:
      return "quick";
    case VerifyLevel::data:
      return "data";
    case VerifyLevel::drill:
      return "drill";
  }
  return "quick";
}

std::optional<VerifyLevel> verify_level_from(std::string_view word) noexcept {
  for (const VerifyLevel level : {VerifyLevel::quick, VerifyLevel::data, VerifyLevel::drill}) {
    if (name_of(level) == word) return level;
  }
  return std::nullopt;
}

}  // namespace wobackup
