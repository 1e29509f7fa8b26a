// The names in a folder, sorted, however many there are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace wobackup {

/// Collects names, then gives them back in bytewise order. Up to `memory_bytes` of them are kept in memory; beyond
/// that, sorted runs go to an unnamed file, so that a folder with millions of session files does not need the machine's
/// memory. Used from one thread.
class SortedNames {
 public:
  /// `make_spool` gives an empty unnamed file; it is called only when memory does not suffice.
  SortedNames(std::size_t memory_bytes, std::function<UniqueFd()> make_spool);

  void add(std::string_view name);
  /// Ends the collecting.
  void sort();
  /// The next name, nothing at the end. REQUIRES: sort was called. Valid until the next call.
  [[nodiscard]] std::optional<std::string_view> next();
  /// Memory held at present.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
  };
  struct Run {
    std::uint64_t at = 0;
    std::uint64_t end = 0;
    std::string buffer;  // read ahead
    std::size_t position = 0;
    std::string name;  // the run's smallest
    bool exhausted = false;
  };
  void sort_memory();
  void spill();
  void advance(Run& run) const;

  std::size_t limit_bytes_;
  std::function<UniqueFd()> make_spool_;
  std::string text_;
  std::vector<Span> spans_;
  std::size_t position_ = 0;
  UniqueFd spool_;
  std::uint64_t spooled_bytes_ = 0;
  std::vector<Run> runs_;
  std::string current_;
};

}  // namespace wobackup
