// The scanner of dumps: what it sees does not depend on how the dump is cut into pieces. The first byte of the input
// says how; the rest is the dump.
#include "database/sql_scanner.h"

#include <algorithm>
#include <string>

#include "database/dump_sections.h"
#include "fuzz/require.h"

using namespace wobackup;

namespace {

// All that a scan tells, as text.
std::string seen(ByteSpan dump, std::size_t piece) {
  std::string log;
  std::uint64_t end = 0;
  DumpSections sections;
  SqlScanner scanner([&](const SqlStatement& statement) {
    test::require(end <= statement.begin && statement.begin < statement.end && statement.end <= dump.size(),
                  "statements follow one another within the dump");
    test::require(statement.head.size() <= SqlScanner::kHeadBytes, "heads are short");
    test::require(statement.rows <= statement.end - statement.begin, "a row has a byte at least");
    end = statement.end;
    sections.add(statement);
    log += std::to_string(statement.begin) + " " + std::to_string(statement.end) + " " +
           std::to_string(statement.rows) + "\n";
    log += statement.head;
  });
  for (std::size_t at = 0; at < dump.size(); at += piece) {
    scanner.feed(dump.subspan(at, std::min(piece, dump.size() - at)));
  }
  scanner.finish();
  Json description;
  sections.describe(description);
  return log + description.dump() + std::to_string(scanner.longest_statement()) + (scanner.completed() ? "c" : "") +
         (scanner.has_sandbox_line() ? "s" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ByteSpan dump = test::bytes_at(data + 1, size - 1);
  test::require(seen(dump, dump.size()) == seen(dump, data[0] % 67U + 1U), "cuts make no difference");
  return 0;
}
