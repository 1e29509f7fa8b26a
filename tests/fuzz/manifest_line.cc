// Lines of the manifest: what is accepted is written and read again as the same.
#include "container/manifest.h"
#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

std::string_view without_newline(const std::string& line) { return std::string_view(line).substr(0, line.size() - 1); }

void check_entry(std::string_view text) {
  const ManifestEntry entry = manifest_entry_from(text);
  std::string line;
  append_manifest_line(line, entry);
  test::require(line.find('\n') == line.size() - 1, "a line is one line");
  const ManifestEntry again = manifest_entry_from(without_newline(line));
  std::string same;
  append_manifest_line(same, again);
  test::require(line == same, "an entry is written as it was read");
  test::require(again.entry.path == entry.entry.path && again.entry.link == entry.entry.link, "path and link");
  test::require(again.entry.mtime == entry.entry.mtime && again.offset == entry.offset, "numbers");
  test::require(again.sha256 == entry.sha256 && again.flags == entry.flags, "hash and flags");
}

void check_header(std::string_view text) {
  const std::string line = manifest_line(manifest_header_from(text));
  test::require(line.find('\n') == line.size() - 1, "a line is one line");
  test::require(manifest_line(manifest_header_from(without_newline(line))) == line,
                "a header is written as it was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(test::bytes_at(data, size));
  for (const auto check : {check_entry, check_header}) {
    try {
      check(text);
    } catch (const Error& error) {
      test::require(error.kind() == ErrorKind::verification, "a bad line is a verification error");
    }
  }
  return 0;
}
