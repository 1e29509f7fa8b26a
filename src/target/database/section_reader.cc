#include "target/database/section_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "database/sql_scanner.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;

Error refused(const RandomAccess& dump, std::uint64_t offset, const char* what) {
  return Error(ErrorKind::verification, fmt::format("{}: at byte {} {}", printable(dump.name()), offset, what));
}

}  // namespace

void read_statements(const RandomAccess& dump, const ByteRange& range, std::uint64_t longest,
                     const Cancellation& cancellation, const std::function<void(const DumpStatement&)>& visit) {
  std::string window;              // bytes that were read and may belong to a statement that is not whole
  std::uint64_t window_begin = 0;  // where they lie, counted from the range's begin, as the scanner does
  std::uint64_t given = 0;         // end of the last statement
  SqlScanner scanner([&](const SqlStatement& statement) {
    given = statement.end;
    if (statement.is_delimiter_line) return;
    const std::string_view text =
        std::string_view(window).substr(statement.begin - window_begin, statement.text_end - statement.begin);
    visit({text, range.begin + statement.begin, range.begin + statement.end});
  });
  for (std::uint64_t at = range.begin; at < range.end;) {
    cancellation.check();
    window.erase(0, given - window_begin);
    window_begin = given;
    const std::size_t kept = window.size();
    if (kept > longest) throw refused(dump, range.begin + given, "begins a statement that is too long");
    window.resize(kept + static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, range.end - at)));
    const std::size_t count =
        dump.read(at, MutableByteSpan(reinterpret_cast<std::byte*>(window.data()) + kept, window.size() - kept));
    if (count == 0) throw refused(dump, at, "the dump ends too soon");
    window.resize(kept + count);
    scanner.feed(bytes_of(std::string_view(window).substr(kept)));
    at += count;
  }
  scanner.finish();
  if (scanner.cut_off()) throw refused(dump, range.begin + given, "begins a statement that does not end");
}

}  // namespace wobackup
