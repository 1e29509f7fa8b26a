#include "target/swap/saved_schema.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::array<std::pair<ObjectKind, std::string_view>, 7> kWords{{
    {ObjectKind::procedure, "PROCEDURE"},
    {ObjectKind::function, "FUNCTION"},
    {ObjectKind::package, "PACKAGE"},
    {ObjectKind::package_body, "PACKAGE BODY"},
    {ObjectKind::view, "VIEW"},
    {ObjectKind::trigger, "TRIGGER"},
    {ObjectKind::event, "EVENT"},
}};

std::string text_in(const Json& json) {
  if (!json.contains("create_base64")) return json.at("create");
  const auto bytes = from_base64(json.at("create_base64").get<std::string>());
  if (!bytes) throw Error(ErrorKind::failed, "the saved definitions of a swap hold broken base64");
  return *bytes;
}

}  // namespace

std::string_view sql_word(ObjectKind kind) noexcept {
  for (const auto& [known, word] : kWords) {
    if (known == kind) return word;
  }
  return {};
}

std::optional<ObjectKind> object_kind_of(std::string_view sql_word) noexcept {
  for (const auto& [kind, word] : kWords) {
    if (word == sql_word) return kind;
  }
  return std::nullopt;
}

const SavedTable* SavedSchema::table(std::string_view name) const {
  const auto found = std::find_if(tables.begin(), tables.end(), [&](const SavedTable& t) { return t.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

const SavedObject* SavedSchema::object(ObjectKind kind, std::string_view name) const {
  const auto found = std::find_if(objects.begin(), objects.end(),
                                  [&](const SavedObject& o) { return o.kind == kind && o.name == name; });
  return found == objects.end() ? nullptr : &*found;
}

// JSON holds no bytes, and a text in another character set is nothing else.
Json json_of(const SavedObject& object) {
  Json json{{"kind", sql_word(object.kind)}, {"name", object.name}};
  if (!object.table.empty()) json["table"] = object.table;
  if (is_utf8(object.create)) {
    json["create"] = object.create;
  } else {
    json["create_base64"] = base64(bytes_of(object.create));
  }
  json["sql_mode"] = object.sql_mode;
  json["character_set_client"] = object.character_set_client;
  json["collation_connection"] = object.collation_connection;
  json["database_collation"] = object.database_collation;
  if (object.kind == ObjectKind::event) {
    json["time_zone"] = object.time_zone;
    json["status"] = object.status;
    json["created"] = object.created;
  }
  if (object.broken) json["broken"] = true;
  if (object.only_live) json["only_live"] = true;
  return json;
}

SavedObject saved_object_of(const Json& json) {
  SavedObject object;
  const auto kind = object_kind_of(json.at("kind").get<std::string>());
  if (!kind) throw Error(ErrorKind::failed, "the saved definitions of a swap name an unknown kind of object");
  object.kind = *kind;
  object.name = json.at("name");
  object.table = json.value("table", std::string());
  object.create = text_in(json);
  object.sql_mode = json.at("sql_mode");
  object.character_set_client = json.at("character_set_client");
  object.collation_connection = json.at("collation_connection");
  object.database_collation = json.at("database_collation");
  object.time_zone = json.value("time_zone", std::string());
  object.status = json.value("status", std::string());
  object.created = json.value("created", std::int64_t{0});
  object.broken = json.value("broken", false);
  object.only_live = json.value("only_live", false);
  return object;
}

Json json_of(const SavedSchema& schema) {
  Json json{
      {"schema", schema.schema}, {"tables", Json::array()}, {"objects", Json::array()}, {"defaults", Json::array()}};
  for (const SavedTable& table : schema.tables) {
    Json one{{"name", table.name}};
    if (table.sequence) one["sequence"] = true;
    if (table.versioned) one["versioned"] = true;
    json["tables"].push_back(std::move(one));
  }
  for (const SavedObject& object : schema.objects) json["objects"].push_back(json_of(object));
  for (const SavedDefault& column : schema.defaults) {
    json["defaults"].push_back({{"table", column.table}, {"column", column.column}, {"default", column.expression}});
  }
  return json;
}

SavedSchema saved_schema_of(const Json& json) {
  try {
    SavedSchema schema;
    schema.schema = json.at("schema");
    for (const Json& table : json.at("tables")) {
      schema.tables.push_back({table.at("name"), table.value("sequence", false), table.value("versioned", false)});
    }
    for (const Json& object : json.at("objects")) schema.objects.push_back(saved_object_of(object));
    for (const Json& column : json.at("defaults")) {
      schema.defaults.push_back({column.at("table"), column.at("column"), column.at("default")});
    }
    return schema;
  } catch (const Json::exception&) {
    throw Error(ErrorKind::failed, "the saved definitions of a swap cannot be understood");
  }
}

}  // namespace wobackup
