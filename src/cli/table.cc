#include "cli/table.h"

#include <algorithm>
#include <numeric>

namespace wobackup::cli {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;
constexpr int kMostYielding = 2;
constexpr std::size_t kIndent = 4;  // of what is folded below a row

// The next character's length in bytes and on the screen.
std::pair<std::size_t, std::size_t> next_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
  if (length > text.size()) return {text.size(), 1};
  char32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  const bool combining = (code >= 0x300 && code <= 0x36F) || code == 0x200B || code == 0x200D;
  const bool wide = (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
                    (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
                    (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60) ||
                    (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
  return {length, combining ? 0U : wide ? 2U : 1U};
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto [bytes, columns] = next_character(text);
    width += columns;
    text.remove_prefix(bytes);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  std::string out;
  std::size_t used = 0;
  while (!text.empty() && width > 0) {
    const auto [bytes, columns] = next_character(text);
    if (used + columns > width - 1) break;
    out += text.substr(0, bytes);
    used += columns;
    text.remove_prefix(bytes);
  }
  return width > 0 ? out + "…" : out;
}

std::vector<std::string> Table::lines(std::size_t width) const {
  std::vector<std::size_t> shown;  // columns that stand in the row
  std::vector<std::size_t> widths;
  std::vector<std::size_t> folded;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t widest = display_width(columns_[i].heading);
    for (const auto& row : rows_) widest = std::max(widest, display_width(row[i]));
    shown.push_back(i);
    widths.push_back(widest);
  }
  const auto total = [&] { return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1)); };
  if (width > kIndent && total() > width) {
    for (std::size_t i = shown.size(); i-- > 0;) {
      if (!columns_[i].fold) continue;
      folded.insert(folded.begin(), i);
      shown.erase(shown.begin() + static_cast<std::ptrdiff_t>(i));
      widths.erase(widths.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  for (int yields = kMostYielding; yields >= 0; --yields) {
    while (width > 0 && total() > width) {
      std::size_t* widest = nullptr;
      for (std::size_t i = 0; i < shown.size(); ++i) {
        const bool may_give = columns_[shown[i]].yields == yields && widths[i] > kNarrowest;
        if (may_give && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
      }
      if (widest == nullptr) break;
      --*widest;
    }
  }
  const auto format_row = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::string cell = cut_to_width(cells[shown[i]], widths[i]);
      const std::string fill(widths[i] - std::min(widths[i], display_width(cell)), ' ');
      if (i > 0) line += std::string(kGap, ' ');
      line += columns_[shown[i]].right ? fill + cell : cell + fill;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };
  std::vector<std::string> headings;
  for (const Column& column : columns_) headings.push_back(column.heading);
  std::vector<std::string> result{format_row(headings)};
  for (const auto& row : rows_) {
    result.push_back(format_row(row));
    for (const std::size_t i : folded) {
      if (!row[i].empty()) result.push_back(std::string(kIndent, ' ') + cut_to_width(row[i], width - kIndent));
    }
  }
  return result;
}

}  // namespace wobackup::cli
