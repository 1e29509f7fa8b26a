#include "inspect/live_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/file_io.h"
#include "base/text.h"
#include "database/connection.h"
#include "database/site_login.h"
#include "inspect/dump_entry.h"
#include "inspect/dumped_parts.h"
#include "inspect/live_parts.h"
#include "inspect/sql_parts.h"
#include "inspect/temporary_file.h"
#include "site/database_login.h"
#include "snapshot/database_capture.h"
#include "source/database/dump_privileges.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostNotes = 20;

// "10.11" of "10.11.6-MariaDB"
std::string series_of(const std::string& version) {
  const std::size_t first = version.find('.');
  return version.substr(0, first == std::string::npos ? first : version.find('.', first + 1));
}

Sha256Digest sum_of(const SqliteCopy& copy, const Cancellation& cancellation) {
  Sha256 sum;
  ByteVector buffer(std::size_t{1} << 20U);
  for (std::uint64_t at = 0; at < copy.size_bytes;) {
    cancellation.check();
    const std::size_t size = pread_up_to(copy.fd.get(), buffer, at, "the SQLite copy");
    if (size == 0) break;
    sum.update(ByteSpan(buffer).first(size));
    at += size;
  }
  return sum.finish();
}

class LiveComparison {
 public:
  LiveComparison(const ArchiveReader& archive, const Site& site, const Config& config, const Cancellation& cancellation,
                 Difference& result)
      : archive_(archive), site_(site), config_(config), cancellation_(cancellation), result_(result) {
    for (ManifestEntry& dump : dump_entries(archive)) {
      dumps_.emplace(is_own_dump(dump) ? std::string() : dump.entry.path, std::move(dump));
    }
  }

  void run() {
    SiteDatabase live;
    if (!asking("the live database", [&] { live = resolve_database(site_, config_.for_site(site_.name), true); })) {
      return;
    }
    result_.database_compared = asking("the live database", [&] { compare_own(live); });
    for (const std::string& name : live.additional) {
      const std::string path = fmt::format("databases/{}.sql", name);
      asking("the live database " + name, [&] { compare(path, *live.login, name, true); });
      dumps_.erase(path);
    }
    dumps_.erase("");
    for (const auto& [path, dump] : dumps_) note(path + " was not compared: the site's settings do not name it");
    if (notes_ > kMostNotes) result_.notes.push_back(fmt::format("and {} more", notes_ - kMostNotes));
  }

 private:
  void note(std::string text) {
    if (++notes_ <= kMostNotes) result_.notes.push_back(std::move(text));
  }

  // What the site or its server says against it is no failure of the comparison.
  template <class Action>
  bool asking(const std::string& what, const Action& action) {
    try {
      action();
      return true;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::verification) throw;
      note(fmt::format("{} was not compared: {}", what, error.message()));
      return false;
    }
  }

  void compare_own(const SiteDatabase& live) {
    const auto own = dumps_.find("");
    const bool sqlite = own != dumps_.end() && is_sqlite(own->second);
    if (!live.has_database()) throw Error(ErrorKind::failed, "the site has none");
    if (own != dumps_.end() && sqlite != live.sqlite.has_value()) {
      throw Error(ErrorKind::failed, fmt::format("the site's is {}", live.sqlite ? "an SQLite file" : "on a server"));
    }
    if (live.sqlite) return compare_sqlite(live, own == dumps_.end() ? nullptr : &own->second);
    compare("", *live.login, live.login->name, live.named_by_admin);
  }

  void compare_sqlite(const SiteDatabase& live, const ManifestEntry* dump) {
    const std::optional<SqliteCopy> copy = capture_sqlite(site_, live, temporary_file, cancellation_);
    const std::string path = dump != nullptr ? dump->entry.path : site_.name + ".sqlite";
    if (dump != nullptr && dump->entry.size == copy->size_bytes && dump->sha256 == sum_of(*copy, cancellation_)) return;
    TableChange change = change_of(path, {"file", path}, dump != nullptr ? "changed" : "added");
    if (dump != nullptr) change.before = {0, dump->entry.size};
    change.after = {0, copy->size_bytes};
    result_.tables.push_back(std::move(change));
  }

  void compare(const std::string& path, const DatabaseLogin& login, const std::string& database, bool named_by_admin) {
    const SiteServerLogin chosen = choose_site_login(login, database, named_by_admin, config_.database, cancellation_);
    DatabaseConnection connection(chosen.login, database, cancellation_);
    const std::string missing = chosen.is_admin ? std::string() : missing_privileges(connection, database);
    if (!missing.empty()) {
      throw Error(ErrorKind::failed, fmt::format("'{}' lacks privileges on it: {}", chosen.login.user, missing));
    }
    const auto dump = dumps_.find(path);
    const bool has_dump = dump != dumps_.end();
    const DatabaseParts before = has_dump ? dumped(dump->second, connection) : DatabaseParts();
    std::vector<std::string> notes;
    const DatabaseParts after = live_parts(connection, notes);
    compare_parts(has_dump       ? dump->second.entry.path
                  : path.empty() ? site_.name + ".sql"
                                 : path,
                  before, after, result_.tables);
    for (std::string& text : notes) note(std::move(text));
    if (has_dump && path.empty()) note("live tables were compared by definition and number of rows, not row by row");
  }

  DatabaseParts dumped(const ManifestEntry& dump, const DatabaseConnection& connection) {
    DatabaseParts parts = dumped_definitions(archive_, dump);
    // Of these the dump has no definition, and the live one may be broken, too.
    for (const Json& view : list_at(dump.database, "broken_views")) parts[{"view", object_name(view)}];
    const std::string version = dump.database.value("server_version", std::string());
    if (!version.empty() && series_of(version) != series_of(connection.version())) {
      note(fmt::format("the server was {}, and is {}, which may spell definitions in another way", version,
                       connection.version()));
    }
    return parts;
  }

  const ArchiveReader& archive_;
  const Site& site_;
  const Config& config_;
  const Cancellation& cancellation_;
  Difference& result_;
  std::map<std::string, ManifestEntry> dumps_;  // the site's own under an empty path
  std::size_t notes_ = 0;
};

}  // namespace

void compare_with_live_database(const ArchiveReader& archive, const Site& site, const Config& config,
                                const Cancellation& cancellation, Difference& result) {
  LiveComparison(archive, site, config, cancellation, result).run();
}

}  // namespace wobackup
