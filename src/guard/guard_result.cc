// What a guard tells of itself.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "wobackup/guard.h"

namespace wobackup {

std::uint64_t KeptRows::total() const {
  std::uint64_t rows = 0;
  for (const KeptTable& table : tables) rows += table.added + table.changed;
  return rows;
}

std::string text_of(const KeptRows& kept) {
  constexpr std::size_t kMostTables = 8;
  std::string text = fmt::format(
      "{} that {} come since the backup {} in {}", kept.total() == 1 ? "1 row" : fmt::format("{} rows", kept.total()),
      kept.total() == 1 ? "has" : "have", kept.total() == 1 ? "is" : "are", printable(kept.file.string()));
  for (std::size_t i = 0; i < std::min(kept.tables.size(), kMostTables); ++i) {
    const KeptTable& table = kept.tables[i];
    text += fmt::format("{} {}", i == 0 ? ":" : ",", printable(table.table));
    if (table.added > 0) text += fmt::format(" {} added", table.added);
    if (table.changed > 0) text += fmt::format(" {} changed", table.changed);
  }
  if (kept.tables.size() > kMostTables) text += fmt::format(" and {} more tables", kept.tables.size() - kMostTables);
  return text;
}

GuardFailed::GuardFailed(const Error& error, GuardResult result) : Error(error), result_(std::move(result)) {}

}  // namespace wobackup
