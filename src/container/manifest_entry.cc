// Lines of a manifest as entries. There may be a million of them, so this is simdjson's work.
#include <fmt/format.h>

#include <simdjson.h>

#include <optional>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "container/manifest.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

namespace dom = simdjson::dom;

[[noreturn]] void damaged(const std::string& why) {
  throw Error(ErrorKind::verification, "the manifest is damaged: " + why);
}

std::optional<Sha256Digest> digest_from(const std::string& hex_text) {
  Sha256Digest digest{};
  if (hex_text.size() != digest.size() * 2) return std::nullopt;
  const auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const int high = value(hex_text[2 * i]), low = value(hex_text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<std::byte>(high * 16 + low);
  }
  return digest;
}

// Whether a path stays below the top folder, whatever it is joined to.
bool is_relative(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  for (const std::string_view name : split(path, '/')) {
    if (name.empty() || name == "." || name == "..") return false;
  }
  return true;
}

// A line's values by key. Of a key that is there twice the first counts, as it does in plain_path_of.
class Line {
 public:
  Line(dom::parser& parser, std::string_view text) {
    if (!is_moderate_json(text) || parser.parse(text.data(), text.size()).get(object_) != simdjson::SUCCESS) {
      damaged("a line is not a JSON object");
    }
  }

  /// Nothing for a missing key.
  [[nodiscard]] std::optional<dom::element> find(std::string_view key) const {
    dom::element element;
    if (object_.at_key(key).get(element) != simdjson::SUCCESS) return std::nullopt;
    return element;
  }

  [[nodiscard]] std::string text(std::string_view key) const {
    const auto element = find(key);
    if (!element || element->is_null()) return {};
    std::string_view value;
    if (element->get(value) != simdjson::SUCCESS) damaged(fmt::format("\"{}\" is not a text", key));
    return std::string(value);
  }

  /// Any bytes: as text, or as base64 under another key.
  [[nodiscard]] std::string raw_text(const std::string& key) const {
    const auto encoded = find(key + "_b64");
    if (!encoded) return text(key);
    std::string_view value;
    const auto bytes =
        encoded->get(value) == simdjson::SUCCESS ? from_base64(std::string(value)) : std::optional<std::string>();
    if (!bytes) damaged(fmt::format("\"{}_b64\" is not base64", key));
    return *bytes;
  }

  template <class T>
  [[nodiscard]] T number(std::string_view key) const {
    const auto element = find(key);
    if (!element || element->is_null()) return 0;
    const std::optional<T> value = number_from<T>(*element);
    if (!value) damaged(fmt::format("\"{}\" is not a number of its range", key));
    return *value;
  }

  template <class T>
  [[nodiscard]] static std::optional<T> number_from(const dom::element& element) {
    std::uint64_t large = 0;
    std::int64_t negative = 0;
    if (element.get(large) == simdjson::SUCCESS && std::in_range<T>(large)) return static_cast<T>(large);
    if (element.get(negative) == simdjson::SUCCESS && std::in_range<T>(negative)) return static_cast<T>(negative);
    return std::nullopt;
  }

  [[nodiscard]] bool truth(std::string_view key) const {
    const auto element = find(key);
    bool value = false;
    if (element && element->get(value) != simdjson::SUCCESS) {
      damaged(fmt::format("\"{}\" is neither true nor false", key));
    }
    return value;
  }

 private:
  dom::object object_;
};

void read_device(const Line& line, Entry& entry) {
  const auto device = line.find("device");
  if (!device) return;
  dom::array pair;
  if (device->get(pair) == simdjson::SUCCESS && pair.size() == 2) {
    const auto major = Line::number_from<std::uint32_t>(pair.at(0).value_unsafe());
    const auto minor = Line::number_from<std::uint32_t>(pair.at(1).value_unsafe());
    if (major && minor) {
      entry.device_major = *major;
      entry.device_minor = *minor;
      return;
    }
  }
  damaged("\"device\" is no pair of numbers");
}

void read_flags(const Line& line, std::vector<std::string>& flags) {
  const auto element = line.find("flags");
  if (!element) return;
  dom::array list;
  if (element->get(list) != simdjson::SUCCESS) damaged("\"flags\" is no list");
  for (const dom::element flag : list) {
    std::string_view value;
    if (flag.get(value) != simdjson::SUCCESS) damaged("a flag is no text");
    flags.emplace_back(value);
  }
}

}  // namespace

ManifestEntry manifest_entry_from(std::string_view text) {
  thread_local dom::parser parser;  // keeps its memory from line to line
  const Line line(parser, text);
  ManifestEntry result;
  Entry& entry = result.entry;
  entry.path = line.raw_text("path");
  if (!is_relative(entry.path)) damaged("a line has no usable path");
  const std::optional<EntryType> type = entry_type_from(line.text("type"));
  if (!type) damaged("a line has an unknown type");
  entry.type = *type;
  entry.mode = line.number<std::uint32_t>("mode");
  entry.uid = line.number<std::uint64_t>("uid");
  entry.gid = line.number<std::uint64_t>("gid");
  entry.user = line.raw_text("user");
  entry.group = line.raw_text("group");
  entry.size = line.number<std::uint64_t>("size");
  entry.mtime.seconds = line.number<std::int64_t>("mtime");
  entry.mtime.nanoseconds = line.number<std::uint32_t>("mtime_ns");
  if (entry.mode > 07777U || entry.mtime.nanoseconds > 999'999'999U) damaged("a number is out of range");
  entry.link = line.raw_text("link");
  if (entry.type == EntryType::hardlink && !is_relative(entry.link)) damaged("a hard link has no usable path");
  read_device(line, entry);
  entry.sparse = line.truth("sparse");
  if (line.find("sha256")) {
    result.sha256 = digest_from(line.text("sha256"));
    if (!result.sha256) damaged("\"sha256\" is not one");
  }
  if (line.find("offset")) result.offset = line.number<std::uint64_t>("offset");
  read_flags(line, result.flags);
  result.error = line.raw_text("error");
  if (const auto database = line.find("database")) {
    auto json = untrusted_json(simdjson::minify(*database));
    if (!json) damaged("\"database\" is damaged");
    result.database = *std::move(json);
  }
  return result;
}

}  // namespace wobackup
