// wobackup sites
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace wobackup::cli {
namespace {

// The newest backup that counts.
std::optional<SnapshotRef> last_good(const Service& service, const Site& site) {
  try {
    for (SnapshotRef& ref : service.list(site.name)) {
      if (ref.good()) return std::move(ref);
    }
  } catch (const Error&) {
    // The list command says what is wrong with the folder; here the site simply has none that is known.
    return std::nullopt;
  }
  return std::nullopt;
}

// The other sites whose database this is, too.
Json sharing_with(const std::string& site, const std::vector<SharedDatabase>& shared) {
  Json others = Json::array();
  for (const SharedDatabase& each : shared) {
    if (std::find(each.sites.begin(), each.sites.end(), site) == each.sites.end()) continue;
    for (const std::string& other : each.sites) {
      if (other != site && std::find(others.begin(), others.end(), other) == others.end()) others.push_back(other);
    }
  }
  return others;
}

}  // namespace

std::string text_of(const SharedDatabase& shared) {
  return fmt::format("the database {} on {} is shared by {}: each one's backup holds all of it",
                     printable(shared.database), printable(shared.host), fmt::join(shared.sites, ", "));
}

int sites_command(const SitesArguments& arguments, Service& service, Output& output) {
  const std::vector<Site> sites = service.sites();
  if (arguments.names) {
    for (const Site& site : sites) output.line(site.name);
    return 0;
  }
  const std::vector<SharedDatabase> shared = service.shared_databases();
  Table table({{.heading = "NAME", .yields = 1},
               {"TYPE"},
               {.heading = "PATH", .fold = true},
               {.heading = "DATABASE", .yields = 2},
               {"ENABLED"},
               {"LAST BACKUP"},
               {"AGE"},
               {"VERIFIED"}});
  for (const Site& site : sites) {
    const auto database = site.has_content() ? service.database_name(site) : std::nullopt;
    auto last = site.has_content() ? last_good(service, site) : std::nullopt;
    const auto stored = site.has_content() ? service.last_recorded_in_stores(site.name) : std::nullopt;
    if (output.json()) {
      Json fields;
      fields["name"] = site.name;
      fields["type"] = printable(site.record.site_type);
      fields["path"] = json_text(site.path.string());
      if (!is_utf8(site.path.string())) fields["path_b64"] = base64(bytes_of(site.path.string()));
      fields["database"] = database ? Json(printable(*database)) : Json(nullptr);
      fields["database_shared_with"] = sharing_with(site.name, shared);
      fields["enabled"] = site.enabled;
      fields["has_content"] = site.has_content();
      fields["last_backup"] = last ? Json(rfc3339(last->time)) : Json(nullptr);
      fields["last_backup_name"] = last ? Json(printable(last->name)) : Json(nullptr);
      fields["last_stored"] = stored ? Json(rfc3339(stored->time)) : Json(nullptr);
      fields["last_stored_archive"] = stored ? Json(json_text(stored->archive.string())) : Json(nullptr);
      if (last) {
        const auto age = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - last->time;
        fields["last_backup_verified"] = word_for(last->verified);
        fields["last_backup_age_seconds"] = std::max<std::int64_t>(age.count(), 0);
      }
      output.object("site", fields);
      continue;
    }
    // A newer one that went to a store only. It was recorded; the store is not asked.
    const bool elsewhere = stored && (!last || stored->time > last->time);
    if (elsewhere) last = stored;
    table.add({site.name, printable(site.record.site_type), printable(site.path.string()),
               database ? printable(*database) : "-", site.enabled ? "yes" : "no",
               last                 ? fmt::format("{:%Y-%m-%d %H:%M}", last->time)
               : site.has_content() ? "never"
                                    : "-",
               last ? age_text(last->time) : "",
               elsewhere ? "in a store"
               : last    ? std::string(word_for(last->verified))
                         : ""});
  }
  if (output.json()) {
    output.object("summary", {{"sites", sites.size()}, {"exit_code", 0}});
  } else if (sites.empty()) {
    output.remark("there are no sites");
  } else {
    for (const std::string& line : table.lines(output.terminal().out_is_terminal ? output.terminal().width : 0)) {
      output.line(line);
    }
  }
  for (const SharedDatabase& each : shared) output.warning(text_of(each));
  for (const Site& site : sites) tell_pending(site.name, service, output);
  return 0;
}

}  // namespace wobackup::cli
