#include "snapshot/verify_ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <fstream>

#include "base/file_io.h"
#include "base/system_error.h"
#include "wobackup/json.h"

namespace wobackup {
namespace {

std::optional<VerifyRecord> record_from(const Json& json) {
  const std::optional<VerifyLevel> level = verify_level_from(json.value("level", ""));
  if (!level) return std::nullopt;
  return VerifyRecord{*level, json.value("ok", false), json.value("sample", 1.0), json.value("time", "")};
}

// Whether the newer record says more than the one before it. What has found nothing at a lower level, or in a sample,
// does not contradict what was found.
bool replaces(const VerifyRecord& newer, const VerifyRecord& older) {
  if (!newer.ok) return true;
  if (!older.ok) return newer.level >= older.level && newer.sample >= 1;
  return newer.level > older.level || (newer.level == older.level && newer.sample >= older.sample);
}

std::filesystem::path file_of(const std::filesystem::path& state_dir, const std::string& site) {
  return state_dir / "verified" / (site + ".jsonl");
}

}  // namespace

std::optional<ArchiveIdentity> identity_of(const std::filesystem::path& archive) {
  struct stat status {};
  if (::stat(archive.c_str(), &status) != 0) return std::nullopt;
  return ArchiveIdentity{static_cast<std::uint64_t>(status.st_size),
                         std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec,
                         {}};
}

void add_verified(const std::filesystem::path& state_dir, const std::string& site, const std::filesystem::path& archive,
                  const ArchiveIdentity& identity, const VerifyRecord& record) {
  const std::filesystem::path path = file_of(state_dir, site);
  Json json;
  json["archive"] = archive.string();
  json["size"] = identity.size_bytes;
  json["mtime_ns"] = identity.mtime_ns;
  if (!identity.version.empty()) json["version"] = identity.version;
  json["level"] = name_of(record.level);
  json["ok"] = record.ok;
  json["sample"] = record.sample;
  json["time"] = record.time;
  if (::mkdir(path.parent_path().c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error(fmt::format("cannot make the folder {}", path.parent_path().string()), errno);
  }
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) throw system_error(fmt::format("cannot write {}", path.string()), errno);
  const std::string line = "\n" + json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  write_all(fd.get(), bytes_of(line), path.string());
  if (::fdatasync(fd.get()) != 0) throw system_error(fmt::format("cannot write {}", path.string()), errno);
}

VerifyHistory::VerifyHistory(const std::filesystem::path& state_dir, const std::string& site) {
  std::ifstream file(file_of(state_dir, site));
  std::string line;
  while (std::getline(file, line)) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object()) continue;  // torn by a crash
    const std::optional<VerifyRecord> record = record_from(json);
    if (!record) continue;
    const ArchiveIdentity identity{json.value("size", std::uint64_t{0}), json.value("mtime_ns", std::int64_t{0}),
                                   json.value("version", "")};
    results_[json.value("archive", "")].emplace_back(identity, *record);
  }
}

std::optional<VerifyRecord> VerifyHistory::find(const std::filesystem::path& archive) const {
  if (!results_.contains(archive.string())) return std::nullopt;
  return find(archive, identity_of(archive));
}

std::optional<VerifyRecord> VerifyHistory::find(const std::filesystem::path& archive,
                                                const std::optional<ArchiveIdentity>& identity) const {
  const auto place = results_.find(archive.string());
  if (place == results_.end() || !identity) return std::nullopt;
  std::optional<VerifyRecord> best;
  for (const auto& [told, record] : place->second) {
    if (identity == told && (!best || replaces(record, *best))) best = record;
  }
  return best;
}

}  // namespace wobackup
