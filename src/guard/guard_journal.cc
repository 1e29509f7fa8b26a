#include "guard/guard_journal.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "in_place/journal_text.h"
#include "site/site_record.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestJournal = std::size_t{16} << 20U;
constexpr std::array<GuardPhase, 3> kPhases{GuardPhase::change, GuardPhase::check, GuardPhase::roll_back};

// Bytes of any kind, with a form for people beside them.
void put(Json& json, const std::string& key, const std::string& bytes) {
  json[key] = printable(bytes);
  json[key + "_b64"] = packed(bytes);
}

Json packed_list(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(packed(text));
  return list;
}

std::vector<std::string> unpacked_list(const Json& json) {
  std::vector<std::string> texts;
  for (const Json& text : json) texts.push_back(unpacked(text));
  return texts;
}

template <class T>
void put_if(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

// As the registry has it.
Json json_of(const Site& site) {
  const SiteRecord& record = site.record;
  Json json;
  json["sitename"] = site.name;
  json["site_type"] = printable(record.site_type);
  put_if(json, "id", record.id);
  put_if(json, "is_enabled", record.is_enabled);
  put_if(json, "is_ssl", record.is_ssl);
  const auto text = [&](const char* key, const std::optional<std::string>& value) {
    if (value && is_utf8(*value)) json[key] = *value;
  };
  text("db_name", record.db_name);
  text("db_user", record.db_user);
  text("db_host", record.db_host);
  text("php_version", record.php_version);
  return json;
}

Json json_of(const GuardJournal& journal) {
  Json json;
  json["format"] = 1;
  json["site"] = json_of(journal.site);
  put(json, "site_path", journal.site.path.string());
  json["copies"] = Json::array();
  for (const GuardCopy& copy : journal.copies) {
    Json& next = json["copies"].emplace_back(Json::object());
    put(next, "store", copy.store);
    put(next, "archive", copy.archive.string());
  }
  json["type"] = name_of(journal.type);
  put(json, "reason", journal.reason);
  json["started"] = journal.started;
  json["phase"] = name_of(journal.phase);
  put(json, "problem", journal.problem);
  json["shared"] = journal.shared;
  json["live_load"] = journal.live_load;
  json["runs_before"] = journal.runs_before;
  json["checks"] = packed_list(journal.checks);
  json["before"] = journal.before;
  json["keep_rows"] = packed_list(journal.keep_rows);
  put(json, "table_prefix", journal.table_prefix);
  json["maintenance_before"] = journal.maintenance_before;
  if (journal.folder) {
    json["folder"] = {{"mode", journal.folder->mode}, {"uid", journal.folder->uid}, {"gid", journal.folder->gid}};
  }
  return json;
}

std::vector<GuardCopy> copies_from(const Json& json) {
  // As versions without stores wrote it.
  if (!json.contains("copies")) return {{kOwnFolderStore, unpacked(json.at("archive_b64"))}};
  std::vector<GuardCopy> copies;
  for (const Json& copy : json.at("copies")) {
    copies.push_back({unpacked(copy.at("store_b64")), unpacked(copy.at("archive_b64"))});
  }
  if (copies.empty()) throw Error(ErrorKind::failed, "it names no backup");
  return copies;
}

GuardJournal journal_from(const Json& json) {
  if (json.at("format") != 1) throw Error(ErrorKind::failed, "it was written by another version of wobackup");
  GuardJournal journal;
  Json site = json.at("site");
  const std::filesystem::path path = unpacked(json.at("site_path_b64"));
  site["site_path"] = "/any";  // a real one may be no text
  journal.site = site_from_fields(site);
  journal.site.path = path;
  journal.site.record.site_path = path.string();
  journal.copies = copies_from(json);
  const auto type = backup_type_from(json.at("type").get<std::string>());
  if (!type) throw Error(ErrorKind::failed, "its type is not known");
  journal.type = *type;
  journal.reason = unpacked(json.at("reason_b64"));
  journal.started = json.at("started").get<std::string>();
  bool known = false;
  for (const GuardPhase phase : kPhases) {
    if (json.at("phase") != name_of(phase)) continue;
    journal.phase = phase;
    known = true;
  }
  if (!known) throw Error(ErrorKind::failed, "its phase is not known");
  journal.problem = unpacked(json.at("problem_b64"));
  journal.shared = json.at("shared").get<bool>();
  journal.live_load = json.at("live_load").get<bool>();
  journal.runs_before = json.at("runs_before").get<bool>();
  journal.checks = unpacked_list(json.at("checks"));
  journal.before = json.at("before");
  journal.keep_rows = unpacked_list(json.at("keep_rows"));
  journal.table_prefix = unpacked(json.at("table_prefix_b64"));
  journal.maintenance_before = json.at("maintenance_before").get<bool>();
  if (json.contains("folder")) {
    const Json& folder = json.at("folder");
    journal.folder = FolderRights{folder.at("mode").get<unsigned>(), folder.at("uid").get<unsigned>(),
                                  folder.at("gid").get<unsigned>()};
  }
  return journal;
}

}  // namespace

const GuardCopy* GuardJournal::copy_of(const std::filesystem::path& archive) const {
  for (const GuardCopy& copy : copies) {
    if (copy.archive == archive) return &copy;
  }
  return nullptr;
}

std::string_view name_of(GuardPhase phase) noexcept {
  switch (phase) {
    case GuardPhase::change:
      return "change";
    case GuardPhase::check:
      return "check";
    case GuardPhase::roll_back:
      return "roll-back";
  }
  return "";
}

GuardJournalFile::GuardJournalFile(const std::filesystem::path& state_dir, const std::string& site)
    : file_(state_dir / "guards" / (site + ".json"), kLargestJournal) {}

std::optional<GuardJournal> GuardJournalFile::load() const {
  return read_journal(file_, "a guard was killed; look at the site and at the archive that it names before removing it",
                      journal_from);
}

void GuardJournalFile::save(const GuardJournal& journal) const { file_.save(json_of(journal)); }

void GuardJournalFile::remove() const { file_.remove(); }

}  // namespace wobackup
