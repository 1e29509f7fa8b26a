#include "guard/kept_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "site/site_config.h"
#include "site/site_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::string_view kPosts = "posts";
constexpr std::string_view kPostMeta = "postmeta";

// A glob as a LIKE pattern; `|` is the escape.
std::string like_of(std::string_view glob) {
  std::string like;
  for (const char c : glob) {
    if (c == '*') {
      like += '%';
    } else if (c == '?') {
      like += '_';
    } else {
      if (c == '%' || c == '_' || c == '|') like += '|';
      like += c;
    }
  }
  return like;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

const std::vector<std::string>& default_keep_rows() {
  static const std::vector<std::string> globs{
      "users", "usermeta", "comments", "commentmeta",
      // WooCommerce, with orders in tables of their own or as posts; Easy Digital Downloads.
      "wc_order*", "wc_customer_lookup", "woocommerce_order_item*", "woocommerce_payment_token*",
      "woocommerce_downloadable_product_permissions", "posts:shop_order*", "posts:shop_subscription", "edd_order*",
      "edd_customer*", "posts:edd_payment",
      // Forms: Gravity, WPForms, Formidable, Fluent, Ninja, Elementor, Contact Form 7 with Flamingo or CFDB7, Jetpack.
      "gf_entry*", "wpforms_entries", "wpforms_entry_*", "frm_items", "frm_item_metas", "fluentform_submission*",
      "fluentform_entry_details", "posts:nf_sub", "e_submissions*", "posts:flamingo_inbound", "db7_forms",
      "posts:feedback",
      // Bookings and subscribers.
      "amelia_appointments", "amelia_customer_bookings*", "amelia_payments", "bookly_appointments",
      "bookly_customer_appointments", "bookly_customers", "posts:wc_booking", "newsletter", "mailpoet_subscribers"};
  return globs;
}

std::string table_prefix_of(const Site& site) {
  try {
    const SiteFolder folder(site.path);
    const std::vector<SiteConfig> configs = find_site_configs(folder, folder.config_files());
    if (configs.empty()) return {};
    const PhpValue* prefix = configs.front().find("$table_prefix");
    return prefix != nullptr ? prefix->text.value_or("") : std::string();
  } catch (const Error&) {
    return {};
  }
}

KeptTables::KeptTables(const std::vector<std::string>& globs, std::string prefix) : prefix_(std::move(prefix)) {
  for (const std::string& glob : globs) {
    const std::string type_mark = std::string(kPosts) + ":";
    if (glob.starts_with(type_mark)) {
      if (glob.size() == type_mark.size() || !is_utf8(glob)) {
        throw Error(ErrorKind::usage, fmt::format("keep_rows: \"{}\" names no post type", printable(glob)),
                    "for example \"posts:shop_order\"");
      }
      post_types_.push_back(like_of(std::string_view(glob).substr(type_mark.size())));
    } else {
      names_.emplace_back(glob);
    }
  }
}

std::optional<std::string> KeptTables::plain_name(std::string_view table) const {
  if (!table.starts_with(prefix_)) return std::nullopt;
  return std::string(table.substr(prefix_.size()));
}

std::vector<KeptSelection> KeptTables::select(const std::vector<std::string>& tables) const {
  std::vector<KeptSelection> selected;
  for (const std::string& table : tables) {
    std::optional<std::string> name = plain_name(table);
    if (!name) continue;
    const auto is_meant = [&](const std::string& plain) {
      // A slash in a table's name is no folder, which a glob would stop at.
      std::string one_piece(plain);
      std::replace(one_piece.begin(), one_piece.end(), '/', '_');
      return std::any_of(names_.begin(), names_.end(),
                         [&](const auto& glob) { return glob.matches(one_piece, false); });
    };
    bool whole = is_meant(*name);
    const std::size_t digits =
        static_cast<std::size_t>(std::find_if_not(name->begin(), name->end(), is_digit) - name->begin());
    if (digits > 0 && digits < name->size() && (*name)[digits] == '_') {  // a site of a multisite
      name->erase(0, digits + 1);
      whole = whole || is_meant(*name);
    }
    KeptSelection selection{table, {}, {}, std::nullopt};
    if (*name == "usermeta") selection.without = {"meta_key", "session_tokens"};
    if (whole) {
      selected.push_back(std::move(selection));
    } else if (!post_types_.empty() && (*name == kPosts || *name == kPostMeta)) {
      selection.post_types = post_types_;
      if (*name == kPostMeta) {
        selection.posts_table = table.substr(0, table.size() - kPostMeta.size()) + std::string(kPosts);
        if (std::find(tables.begin(), tables.end(), selection.posts_table) == tables.end()) continue;
      }
      selected.push_back(std::move(selection));
    }
  }
  return selected;
}

}  // namespace wobackup
