#include "site/database_login.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "site/site_config.h"
#include "site/site_folder.h"
#include "site/site_record.h"
#include "site/sqlite_site.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// One of the facts that make up a login.
struct Fact {
  const char* constant;  // in wp-config.php
  const char* key;       // in wobackup.toml
  const std::optional<std::string>& setting;
  const std::optional<std::string>& recorded;
};

// One fact and who states it.
struct Statement {
  std::string source;  // "wp-config.php", "the registry", "wobackup.toml"
  std::string value;
};

class Resolver {
 public:
  Resolver(const Site& site, const DatabaseSettings& settings, const std::vector<SiteConfig>& configs)
      : site_(site), settings_(settings), configs_(configs) {}

  DatabaseLogin run() const {
    const SiteRecord& record = site_.record;
    DatabaseLogin login;
    login.name = agree({"DB_NAME", "name", settings_.name, record.db_name});
    login.user = agree({"DB_USER", "user", settings_.user, record.db_user});
    login.password = agree({"DB_PASSWORD", "password", settings_.password, site_.recorded_password});
    const std::string host = agree({"DB_HOST", "host", settings_.host, record.db_host});
    const auto parsed = database_host_from(host);
    if (!parsed) throw error(fmt::format("\"{}\" is not a database host", printable(host)), "host");
    login.host = *parsed;
    for (const std::string* text : {&login.name, &login.user, &login.password}) {
      if (text->find('\0') != std::string::npos) throw error("the database login has a zero byte in it", "name");
    }
    if (login.name.empty()) throw error("the database's name is empty", "name");
    return login;
  }

  // Whether somebody whom the site cannot impersonate says that this database is the site's.
  [[nodiscard]] bool named_by_admin(const std::string& name) const {
    return settings_.name == name || (site_.origin != SiteOrigin::config && site_.record.db_name == name);
  }

 private:
  [[nodiscard]] Error error(const std::string& what, std::string_view key) const {
    return Error(
        ErrorKind::dump, fmt::format("{}: {}", site_.name, what),
        fmt::format("set {} in [site.\"{}\".database] of wobackup.toml, with override = true if the others are wrong",
                    key, site_.name));
  }

  // Everybody who states a fact must state the same, or the admin must say whom to believe.
  [[nodiscard]] std::string agree(const Fact& fact) const {
    const PhpValue* in_php = configs_.empty() ? nullptr : configs_.front().find(fact.constant);
    std::vector<Statement> statements;
    // The site runs with what its config file says: of spellings that mean the same, that one is taken.
    if (in_php != nullptr && in_php->text) statements.push_back({printable(configs_.front().file), *in_php->text});
    if (fact.recorded && !fact.recorded->empty() && site_.origin != SiteOrigin::config) {
      statements.push_back({std::string(recorder_of(site_)), *fact.recorded});
    }
    if (settings_.override_others) {
      if (fact.setting) return *fact.setting;
      return statements.empty() ? unsaid(fact, in_php) : statements.front().value;
    }
    if (fact.setting) statements.push_back({"wobackup.toml", *fact.setting});
    if (statements.empty()) return unsaid(fact, in_php);
    add_other_files(fact.constant, statements);
    for (const Statement& other : statements) {
      if (!same(fact, statements.front().value, other.value)) {
        throw error(contradiction(fact, statements.front(), other), fact.key);
      }
    }
    return statements.front().value;
  }

  // WordPress does not load these as well, but that they say something else may mean that it does not load the first.
  void add_other_files(const char* constant, std::vector<Statement>& statements) const {
    for (std::size_t i = 1; i < configs_.size(); ++i) {
      const PhpValue* value = configs_[i].find(constant);
      if (value != nullptr && value->text) statements.push_back({printable(configs_[i].file), *value->text});
    }
  }

  [[nodiscard]] std::string unsaid(const Fact& fact, const PhpValue* in_php) const {
    const std::string_view key = fact.key;
    if (in_php != nullptr) {
      throw error(fmt::format("{} {} in {}, line {}", fact.constant, in_php->why, printable(configs_.front().file),
                              in_php->line),
                  key);
    }
    if (key == "host") return "localhost";
    if (key == "password") return {};
    throw error(fmt::format("nobody says the database's {}", key), key);
  }

  static bool same(const Fact& fact, const std::string& a, const std::string& b) {
    if (a == b) return true;
    if (std::string_view(fact.key) != "host") return false;
    const auto first = database_host_from(a), second = database_host_from(b);
    return first && second && same_server(*first, *second);
  }

  // Passwords are not shown.
  static std::string contradiction(const Fact& fact, const Statement& a, const Statement& b) {
    if (std::string_view(fact.key) == "password") {
      return fmt::format("the database password in {} differs from that in {}", a.source, b.source);
    }
    return fmt::format("the database {} is \"{}\" in {}, but \"{}\" in {}", fact.key, printable(a.value), a.source,
                       printable(b.value), b.source);
  }

  const Site& site_;
  const DatabaseSettings& settings_;
  const std::vector<SiteConfig>& configs_;
};

bool named_outside_of_php(const Site& site, const DatabaseSettings& settings) {
  return settings.name || (site.record.db_name && !site.record.db_name->empty());
}

Error no_database(const Site& site) {
  return Error(ErrorKind::dump,
               fmt::format("{}: a site of type {} has a database, but no config file in {} names it", site.name,
                           name_of(site.type), printable(site.path.string())),
               fmt::format("set [site.\"{}\".database] in wobackup.toml (enabled = false if it has none)", site.name));
}

// WordPress by Composer: its config file takes the login from an environment file, which anybody may have written in
// any of several ways, and is not read here.
bool is_bedrock(const SiteFolder& folder) {
  for (const char* root : {"", "htdocs/"}) {
    if (folder.seems_to_have(root + std::string("config/application.php")) &&
        folder.seems_to_have(root + std::string("web/wp/wp-includes/version.php"))) {
      return true;
    }
  }
  return false;
}

// Better no backup than one that silently lacks the half of it.
Error unnamed_bedrock_database(const Site& site) {
  return Error(ErrorKind::dump,
               fmt::format("{}: it is a WordPress site in Bedrock's layout, whose database only its .env names, and "
                           "that is not read",
                           site.name),
               fmt::format("set name and user in [site.\"{}\".database] of wobackup.toml (enabled = false if it has "
                           "none)",
                           site.name));
}

Error no_login_for_additional(const Site& site) {
  return Error(ErrorKind::dump, fmt::format("{}: there is no login for its additional databases", site.name),
               fmt::format("set name and user in [site.\"{}\".database] of wobackup.toml", site.name));
}

void find_database(const Site& site, const DatabaseSettings& settings, const SiteFolder& folder, SiteDatabase& result) {
  // With all of it said and the last word, what the site's files hold does not matter, nor whether they can be read.
  const bool said_by_admin =
      settings.override_others && settings.name && settings.user && settings.password && settings.host;
  std::vector<SiteConfig> configs;
  if (!said_by_admin && !settings.sqlite) configs = find_site_configs(folder, result.config_files);
  try {
    result.sqlite = sqlite_database_of(folder, settings, site, configs.empty() ? nullptr : &configs.front());
  } catch (const Error& error) {
    throw error.with_hint(fmt::format(
        "set sqlite, or name for a database on a server, in [site.\"{}\".database] of wobackup.toml", site.name));
  }
  if (result.sqlite) return;
  const bool named_in_php = !configs.empty() && configs.front().find("DB_NAME") != nullptr;
  if (!named_in_php && !named_outside_of_php(site, settings)) {
    if (is_bedrock(folder)) throw unnamed_bedrock_database(site);
    if (site.expects_database()) throw no_database(site);
    return;
  }
  const Resolver resolver(site, settings, configs);
  result.login = resolver.run();
  result.named_by_admin = resolver.named_by_admin(result.login->name);
  result.additional = settings.additional;
}

}  // namespace

SiteDatabase resolve_database(const Site& site, const SiteSettings& settings, bool want_login) {
  const SiteFolder folder(site.path);
  SiteDatabase result;
  result.config_files = folder.config_files();
  if (settings.database.enabled == false) return result;
  try {
    find_database(site, settings.database, folder, result);
    if (!settings.database.additional.empty() && !result.login) throw no_login_for_additional(site);
  } catch (const Error& error) {
    if (!want_login) return result;
    const std::string by_hand = fmt::format(
        "set name, user, password and host in [site.\"{}\".database] of wobackup.toml, with override = true",
        site.name);
    const bool names_site = error.message().starts_with(site.name + ": ");
    throw Error(ErrorKind::dump, names_site ? error.message() : site.name + ": " + error.message(),
                error.hint().empty() ? by_hand : error.hint());
  }
  return result;
}

}  // namespace wobackup
