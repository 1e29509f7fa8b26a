// The kinds of sites, and what follows from a kind.
#include "wobackup/site.h"

#include <array>
#include <utility>

namespace wobackup {
namespace {
constexpr std::array<std::pair<SiteType, std::string_view>, 9> kTypes{{{SiteType::html, "html"},
                                                                       {SiteType::php, "php"},
                                                                       {SiteType::mysql, "mysql"},
                                                                       {SiteType::wp, "wp"},
                                                                       {SiteType::wpsubdir, "wpsubdir"},
                                                                       {SiteType::wpsubdomain, "wpsubdomain"},
                                                                       {SiteType::proxy, "proxy"},
                                                                       {SiteType::alias, "alias"},
                                                                       {SiteType::subsite, "subsite"}}};
}  // namespace

std::string_view name_of(SiteType type) noexcept {
  for (const auto& [value, name] : kTypes) {
    if (value == type) return name;
  }
  return "other";
}

SiteType site_type_from(std::string_view word) noexcept {
  for (const auto& [value, name] : kTypes) {
    if (name == word) return value;
  }
  return SiteType::other;
}

bool Site::has_content() const noexcept {
  return type != SiteType::alias && type != SiteType::proxy && type != SiteType::subsite;
}

bool Site::expects_database() const noexcept {
  switch (type) {
    case SiteType::mysql:
    case SiteType::wp:
    case SiteType::wpsubdir:
    case SiteType::wpsubdomain:
      return true;
    case SiteType::alias:
    case SiteType::proxy:
    case SiteType::subsite:
      return false;
    default:
      return record.db_name && !record.db_name->empty();
  }
}

std::filesystem::path htdocs_of(const Site& site) { return site.path / "htdocs"; }

}  // namespace wobackup
