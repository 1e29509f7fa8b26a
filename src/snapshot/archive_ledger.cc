#include "snapshot/archive_ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <functional>

#include "base/file_io.h"
#include "base/system_error.h"
#include "wobackup/json.h"

namespace wobackup {
namespace {

void for_each_entry(const std::filesystem::path& path, const std::function<void(LedgerEntry)>& visit) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;  // torn by a crash: its archive was not published
    LedgerEntry entry;
    if (!json.contains("archive") || !json["archive"].is_string()) continue;
    entry.archive = json.value("archive", "");
    entry.name = json.value("name", "");
    entry.size_bytes = json.value("size", std::uint64_t{0});
    entry.sha256 = json.value("sha256", "");
    entry.manifest_sha256 = json.value("manifest_sha256", "");
    entry.created = json.value("created", "");
    entry.type = json.value("type", "");
    entry.complete = json.value("complete", true);
    entry.encrypted = json.value("encrypted", false);
    entry.backup_type = json.value("backup_type", "");
    entry.reason = json.value("reason", "");
    visit(std::move(entry));
  }
}

}  // namespace

ArchiveLedger::ArchiveLedger(const std::filesystem::path& state_dir, const std::string& site)
    : path_(state_dir / "archives" / (site + ".jsonl")) {}

void ArchiveLedger::add(const LedgerEntry& entry) const {
  Json json;
  json["archive"] = entry.archive;
  json["name"] = entry.name;
  json["size"] = entry.size_bytes;
  json["sha256"] = entry.sha256;
  json["manifest_sha256"] = entry.manifest_sha256;
  json["created"] = entry.created;
  json["type"] = entry.type;
  json["complete"] = entry.complete;
  json["backup_type"] = entry.backup_type;
  json["reason"] = entry.reason;
  if (entry.encrypted) {
    json["encrypted"] = true;
  }
  if (::mkdir(path_.parent_path().c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error(fmt::format("cannot make the folder {}", path_.parent_path().string()), errno);
  }
  const UniqueFd fd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw system_error(fmt::format("cannot write {}", path_.string()), errno);
  // A line torn by a crash is ended first, so that it does not spoil this one.
  const std::string line = "\n" + json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  write_all(fd.get(), bytes_of(line), path_.string());
  if (::fdatasync(fd.get()) != 0) throw system_error(fmt::format("cannot write {}", path_.string()), errno);
}

bool ArchiveLedger::has_name(const std::string& name) const {
  bool found = false;
  for_each_entry(path_, [&](const LedgerEntry& entry) { found = found || entry.name == name; });
  return found;
}

std::optional<LedgerEntry> ArchiveLedger::find(const std::filesystem::path& archive) const {
  std::optional<LedgerEntry> latest;
  for_each_entry(path_, [&](LedgerEntry entry) {
    if (entry.archive == archive.string()) latest = std::move(entry);
  });
  return latest;
}

std::map<std::string, LedgerEntry> ArchiveLedger::by_archive() const {
  std::map<std::string, LedgerEntry> entries;
  for_each_entry(path_, [&](LedgerEntry entry) { entries.insert_or_assign(entry.archive, entry); });
  return entries;
}

std::optional<LedgerEntry> ArchiveLedger::latest(std::string_view type) const {
  std::optional<LedgerEntry> latest;
  for_each_entry(path_, [&](LedgerEntry entry) {
    if (entry.complete && entry.type == type) latest = std::move(entry);
  });
  return latest;
}

}  // namespace wobackup
