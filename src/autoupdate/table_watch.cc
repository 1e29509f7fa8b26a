#include "autoupdate/table_watch.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "autoupdate/wordpress_question.h"
#include "base/text.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {
namespace {

// What updates like to tidy up (revisions, transients, logs kept as comments) is not counted. The remark in each query
// keeps caches of queries from answering.
constexpr std::string_view kTables = R"php(
    global $wpdb;
    $wpdb->suppress_errors(true);
    $fresh = '/* ' . uniqid('', true) . ' */';
    $p = $wpdb->base_prefix;
    $counted = array(
        $p . 'posts' => "post_type NOT IN ('revision', 'customize_changeset', 'scheduled-action', 'oembed_cache')"
            . " AND post_status NOT IN ('auto-draft', 'trash')",
        $p . 'comments' => "comment_approved NOT IN ('spam', 'trash', 'post-trashed') AND comment_type <> 'action_log'",
        $p . 'options' => "option_name NOT LIKE '%\\_transient\\_%'",
        $p . 'users' => '1 = 1', $p . 'terms' => '1 = 1', $p . 'wc_orders' => '1 = 1',
        $p . 'woocommerce_order_items' => '1 = 1');
    $like = $wpdb->esc_like($p) . '%';
    $names = $wpdb->get_col($wpdb->prepare("SHOW FULL TABLES $fresh LIKE %s", $like), 0);
    $kinds = $wpdb->get_col(null, 1);
    if (!$names) {
        $names = $wpdb->get_col($wpdb->prepare('SHOW TABLES LIKE %s', $like));
        $kinds = array();
    }
    $rows = array();
    foreach (array_slice($names, 0, 2000, true) as $i => $name) {
        if (isset($kinds[$i]) && $kinds[$i] !== 'BASE TABLE') continue;
        $quoted = '`' . str_replace('`', '``', $name) . '`';
        $found = isset($counted[$name]) ? $wpdb->get_var("SELECT COUNT(*) FROM $quoted WHERE {$counted[$name]} $fresh")
            : count($wpdb->get_col("SELECT 1 FROM $quoted LIMIT 1 $fresh"));
        if ($wpdb->last_error === '') $rows[$name] = (int) $found;
    }
    return array('prefix' => $p, 'rows' => $rows ? $rows : new stdClass());
)php";

constexpr std::array<std::string_view, 9> kOwn{
    "posts", "postmeta", "users", "usermeta", "options", "terms", "term_taxonomy", "term_relationships", "comments"};
constexpr std::array<std::string_view, 7> kCounted{
    "posts", "users", "options", "terms", "comments", "wc_orders", "woocommerce_order_items"};
// Fewer than these may be gone for a good reason.
constexpr std::uint64_t kFewRows = 10;
// Words in names of tables whose content is made again, or is no loss.
constexpr std::array<std::string_view, 12> kFleeting{
    "cache", "log", "index",  "session", "queue",           "stat",
    "temp",  "tmp", "lookup", "lock",    "actionscheduler", "transient"};

bool has(const auto& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_fleeting(std::string_view name) {
  const std::string lower = lower_ascii(name);
  return std::any_of(kFleeting.begin(), kFleeting.end(),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

bool may_be_empty(const std::string& table, const std::vector<std::string>& globs) {
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return ::fnmatch(glob.c_str(), table.c_str(), 0) == 0; });
}

// What is wrong with one table; empty if nothing is.
std::string problem(std::string_view name, std::uint64_t before, const std::optional<std::uint64_t>& after) {
  if (before == 0) return {};
  const bool counted = has(kCounted, name);
  if (!after) return has(kOwn, name) ? "is gone" : "";
  if (*after == 0) {
    if (has(kOwn, name)) return counted ? fmt::format("has lost its {} rows", before) : "has lost its rows";
    return is_fleeting(name) ? "" : "has lost its rows";
  }
  if (counted && before >= kFewRows && *after < before / 2)
    return fmt::format("has {} of {} rows left", *after, before);
  return {};
}

}  // namespace

std::optional<TableState> look_at_tables(const Site& site, const Config& config, const Cancellation& cancellation,
                                         std::string& why_not) {
  const std::optional<Json> answer = ask_wordpress(site, config, kTables, cancellation, why_not);
  if (!answer) return std::nullopt;
  TableState state;
  state.prefix = answer_text(*answer, "prefix");
  const auto rows = answer->find("rows");
  if (rows == answer->end() || !rows->is_object() || rows->empty()) {
    why_not = "WordPress names no tables";
    return std::nullopt;
  }
  for (const auto& [name, count] : rows->items()) {
    if (count.is_number_unsigned()) state.rows[name] = count.get<std::uint64_t>();
  }
  return state;
}

std::string emptied_tables(const TableState& before, const TableState& after,
                           const std::vector<std::string>& may_empty) {
  std::string text;
  for (const auto& [table, rows] : before.rows) {
    if (may_be_empty(table, may_empty)) continue;
    const std::string_view name = std::string_view(table).starts_with(before.prefix)
                                      ? std::string_view(table).substr(before.prefix.size())
                                      : std::string_view(table);
    const auto found = after.rows.find(table);
    const std::string what =
        problem(name, rows, found == after.rows.end() ? std::nullopt : std::optional(found->second));
    if (what.empty()) continue;
    text += fmt::format("{}the table {} {}", text.empty() ? "" : ", ", printable(table), what);
  }
  return text;
}

}  // namespace wobackup
