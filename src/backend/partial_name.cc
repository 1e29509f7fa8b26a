#include "backend/partial_name.h"

#include <fmt/format.h>

#include <random>

namespace wobackup {
namespace {

constexpr std::string_view kSuffix = ".partial";
constexpr std::size_t kRandomDigits = 16;

}  // namespace

std::string partial_name(std::string_view object_name) {
  std::random_device random;
  return fmt::format(".{}.{:08x}{:08x}{}", object_name, random(), random(), kSuffix);
}

std::string_view object_name_of_partial(std::string_view partial) noexcept {
  if (!partial.starts_with('.') || !partial.ends_with(kSuffix)) return {};
  partial = partial.substr(1, partial.size() - 1 - kSuffix.size());
  if (partial.size() < kRandomDigits + 2 || partial[partial.size() - kRandomDigits - 1] != '.') return {};
  const std::string_view random = partial.substr(partial.size() - kRandomDigits);
  if (random.find_first_not_of("0123456789abcdef") != std::string_view::npos) return {};
  return partial.substr(0, partial.size() - kRandomDigits - 1);
}

}  // namespace wobackup
