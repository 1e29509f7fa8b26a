#include "in_place/restore_journal.h"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "in_place/journal_text.h"
#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestJournal = std::size_t{64} << 20U;
constexpr std::array<std::pair<JournalPhase, std::string_view>, 6> kPhases{{{JournalPhase::staging, "staging"},
                                                                            {JournalPhase::swapping, "swapping"},
                                                                            {JournalPhase::done, "done"},
                                                                            {JournalPhase::undoing, "undoing"},
                                                                            {JournalPhase::undone, "undone"},
                                                                            {JournalPhase::removing, "removing"}}};

Json json_of(const KeptDump& dump) { return {{"archive_b64", packed(dump.archive)}, {"sha256", dump.sha256}}; }

KeptDump kept_dump_from(const Json& json) {
  return {unpacked(json.at("archive_b64")), json.at("sha256").get<std::string>()};
}

Json json_of(const LiveLoad& load) {
  return {{"wanted", json_of(load.wanted)}, {"safety", json_of(load.safety)},
          {"undone", json_of(load.undone)}, {"begun", load.begun},
          {"loaded", load.loaded},          {"taken_back", load.taken_back}};
}

LiveLoad live_load_from(const Json& json) {
  LiveLoad load;
  load.wanted = kept_dump_from(json.at("wanted"));
  load.safety = kept_dump_from(json.at("safety"));
  load.undone = kept_dump_from(json.at("undone"));
  load.begun = json.at("begun").get<bool>();
  load.loaded = json.at("loaded").get<bool>();
  load.taken_back = json.at("taken_back").get<bool>();
  return load;
}

// Names of databases and tables, and passwords, may be any bytes, too.
Json json_of(const DatabaseExchange& database) {
  Json json;
  json["live_b64"] = packed(database.live);
  json["live"] = printable(database.live);
  json["shadow"] = database.shadow;
  json["safety"] = database.safety;
  json["only_tables_b64"] = Json::array();
  for (const std::string& table : database.only_tables) json["only_tables_b64"].push_back(packed(table));
  json["by_admin"] = database.by_admin;
  json["user_b64"] = packed(database.user);
  json["password_b64"] = packed(database.password);
  json["host_b64"] = packed(database.host);
  json["definer_b64"] = packed(database.definer);
  json["event_status"] = Json::array();
  for (const auto& [event, status] : database.event_status) json["event_status"].push_back({packed(event), status});
  if (!database.foreign_views.is_null()) json["foreign_views"] = database.foreign_views;
  json["saved"] = database.saved;
  json["undone"] = database.undone;
  json["undo_saved"] = database.undo_saved;
  if (database.live_load) json["live_load"] = json_of(*database.live_load);
  return json;
}

DatabaseExchange database_from(const Json& json) {
  DatabaseExchange database;
  database.live = unpacked(json.at("live_b64"));
  database.shadow = json.at("shadow").get<std::string>();
  database.safety = json.at("safety").get<std::string>();
  for (const Json& table : json.at("only_tables_b64")) database.only_tables.push_back(unpacked(table));
  database.by_admin = json.at("by_admin").get<bool>();
  database.user = unpacked(json.at("user_b64"));
  database.password = unpacked(json.at("password_b64"));
  database.host = unpacked(json.at("host_b64"));
  database.definer = unpacked(json.at("definer_b64"));
  for (const Json& item : json.at("event_status")) {
    database.event_status.emplace(unpacked(item.at(0)), item.at(1).get<std::string>());
  }
  if (json.contains("foreign_views")) database.foreign_views = json.at("foreign_views");
  database.saved = json.at("saved");
  database.undone = json.at("undone").get<std::string>();
  database.undo_saved = json.at("undo_saved");
  if (json.contains("live_load")) database.live_load = live_load_from(json.at("live_load"));
  return database;
}

Json json_of(const RestoreJournal& journal) {
  Json json;
  json["format"] = 1;
  json["site"] = journal.site;
  json["site_path_b64"] = packed(journal.site_path.string());
  if (journal.owner) json["owner"] = *journal.owner;
  json["archive_b64"] = packed(journal.archive);
  json["started"] = journal.started;
  json["phase"] = name_of(journal.phase);
  json["folder_times"] = Json::array();
  for (const FolderTime& time : journal.folder_times) {
    json["folder_times"].push_back({time.folder.device, time.folder.inode, time.seconds, time.nanoseconds});
  }
  if (journal.files) json["files"] = json_of(*journal.files);
  if (journal.database) json["database"] = json_of(*journal.database);
  return json;
}

RestoreJournal journal_from(const Json& json) {
  RestoreJournal journal;
  if (json.at("format") != 1) throw Error(ErrorKind::failed, "it was written by another version of wobackup");
  journal.site = json.at("site").get<std::string>();
  journal.site_path = unpacked(json.at("site_path_b64"));
  if (json.contains("owner")) journal.owner = json.at("owner").get<unsigned>();
  journal.archive = unpacked(json.at("archive_b64"));
  journal.started = json.at("started").get<std::string>();
  const std::string phase = json.at("phase").get<std::string>();
  bool known = false;
  for (const auto& [value, name] : kPhases) {
    if (name != phase) continue;
    journal.phase = value;
    known = true;
  }
  if (!known) throw Error(ErrorKind::failed, "its phase is not known");
  for (const Json& item : json.at("folder_times")) {
    journal.folder_times.push_back(
        {identity_from_json(item), item.at(2).get<std::int64_t>(), item.at(3).get<std::int64_t>()});
  }
  if (json.contains("files")) journal.files = file_exchange_from(json.at("files"));
  if (json.contains("database")) journal.database = database_from(json.at("database"));
  return journal;
}

}  // namespace

std::string_view name_of(JournalPhase phase) noexcept {
  for (const auto& [value, name] : kPhases) {
    if (value == phase) return name;
  }
  return {};
}

JournalFile::JournalFile(const std::filesystem::path& state_dir, const std::string& site)
    : file_(state_dir / "restores" / (site + ".json"), kLargestJournal) {}

std::optional<RestoreJournal> JournalFile::load() const {
  return read_journal(file_, "a restore was interrupted; look at the folders that it names before removing it",
                      journal_from);
}

void JournalFile::save(const RestoreJournal& journal) const { file_.save(json_of(journal)); }

void JournalFile::remove() const { file_.remove(); }

}  // namespace wobackup
