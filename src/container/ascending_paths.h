// The order of a manifest's lines.
#pragma once

#include <string>
#include <string_view>

namespace wobackup {

/// Takes the lines of a manifest's entries one after the other: their paths must ascend, bytewise and without doubles.
/// Whoever compares two manifests, or looks for a path, relies on it. Used from one thread.
class AscendingPaths {
 public:
  /// `file_name`: of the container, for messages.
  explicit AscendingPaths(const std::string& file_name) : file_name_(file_name) {}
  AscendingPaths(const std::string&&) = delete;

  /// The line's path; it stays until the next call. Throws Error verification for one that does not come behind the one
  /// before, and for a line that has none. Lines are only parsed if they must be.
  std::string_view next(std::string_view line);

 private:
  const std::string& file_name_;
  std::string last_;
};

}  // namespace wobackup
