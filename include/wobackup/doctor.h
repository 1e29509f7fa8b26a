// Whether everything that backups need is as it should be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

enum class Health {
  good,
  note,     ///< worth knowing, or could not be asked; no fault
  warning,  ///< works, but something should be done
  bad,      ///< backups, or getting them back, will fail
};
/// "ok", "note", "warning", "bad"
[[nodiscard]] std::string_view name_of(Health health) noexcept;

/// One thing that was looked at.
struct HealthCheck {
  Health health = Health::good;
  std::string what;     ///< one word: "write", "delete", "clock", "state"
  std::string finding;  ///< a sentence for people
  std::string hint;     ///< what to do; empty: nothing
};

/// What was found of one store, or of this machine.
struct Examined {
  std::string subject;  ///< the store as it was named; empty: this machine
  std::string url;      ///< of a store
  std::vector<HealthCheck> checks;
  [[nodiscard]] Health worst() const noexcept;
};

}  // namespace wobackup
