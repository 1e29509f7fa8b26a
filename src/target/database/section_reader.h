// The statements of a part of a dump, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "database/dump_sections.h"

namespace wobackup {

/// A statement without its delimiter; valid during the call.
struct DumpStatement {
  std::string_view text;
  std::uint64_t offset = 0;  ///< in the dump
  std::uint64_t end = 0;     ///< behind its delimiter
};

/// Reads the range as a script of its own and gives its statements; DELIMITER lines are obeyed and not given. Memory is
/// the longest statement's and a mebibyte. Throws Error verification if the range ends within a statement or one is
/// longer than `longest`.
void read_statements(const RandomAccess& dump, const ByteRange& range, std::uint64_t longest,
                     const Cancellation& cancellation, const std::function<void(const DumpStatement&)>& visit);

}  // namespace wobackup
