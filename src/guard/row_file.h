// Rows as SQL in a file that only root can read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "database/connection.h"

namespace wobackup {

/// How a column's values are written.
enum class ColumnKind { number, text, bytes };

struct RowColumn {
  std::string name;
  ColumnKind kind = ColumnKind::text;
};

/// A file of statements, mode 0600, under a hidden name until `publish`; removed by the destructor unless published.
/// Names and values may be hostile: nothing of them leaves its quotes, whatever client reads the file. A row is in
/// memory at a time.
class RowFile {
 public:
  /// `folder` is made (mode 0700) if it is missing; it must be one that only root can write to. Throws Error no_space,
  /// failed, as everything here.
  RowFile(std::filesystem::path folder, const std::string& name);
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;
  ~RowFile();

  /// A line for people; made printable.
  void comment(std::string_view text);
  /// What was added is inserted, so that loading it never overwrites; what was changed replaces what is there.
  void row(const std::string& table, const std::vector<RowColumn>& columns, const SqlRow& row, bool added);
  [[nodiscard]] bool empty() const noexcept { return rows_ == 0; }
  /// Syncs it and gives it its name: `<name>.sql`, or with a number behind it if that is taken.
  [[nodiscard]] std::filesystem::path publish();

 private:
  void write(std::string_view text);
  void flush();

  std::filesystem::path folder_;
  std::string name_, hidden_name_;
  UniqueFd folder_fd_, fd_;
  std::string buffer_;
  std::uint64_t rows_ = 0;
  bool published_ = false;
};

}  // namespace wobackup
