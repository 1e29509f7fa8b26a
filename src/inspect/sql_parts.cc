#include "inspect/sql_parts.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/json_text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr const char* kLists[] = {"tables", "views", "sequences", "routines", "events", "triggers"};

[[noreturn]] void damaged(const char* why) {
  throw Error(ErrorKind::verification, std::string("the manifest is damaged: a dump's ") + why);
}

void append_ranges(const Json& object, std::uint64_t dump_bytes, std::vector<ByteRange>& ranges) {
  for (const char* key : {"schema", "data"}) {
    if (object.contains(key)) ranges.push_back(range_from(object[key], dump_bytes));
  }
  for (const Json& range : list_at(object, "ranges")) ranges.push_back(range_from(range, dump_bytes));
}

// Where the first object begins: what is before it prepares the session for all.
std::uint64_t preamble_end(const Json& database, std::uint64_t dump_bytes) {
  std::uint64_t end = dump_bytes;
  std::vector<ByteRange> ranges;
  for (const char* key : kLists) {
    for (const Json& object : list_at(database, key)) {
      ranges.clear();
      append_ranges(object, dump_bytes, ranges);
      for (const ByteRange& range : ranges) {
        if (range.begin < range.end) end = std::min(end, range.begin);
      }
    }
  }
  return end;
}

}  // namespace

std::string object_name(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto encoded = object.find(std::string(key) + "_b64");
  if (encoded != object.end() && encoded->is_string()) {
    return from_base64(encoded->get<std::string>()).value_or(std::string());
  }
  return text_member(object, key).value_or("");
}

ByteRange range_from(const Json& value, std::uint64_t dump_bytes) {
  if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() || !value[1].is_number_unsigned()) {
    damaged("range is no pair of numbers");
  }
  const ByteRange range{value[0].get<std::uint64_t>(), value[1].get<std::uint64_t>()};
  if (range.begin > range.end || range.end > dump_bytes) damaged("range lies outside of it");
  return range;
}

const Json& list_at(const Json& object, const char* key) {
  static const Json kEmpty = Json::array();
  if (!object.is_object()) return kEmpty;
  const auto place = object.find(key);
  return place != object.end() && place->is_array() ? *place : kEmpty;
}

std::vector<ByteRange> sql_parts(const Json& database, const std::string& name, std::uint64_t dump_bytes) {
  std::vector<ByteRange> ranges;
  bool is_table = false;
  for (const char* key : kLists) {
    for (const Json& object : list_at(database, key)) {
      if (object_name(object) != name) continue;
      append_ranges(object, dump_bytes, ranges);
      is_table = is_table || std::string_view(key) == "tables";
    }
    // A table and a trigger may share a name: the first kind that has it is meant.
    if (!ranges.empty()) break;
  }
  if (ranges.empty()) return ranges;
  if (is_table) {
    for (const Json& trigger : list_at(database, "triggers")) {
      if (object_name(trigger, "table") == name) append_ranges(trigger, dump_bytes, ranges);
    }
  }
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
  std::uint64_t last_end = preamble_end(database, dump_bytes);
  for (const ByteRange& range : ranges) {
    if (range.begin < range.end && range.begin < last_end) damaged("ranges overlap");
    last_end = std::max(last_end, range.end);
  }
  ranges.insert(ranges.begin(), {0, preamble_end(database, dump_bytes)});
  std::erase_if(ranges, [](const ByteRange& range) { return range.begin == range.end; });
  return ranges;
}

}  // namespace wobackup
