#include "config/toml_reader.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace wobackup {

TomlReader::TomlReader(const toml::table& table, std::string section, std::filesystem::path file)
    : table_(table), section_(std::move(section)), file_(std::move(file)) {}

const toml::node* TomlReader::find(std::string_view key) {
  known_.emplace(key);
  return table_.get(key);
}

std::string TomlReader::full_name(std::string_view key) const {
  if (section_.empty()) return std::string(key);
  return key.empty() ? section_ : fmt::format("{}.{}", section_, key);
}

Error TomlReader::wrong(std::string_view key, const std::string& what, std::string hint) const {
  const toml::node* node = key.empty() ? &static_cast<const toml::node&>(table_) : table_.get(key);
  const auto line = (node == nullptr ? static_cast<const toml::node&>(table_) : *node).source().begin.line;
  return Error(ErrorKind::usage, fmt::format("{}:{}: {} {}", file_.string(), line, printable(full_name(key)), what),
               std::move(hint));
}

std::optional<std::string> TomlReader::text(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_string()) throw wrong(key, "must be a text in quotes");
  std::optional<std::string> value = node->value<std::string>();
  if (value->find('\0') != std::string::npos) throw wrong(key, "holds a zero byte");
  return value;
}

std::optional<std::filesystem::path> TomlReader::absolute_path(std::string_view key) {
  std::optional<std::string> value = text(key);
  if (!value) return std::nullopt;
  if (!value->starts_with('/')) throw wrong(key, "must be an absolute path");
  return std::filesystem::path(*value);
}

std::optional<bool> TomlReader::truth(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_boolean()) throw wrong(key, "must be true or false");
  return node->value<bool>();
}

std::optional<std::int64_t> TomlReader::number(std::string_view key, std::int64_t least, std::int64_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const std::optional<std::int64_t> value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
  if (!value || *value < least || *value > most) {
    throw wrong(key, fmt::format("must be a whole number from {} to {}", least, most));
  }
  return value;
}

std::optional<std::uint64_t> TomlReader::size_bytes(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::optional<std::uint64_t> value;
  if (node->is_string()) value = size_from(*node->value<std::string>());
  if (node->is_integer() && *node->value<std::int64_t>() >= 0) {
    value = static_cast<std::uint64_t>(*node->value<std::int64_t>());
  }
  if (!value) throw wrong(key, "must be a size such as \"500M\" or \"2G\"");
  return value;
}

std::optional<std::int64_t> TomlReader::duration_seconds(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::optional<std::int64_t> value;
  if (node->is_string()) value = seconds_from(*node->value<std::string>());
  if (node->is_integer() && *node->value<std::int64_t>() >= 0) value = node->value<std::int64_t>();
  if (!value) throw wrong(key, "must be a duration such as \"90s\" or \"10m\"");
  return value;
}

std::vector<std::string> TomlReader::texts(std::string_view key) {
  const toml::node* node = find(key);
  std::vector<std::string> values;
  if (node == nullptr) return values;
  const toml::array* list = node->as_array();
  if (list == nullptr) throw wrong(key, "must be a list of texts");
  for (const toml::node& item : *list) {
    if (!item.is_string()) throw wrong(key, "must be a list of texts");
    values.push_back(*item.value<std::string>());
    if (values.back().find('\0') != std::string::npos) throw wrong(key, "holds a zero byte");
  }
  return values;
}

const toml::table* TomlReader::table(std::string_view key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (node->as_table() == nullptr) throw wrong(key, "must be a table");
  return node->as_table();
}

std::string TomlReader::nearest_known(std::string_view name) const {
  const std::string* nearest = nullptr;
  std::size_t least = 4;
  for (const std::string& known : known_) {
    const std::size_t distance = edit_distance(name.substr(0, 100), known);
    // Half of a short word is another word.
    if (distance >= least || distance * 2 > known.size()) continue;
    least = distance;
    nearest = &known;
  }
  return nearest == nullptr ? "docs/configuration.md lists the settings"
                            : fmt::format("did you mean \"{}\"?", full_name(*nearest));
}

void TomlReader::finish() const {
  for (const auto& [key, node] : table_) {
    const std::string_view name = key.str();
    if (known_.contains(name)) continue;
    throw Error(ErrorKind::usage,
                fmt::format("{}:{}: unknown setting \"{}\"", file_.string(), key.source().begin.line,
                            printable(full_name(name))),
                nearest_known(name));
  }
}

}  // namespace wobackup
