// Reads values out of a TOML table and notices what nobody asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "wobackup/error.h"

namespace wobackup {

/// One table of the config file. Each getter marks its key as known; `finish` then throws for the rest. All throw Error
/// usage that names file and line.
class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string section, std::filesystem::path file);

  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  [[nodiscard]] std::optional<std::filesystem::path> absolute_path(std::string_view key);
  [[nodiscard]] std::optional<bool> truth(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view key, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<std::uint64_t> size_bytes(std::string_view key);       ///< a number, or "2G"
  [[nodiscard]] std::optional<std::int64_t> duration_seconds(std::string_view key);  ///< a number, or "10m"
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  [[nodiscard]] const toml::table* table(std::string_view key);

  void finish() const;
  /// An error about a key's value, or about the table itself for an empty key.
  [[nodiscard]] Error wrong(std::string_view key, const std::string& what, std::string hint = {}) const;

 private:
  const toml::node* find(std::string_view key);
  [[nodiscard]] std::string full_name(std::string_view key) const;
  [[nodiscard]] std::string nearest_known(std::string_view name) const;

  const toml::table& table_;
  std::string section_;
  std::filesystem::path file_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace wobackup
