// The commands of WP-CLI that are used here, with their answers as plain values. What they say is the site's word.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "autoupdate/wp_cli.h"

namespace wobackup {

enum class ExtensionKind { plugin, theme };

[[nodiscard]] std::string_view name_of(ExtensionKind kind) noexcept;  ///< "plugin", "theme": also WP-CLI's command

/// A plugin or theme that has an update.
struct ExtensionUpdate {
  std::string name;         ///< as WP-CLI takes it; may be anything
  std::string file;         ///< of a plugin: "akismet/akismet.php"; may be missing
  std::string version;      ///< printable
  std::string available;    ///< printable
  bool has_package = true;  ///< false: there is nothing to download, as with a licence that has ended
};

/// Whether a name can be handed to WP-CLI as it is: it is no option, and holds nothing that a terminal would act on.
[[nodiscard]] bool is_plain_name(std::string_view name);

/// All throw Error failed that names the command if it fails, hangs or gives no answer.
[[nodiscard]] std::string core_version(const WpCli& wp);
/// Versions of WordPress that are on offer, printable.
[[nodiscard]] std::vector<std::string> core_offers(const WpCli& wp);
[[nodiscard]] std::vector<ExtensionUpdate> extension_updates(const WpCli& wp, ExtensionKind kind);
/// The versions of all that are installed, by name; printable.
[[nodiscard]] std::map<std::string, std::string> installed_versions(const WpCli& wp, ExtensionKind kind);
[[nodiscard]] bool is_multisite(const WpCli& wp);

/// Updates WordPress' files, to the newest version or the newest of the same x.y. Throws if they are not `expected`
/// then. What is left to be done by hand goes to `notes`.
void update_core(const WpCli& wp, bool minor, const std::string& expected, std::vector<std::string>& notes);
/// Brings the tables to the version that the files expect, of all sites of a multisite.
void update_core_database(const WpCli& wp, std::vector<std::string>& notes);
/// Updates these. Throws if one of them was not updated. REQUIRES: is_plain_name of each.
void update_extensions(const WpCli& wp, ExtensionKind kind, const std::vector<std::string>& names);

}  // namespace wobackup
