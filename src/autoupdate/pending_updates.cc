#include "autoupdate/pending_updates.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "autoupdate/versions.h"
#include "autoupdate/wp_commands.h"
#include "base/text.h"

namespace wobackup {
namespace {

Json json_of(const Update& update) { return {{"name", update.name}, {"from", update.from}, {"to", update.to}}; }

Json json_of(const std::vector<Update>& updates) {
  Json list = Json::array();
  for (const Update& update : updates) list.push_back(json_of(update));
  return list;
}

std::string text_of(const Update& update) { return fmt::format("{} {} to {}", update.name, update.from, update.to); }

void ask_core(const WpCli& wp, const UpdateWish& wish, PendingUpdates& pending) {
  const std::string installed = core_version(wp);
  std::optional<std::string> newest, wanted;
  for (const std::string& offer : core_offers(wp)) {
    if (!is_later_version(offer, installed)) continue;
    if (!newest || is_later_version(offer, *newest)) newest = offer;
    if (wish.minor_only && !same_numbers(offer, installed, 2)) continue;
    if (!wanted || is_later_version(offer, *wanted)) wanted = offer;
  }
  if (wanted) pending.core = Update{"WordPress", installed, *wanted};
  if (newest && newest != wanted) {
    pending.held_back.push_back({"core", {"WordPress", installed, *newest}, "not a minor update"});
  }
}

bool is_excluded(const ExtensionUpdate& update, const std::vector<std::string>& exclude) {
  return std::any_of(exclude.begin(), exclude.end(), [&](const std::string& name) {
    return name == update.name || (!update.file.empty() && name == update.file);
  });
}

// Why an update is not made; nothing if it is.
std::optional<std::string> obstacle(const ExtensionUpdate& update, ExtensionKind kind, const UpdateWish& wish) {
  if (!is_plain_name(update.name)) return "its name cannot be handed to WP-CLI";
  if (kind == ExtensionKind::plugin && is_excluded(update, wish.exclude)) return "excluded";
  if (!update.has_package) return "there is no package to download; its licence may have ended";
  if (wish.minor_only && !same_numbers(update.available, update.version, 1)) return "not a minor update";
  return std::nullopt;
}

void ask_extensions(const WpCli& wp, ExtensionKind kind, const UpdateWish& wish, PendingUpdates& pending) {
  std::vector<Update>& wanted = kind == ExtensionKind::plugin ? pending.plugins : pending.themes;
  for (const ExtensionUpdate& each : extension_updates(wp, kind)) {
    const Update update{printable(each.name.substr(0, 255)), each.version, each.available};
    if (auto why = obstacle(each, kind, wish)) {
      pending.held_back.push_back({std::string(name_of(kind)), update, *std::move(why)});
    } else if (std::none_of(wanted.begin(), wanted.end(),
                            [&](const Update& other) { return other.name == update.name; })) {
      wanted.push_back(update);
    }
  }
}

}  // namespace

Json json_of(const PendingUpdates& updates) {
  Json json;
  json["core"] = updates.core ? json_of(*updates.core) : Json(nullptr);
  json["plugins"] = json_of(updates.plugins);
  json["themes"] = json_of(updates.themes);
  return json;
}

PendingUpdates ask_pending_updates(const WpCli& wp, const UpdateWish& wish) {
  PendingUpdates pending;
  if (wish.core) ask_core(wp, wish, pending);
  if (wish.plugins) ask_extensions(wp, ExtensionKind::plugin, wish, pending);
  if (wish.themes) ask_extensions(wp, ExtensionKind::theme, wish, pending);
  return pending;
}

std::string text_of(const PendingUpdates& updates) {
  std::string text = updates.core ? text_of(*updates.core) : std::string();
  for (const std::vector<Update>* list : {&updates.plugins, &updates.themes}) {
    for (const Update& update : *list) text += (text.empty() ? "" : ", ") + text_of(update);
  }
  return text;
}

}  // namespace wobackup
