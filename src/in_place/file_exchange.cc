#include "in_place/file_exchange.h"

#include <utility>

#include "in_place/journal_text.h"

namespace wobackup {
namespace {

Json json_of(const std::optional<FileIdentity>& identity) { return identity ? json_of(*identity) : Json(nullptr); }

std::optional<FileIdentity> identity_or_none(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(identity_from_json(json));
}

Json json_of(const FolderAttributes& attributes) {
  Json extended = Json::array();
  for (const auto& [name, value] : attributes.extended) extended.push_back({packed(name), packed(value)});
  return {{"mode", attributes.mode},
          {"uid", attributes.uid},
          {"gid", attributes.gid},
          {"mtime", attributes.seconds},
          {"mtime_ns", attributes.nanoseconds},
          {"extended_b64", std::move(extended)}};
}

FolderAttributes attributes_from(const Json& json) {
  FolderAttributes attributes;
  attributes.mode = json.at("mode").get<mode_t>();
  attributes.uid = json.at("uid").get<uid_t>();
  attributes.gid = json.at("gid").get<gid_t>();
  attributes.seconds = json.at("mtime").get<std::int64_t>();
  attributes.nanoseconds = json.at("mtime_ns").get<std::int64_t>();
  for (const Json& item : json.at("extended_b64")) {
    attributes.extended.emplace(unpacked(item.at(0)), unpacked(item.at(1)));
  }
  return attributes;
}

Json json_of(const SwapStep& step) {
  return {{"path_b64", packed(step.path)},
          {"path", printable(step.path)},
          {"staged", json_of(step.staged)},
          {"live", json_of(step.live)},
          {"place", step.place}};
}

SwapStep step_from(const Json& json) {
  SwapStep step;
  step.path = unpacked(json.at("path_b64"));
  step.staged = identity_or_none(json.at("staged"));
  step.live = identity_or_none(json.at("live"));
  step.place = json.at("place").get<std::size_t>();
  return step;
}

Json json_of(const FurtherPlace& place) {
  return {{"at_b64", packed(place.at)},    {"at", printable(place.at)}, {"folder", json_of(place.folder)},
          {"stage", json_of(place.stage)}, {"mtime", place.seconds},    {"mtime_ns", place.nanoseconds}};
}

FurtherPlace place_from(const Json& json) {
  FurtherPlace place;
  place.at = unpacked(json.at("at_b64"));
  place.folder = identity_from_json(json.at("folder"));
  place.stage = identity_or_none(json.at("stage"));
  place.seconds = json.at("mtime").get<std::int64_t>();
  place.nanoseconds = json.at("mtime_ns").get<std::int64_t>();
  return place;
}

Json json_of(const StayingFolder& folder) {
  return {{"path_b64", packed(folder.path)}, {"path", printable(folder.path)},   {"place", folder.place},
          {"live", json_of(folder.live)},    {"before", json_of(folder.before)}, {"after", json_of(folder.after)}};
}

StayingFolder staying_from(const Json& json) {
  StayingFolder folder;
  folder.path = unpacked(json.at("path_b64"));
  folder.place = json.at("place").get<std::size_t>();
  folder.live = identity_from_json(json.at("live"));
  folder.before = attributes_from(json.at("before"));
  folder.after = attributes_from(json.at("after"));
  return folder;
}

void require_place(std::size_t place, const FileExchange& files) {
  if (place > files.further.size()) throw Error(ErrorKind::failed, "a step in the journal has no place");
}

}  // namespace

Json json_of(const FileExchange& files) {
  Json json;
  json["stage"] = files.stage;
  json["stage_identity"] = json_of(files.stage_identity);
  for (const char* list : {"further", "staying", "only_b64", "kept_b64", "steps"}) json[list] = Json::array();
  for (const FurtherPlace& place : files.further) json["further"].push_back(json_of(place));
  for (const StayingFolder& folder : files.staying) json["staying"].push_back(json_of(folder));
  for (const std::string& path : files.only) json["only_b64"].push_back(packed(path));
  for (const std::string& path : files.kept) json["kept_b64"].push_back(packed(path));
  for (const SwapStep& step : files.steps) json["steps"].push_back(json_of(step));
  return json;
}

FileExchange file_exchange_from(const Json& json) {
  FileExchange files;
  files.stage = json.at("stage").get<std::string>();
  files.stage_identity = identity_from_json(json.at("stage_identity"));
  for (const Json& item : json.at("further")) files.further.push_back(place_from(item));
  for (const Json& item : json.at("staying")) {
    files.staying.push_back(staying_from(item));
    require_place(files.staying.back().place, files);
  }
  if (json.contains("only_b64")) {  // earlier versions did not note it
    for (const Json& item : json.at("only_b64")) files.only.push_back(unpacked(item));
  }
  for (const Json& item : json.at("kept_b64")) files.kept.push_back(unpacked(item));
  for (const Json& item : json.at("steps")) {
    files.steps.push_back(step_from(item));
    require_place(files.steps.back().place, files);
  }
  return files;
}

}  // namespace wobackup
