#include "autoupdate/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "autoupdate/versions.h"
#include "autoupdate/wordpress_question.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostOffers = 2000;

// The names are those that WP-CLI gives to plugins.
constexpr std::string_view kUnmet = R"php(
    $unmet = array();
    $wp_version = '';
    include ABSPATH . 'wp-includes/version.php';
    $ask = function ($kind, $name, $php, $wordpress) use (&$unmet, $wp_version) {
        $php = is_string($php) && version_compare(PHP_VERSION, $php, '<') ? $php : '';
        $wordpress = is_string($wordpress) && version_compare($wp_version, $wordpress, '<') ? $wordpress : '';
        if ($php . $wordpress !== '') {
            $unmet[] = array('kind' => $kind, 'name' => (string) $name, 'php' => $php, 'wordpress' => $wordpress);
        }
    };
    $offers = function ($name, $list) {
        $known = get_site_transient($name);
        return is_object($known) && isset($known->$list) && is_array($known->$list) ? $known->$list : array();
    };
    foreach ($offers('update_core', 'updates') as $offer) {
        $offer = (array) $offer;
        $ask('core', $offer['version'] ?? '', $offer['php_version'] ?? '', '');
    }
    foreach ($offers('update_plugins', 'response') as $file => $offer) {
        $offer = (array) $offer;
        $name = dirname($file) === '.' ? basename($file, '.php') : dirname($file);
        $ask('plugin', $name, $offer['requires_php'] ?? '', $offer['requires'] ?? '');
    }
    foreach ($offers('update_themes', 'response') as $name => $offer) {
        $offer = (array) $offer;
        $ask('theme', $name, $offer['requires_php'] ?? '', $offer['requires'] ?? '');
    }
    return array('unmet' => $unmet);
)php";

const Requirement* requirement_of(const std::vector<Requirement>& unmet, std::string_view kind, std::string_view name) {
  const auto found =
      std::find_if(unmet.begin(), unmet.end(), [&](const auto& one) { return one.kind == kind && one.name == name; });
  return found == unmet.end() ? nullptr : &*found;
}

void hold_back_extensions(PendingUpdates& pending, std::vector<Update>& updates, const char* kind,
                          const std::vector<Requirement>& unmet) {
  std::vector<Update> possible;
  for (Update& update : updates) {
    const Requirement* needs = requirement_of(unmet, kind, update.name);
    std::string why;
    if (needs != nullptr && !needs->php.empty()) {
      why = fmt::format("it needs PHP {}", needs->php);
    } else if (needs != nullptr && !(pending.core && !is_later_version(needs->wordpress, pending.core->to))) {
      why = fmt::format("it needs WordPress {}", needs->wordpress);
    }
    if (why.empty()) {
      possible.push_back(std::move(update));
    } else {
      pending.held_back.push_back({kind, std::move(update), std::move(why)});
    }
  }
  updates = std::move(possible);
}

}  // namespace

std::optional<std::vector<Requirement>> unmet_requirements(const Site& site, const Config& config,
                                                           const Cancellation& cancellation, std::string& why_not) {
  const std::optional<Json> answer = ask_wordpress(site, config, kUnmet, cancellation, why_not);
  if (!answer) return std::nullopt;
  std::vector<Requirement> unmet;
  const auto list = answer->find("unmet");
  if (list == answer->end() || !list->is_array()) return unmet;
  for (const Json& each : *list) {
    if (!each.is_object() || unmet.size() >= kMostOffers) continue;
    unmet.push_back({.kind = answer_text(each, "kind"),
                     .name = answer_text(each, "name"),
                     .php = answer_text(each, "php"),
                     .wordpress = answer_text(each, "wordpress")});
  }
  return unmet;
}

void hold_back(PendingUpdates& pending, const std::vector<Requirement>& unmet) {
  if (pending.core) {
    const Requirement* needs = requirement_of(unmet, "core", pending.core->to);
    if (needs != nullptr && !needs->php.empty()) {
      pending.held_back.push_back({"core", *pending.core, fmt::format("it needs PHP {}", needs->php)});
      pending.core.reset();
    }
  }
  hold_back_extensions(pending, pending.plugins, "plugin", unmet);
  hold_back_extensions(pending, pending.themes, "theme", unmet);
}

}  // namespace wobackup
