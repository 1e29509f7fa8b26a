// WordPress, started as the site's user, without writing anything.
#include <fmt/format.h>

#include <algorithm>

#include "guard/check.h"
#include "recovery/site_check.h"
#include "wordpress/wordpress_probe.h"

namespace wobackup {
namespace {

// "a, b, c and 4 more"
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMost) text += fmt::format(" and {} more", names.size() - kMost);
  return text;
}

std::vector<std::string> texts(const Json& facts, const char* key) {
  return facts.at(key).get<std::vector<std::string>>();
}

}  // namespace

CheckLook look(const WordPressCheck&, const CheckContext& context) {
  CheckLook seen;
  std::optional<std::string> why_not;
  // Files of this site's own, and of its own backup: whoever they belong to now may run them.
  const std::optional<WordPressRun> run =
      wordpress_of(context.site, context.environment.config, live_owner(context.site), why_not);
  if (!run) {
    seen.not_asked = why_not.value_or("there is no WordPress in htdocs");
    seen.no_matter = !why_not;
    return seen;
  }
  try {
    const WordPressFacts facts = probe_wordpress(*run, context.cancellation);
    seen.facts = {{"version", facts.version},
                  {"db_version", facts.db_version},
                  {"db_version_expected", facts.db_version_expected},
                  {"plugins", facts.active_plugins},
                  {"theme", facts.theme},
                  {"missing", facts.missing_parts},
                  {"filled", facts.filled_tables}};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    (error.kind() == ErrorKind::verification ? seen.problem : seen.not_asked) = error.message();
  }
  return seen;
}

std::optional<std::string> worsened(const WordPressCheck&, const Json& before, const Json& now) {
  const std::vector<std::string> missing_before = texts(before, "missing"), active = texts(now, "plugins");
  for (const std::string& missing : texts(now, "missing")) {
    if (std::find(missing_before.begin(), missing_before.end(), missing) == missing_before.end()) return missing;
  }
  const std::vector<std::string> filled = texts(now, "filled");
  for (const std::string& table : texts(before, "filled")) {
    if (std::find(filled.begin(), filled.end(), table) != filled.end()) continue;
    return fmt::format("the table {} had rows before, and is empty", table);
  }
  std::vector<std::string> gone;
  for (const std::string& plugin : texts(before, "plugins")) {
    if (std::find(active.begin(), active.end(), plugin) == active.end()) gone.push_back(plugin);
  }
  if (!gone.empty()) return fmt::format("no longer active: {}", listed(gone));
  const auto fits = [](const Json& facts) { return facts.at("db_version") == facts.at("db_version_expected"); };
  if (fits(before) && !fits(now)) {
    return fmt::format("the database has version {}, and WordPress {} expects {}: it was not upgraded",
                       now.at("db_version").get<std::string>(), now.at("version").get<std::string>(),
                       now.at("db_version_expected").get<std::string>());
  }
  return std::nullopt;
}

}  // namespace wobackup
