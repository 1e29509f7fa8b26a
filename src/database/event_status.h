// The states of events.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace wobackup {

/// ENABLED, DISABLED, SLAVESIDE_DISABLED (as information_schema.EVENTS spells it), by the events' names.
using EventStatus = std::map<std::string, std::string>;

/// The same as statements spell it.
[[nodiscard]] constexpr std::string_view event_status_word(std::string_view status) noexcept {
  return status == "ENABLED" ? "ENABLE" : status == "DISABLED" ? "DISABLE" : "DISABLE ON SLAVE";
}

}  // namespace wobackup
