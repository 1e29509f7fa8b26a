#include "cli/wording.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/text.h"

namespace wobackup::cli {
namespace {
constexpr std::size_t kShownPaths = 20;
}  // namespace

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string counted(std::uint64_t number, std::string_view word) {
  return fmt::format("{} {}{}", grouped(number), word, number == 1 ? "" : "s");
}

Json notes_json(const std::vector<PathNote>& notes) {
  Json list = Json::array();
  for (const PathNote& note : notes) {
    Json item;
    item["path"] = json_text(note.path);
    if (!is_utf8(note.path)) item["path_b64"] = base64(bytes_of(note.path));
    item["what"] = note.what;
    list.push_back(std::move(item));
  }
  return list;
}

void show_notes(const std::vector<PathNote>& notes, std::uint64_t count, std::string_view before, std::string_view more,
                Output& output) {
  for (std::size_t i = 0; i < notes.size() && i < kShownPaths; ++i) {
    const std::string path = notes[i].path.empty() ? std::string() : printable(notes[i].path) + ": ";
    output.warning(fmt::format("{}{}{}", before, path, notes[i].what));
  }
  if (count > kShownPaths) output.warning(fmt::format("{} more; {}", count - kShownPaths, more));
}

void note_if_unindexed(bool indexed, const std::filesystem::path& archive, Output& output) {
  if (indexed) return;
  output.log(LogLevel::info, fmt::format("{} has no index (another program made it): it was read as a stream, without "
                                         "hashes to compare",
                                         printable(archive.string())));
}

}  // namespace wobackup::cli
