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

std::string_view word_for(const std::optional<VerifyRecord>& record) noexcept {
  if (!record) return "unverified";
  if (!record->ok) return record->level == VerifyLevel::drill ? "drill failed" : "damaged";
  switch (record->level) {
    case VerifyLevel::drill:
      return "proven";
    case VerifyLevel::data:
      return record->sample < 1 ? "sampled" : "verified";
    case VerifyLevel::quick:
      return "checked";
  }
  return "unverified";
}

}  // namespace wobackup
