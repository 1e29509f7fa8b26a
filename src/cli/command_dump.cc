// wobackup dump
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {
namespace {

// Lets nothing through to a terminal that could steer it: a file of a site may hold any escape sequence. What comes is
// held back to the last line's end, or to the last whole character of a long line.
class TerminalGuard {
 public:
  explicit TerminalGuard(Output& output) : output_(output) {}

  void take(std::string_view bytes) {
    held_ += bytes;
    std::size_t end = held_.rfind('\n');
    end = end == std::string::npos ? 0 : end + 1;
    if (held_.size() - end > kLongestHeld) end = whole_characters();
    give(end);
  }
  void finish() { give(held_.size()); }

 private:
  static constexpr std::size_t kLongestHeld = 65536;

  // Up to where the last character, which may go on, begins.
  [[nodiscard]] std::size_t whole_characters() const {
    std::size_t at = held_.size() - 1;
    while (at > 0 && held_.size() - at < 4 && (static_cast<unsigned char>(held_[at]) & 0xC0U) == 0x80U) --at;
    return at;
  }
  void give(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
      const bool line_end = held_[i] == '\r' && i + 1 < held_.size() && held_[i + 1] == '\n';
      if (held_[i] != '\n' && held_[i] != '\t' && !line_end) text += held_[i];
    }
    if (printable(text) != text) {
      throw Error(ErrorKind::usage, "this is binary, or holds characters that steer a terminal",
                  "send it to a file or program with > or |, or give --force");
    }
    output_.bytes(std::string_view(held_).substr(0, size));
    held_.erase(0, size);
  }

  Output& output_;
  std::string held_;
};

}  // namespace

int dump_command(const DumpArguments& arguments, Service& service, Output& output) {
  if (arguments.what.empty()) {
    throw Error(ErrorKind::usage, "no backup was named",
                "name one: SITE, SITE/latest, SITE/NAME, or an archive's path");
  }
  if (output.json()) throw Error(ErrorKind::usage, "the content of a backup cannot be given out as JSON");
  const auto archive = find_backup_to_read(arguments.what, arguments.path, arguments.from, service, output);
  const DumpOptions options{.path = arguments.inside, .table = arguments.table, .database = arguments.database};
  if (!output.terminal().out_is_terminal || arguments.force) {
    service.dump(archive, options, [&](ByteSpan bytes) { output.bytes(wobackup::text_of(bytes)); });
    return 0;
  }
  TerminalGuard guard(output);
  service.dump(archive, options, [&](ByteSpan bytes) { guard.take(wobackup::text_of(bytes)); });
  guard.finish();
  return 0;
}

}  // namespace wobackup::cli
