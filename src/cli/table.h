// Columns of text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wobackup::cli {

/// Columns on the screen that UTF-8 text takes (wide East Asian characters take two).
[[nodiscard]] std::size_t display_width(std::string_view text);
/// Cut to so many columns, with "…" at its end if something was cut.
[[nodiscard]] std::string cut_to_width(std::string_view text, std::size_t width);

/// A table under headings. With a width that a row exceeds, the columns that may fold go to lines of their own below
/// the row, and then the widest of those that yield first gives way until it fits; without a width (0), nothing is cut.
class Table {
 public:
  struct Column {
    std::string heading;
    bool right = false;  ///< numbers
    bool fold = false;   ///< long text that is read by itself, such as a path
    int yields = 0;      ///< columns with the highest number are cut first; never, if it is negative
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] std::vector<std::string> lines(std::size_t width) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace wobackup::cli
