#include "base/clock.h"

#include <fmt/format.h>

#include <charconv>

namespace wobackup {
namespace {

struct Fields {
  int year;
  unsigned month, day;
  long hour, minute, second;
};

Fields fields_of(std::chrono::sys_seconds time) {
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{time - days};
  return {static_cast<int>(date.year()),     static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), clock.hours().count(),
          clock.minutes().count(),           clock.seconds().count()};
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::string snapshot_timestamp(std::chrono::sys_seconds time) {
  const Fields f = fields_of(time);
  return fmt::format("{:04}-{:02}-{:02}_{:02}-{:02}-{:02}", f.year, f.month, f.day, f.hour, f.minute, f.second);
}

std::optional<std::chrono::sys_seconds> time_from_snapshot_timestamp(std::string_view name) {
  using namespace std::chrono;
  constexpr std::string_view kShape = "0000-00-00_00-00-00";
  if (name.size() < kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != '0' && name[i] != kShape[i]) return std::nullopt;
  }
  const auto part = [&](std::size_t at, std::size_t length) { return digits(name.substr(at, length)); };
  const auto y = part(0, 4), mo = part(5, 2), d = part(8, 2), h = part(11, 2), mi = part(14, 2), s = part(17, 2);
  if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s};
}

std::string rfc3339(std::chrono::sys_seconds time) {
  const Fields f = fields_of(time);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00", f.year, f.month, f.day, f.hour, f.minute, f.second);
}

}  // namespace wobackup
