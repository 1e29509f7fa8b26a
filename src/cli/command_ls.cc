// wobackup ls
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/entry_text.h"
#include "cli/table.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kHeldRows = 500;
constexpr std::size_t kWidestOwner = 32;

// Rows like those of `ls -l`. The first ones set the columns' widths; later ones widen them if they must, so that
// a million rows can pass by.
class Rows {
 public:
  explicit Rows(Output& output) : output_(output) {}

  void add(const ArchiveEntry& entry) {
    Row row;
    row.cells = {permissions_text(entry), owner(entry.user, entry.uid), owner(entry.group, entry.gid), size_of(entry),
                 time_text(entry.mtime)};
    row.name = name_of(entry);
    for (std::size_t i = 0; i < widths_.size(); ++i) widths_[i] = std::max(widths_[i], display_width(row.cells[i]));
    held_.push_back(std::move(row));
    if (held_.size() >= limit_) flush();
  }
  void flush() {
    for (const Row& row : held_) output_.line(line_of(row));
    held_.clear();
    limit_ = 1;
    output_.require_open();
  }

 private:
  struct Row {
    std::array<std::string, 5> cells;
    std::string name;
  };
  static std::string owner(const std::string& name, std::uint64_t number) {
    return name.empty() ? fmt::format("{}", number) : cut_to_width(printable(name), kWidestOwner);
  }
  static std::string size_of(const ArchiveEntry& entry) {
    const bool is_device = entry.type == "chardev" || entry.type == "blockdev";
    return is_device ? fmt::format("{}, {}", entry.device_major, entry.device_minor) : fmt::format("{}", entry.size);
  }
  static std::string name_of(const ArchiveEntry& entry) {
    std::string text = printable(entry.path);
    if (entry.type == "dir") text += '/';
    if (entry.type == "symlink") text += " -> " + printable(entry.link);
    if (entry.type == "hardlink") text += " link to " + printable(entry.link);
    for (const std::string& flag : entry.flags) text += fmt::format("  [{}]", printable(flag));
    if (!entry.error.empty()) text += fmt::format("  ({})", printable(entry.error));
    return text;
  }
  [[nodiscard]] std::string line_of(const Row& row) const {
    std::string line;
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string space(widths_[i] - display_width(row.cells[i]), ' ');
      line += i == 3 ? space + row.cells[i] : row.cells[i] + space;
      line += "  ";
    }
    return line + row.name;
  }

  Output& output_;
  std::vector<Row> held_;
  std::size_t limit_ = kHeldRows;
  std::array<std::size_t, 5> widths_{};
};

}  // namespace

int ls_command(const LsArguments& arguments, Service& service, Output& output) {
  if (arguments.what.empty()) {
    throw Error(ErrorKind::usage, "no backup was named",
                "name one: SITE, SITE/latest, SITE/NAME, or an archive's path");
  }
  Rows rows(output);
  const auto archive = find_backup_to_read(arguments.what, arguments.path, arguments.from, service, output);
  const EntriesResult result =
      service.entries(archive, {arguments.inside, arguments.recursive}, [&](const ArchiveEntry& entry) {
        if (!output.json()) return rows.add(entry);
        output.object("entry", entry_json(entry));
        output.require_open();
      });
  rows.flush();
  note_if_unindexed(result.indexed, archive, output);
  if (output.json()) {
    output.object("summary", {{"archive", json_text(archive.string())},
                              {"indexed", result.indexed},
                              {"entries", result.entries},
                              {"files", result.files},
                              {"file_bytes", result.file_bytes},
                              {"exit_code", 0}});
  }
  return 0;
}

}  // namespace wobackup::cli
