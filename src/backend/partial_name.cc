#include "backend/partial_name.h"

#include <fmt/format.h>

#include <random>

namespace wobackup {
namespace {

constexpr std::string_view kSuffix = ".partial";
constexpr std::size_t kRandomDigits = 16;

}  // namespace

std::string partial_name(std::string_view object_name, std::string_view owner) {
  std::random_device random;
  return fmt::format(".{}.{}-{:08x}{:08x}{}", object_name, owner, random(), random(), kSuffix);
}

PartialName parse_partial_name(std::string_view partial) noexcept {
  if (!partial.starts_with('.') || !partial.ends_with(kSuffix)) return {};
  partial = partial.substr(1, partial.size() - 1 - kSuffix.size());
  const std::size_t dash = partial.rfind('-');
  if (dash == std::string_view::npos || partial.size() - dash - 1 != kRandomDigits) return {};
  if (partial.find_first_not_of("0123456789abcdef", dash + 1) != std::string_view::npos) return {};
  const std::size_t dot = partial.substr(0, dash).rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  return {partial.substr(0, dot), partial.substr(dot + 1, dash - dot - 1)};
}

}  // namespace wobackup
