#include "target/swap/swap_plan.h"

#include <fmt/format.h>

#include <set>

#include "base/text.h"
#include "target/swap/schema_reader.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr int kVersion = 1;

// All moves of one content: a table that is not at `to` must be at `from`.
void add_moves(const SavedSchema& content, const std::string& from, const std::set<std::string>& at_from,
               const std::string& to, const std::set<std::string>& arrived, std::vector<TableMove>& moves) {
  for (const SavedTable& table : content.tables) {
    if (arrived.contains(table.name)) continue;
    if (!at_from.contains(table.name)) {
      throw Error(
          ErrorKind::failed,
          fmt::format("the table {} is neither in {} nor in {}", printable(table.name), printable(from), printable(to)),
          "somebody else has removed it meanwhile: look at both databases by hand");
    }
    moves.push_back({from, to, table.name});
  }
}

std::set<std::string> names_of(const SavedSchema& content) {
  std::set<std::string> names;
  for (const SavedTable& table : content.tables) names.insert(table.name);
  return names;
}

std::set<std::string> without(std::set<std::string> names, const std::set<std::string>& taken) {
  for (const std::string& name : taken) names.erase(name);
  return names;
}

}  // namespace

Json json_of(const SwapPlan& plan) {
  Json json{{"version", kVersion},
            {"live", plan.live},
            {"shadow", plan.shadow},
            {"safety", plan.safety},
            {"whole", plan.whole},
            {"undo", plan.undo},
            {"character_set", plan.character_set},
            {"collation", plan.collation},
            {"event_status", Json::object()}};
  if (plan.site_user) json["site_user"] = {{"user", plan.site_user->user}, {"host", plan.site_user->host}};
  for (const auto& [name, status] : plan.event_status) json["event_status"][name] = status;
  json["old"] = json_of(plan.old_content);
  json["new"] = json_of(plan.new_content);
  return json;
}

SwapPlan swap_plan_of(const Json& json) {
  try {
    if (json.at("version") != kVersion) {
      throw Error(ErrorKind::failed, "the saved definitions of a swap are of another version of this program");
    }
    SwapPlan plan;
    plan.live = json.at("live");
    plan.shadow = json.at("shadow");
    plan.safety = json.at("safety");
    plan.whole = json.at("whole");
    plan.undo = json.at("undo");
    plan.character_set = json.at("character_set");
    plan.collation = json.at("collation");
    if (json.contains("site_user")) {
      plan.site_user = Account{json["site_user"].at("user"), json["site_user"].at("host")};
    }
    for (const auto& [name, status] : json.at("event_status").items()) plan.event_status[name] = status;
    plan.old_content = saved_schema_of(json.at("old"));
    plan.new_content = saved_schema_of(json.at("new"));
    return plan;
  } catch (const Json::exception&) {
    throw Error(ErrorKind::failed, "the saved definitions of a swap cannot be understood");
  }
}

// A name in live may be an old table or a new one. That a new one has left is seen in shadow, that an old one has left
// in safety: nobody but a swap writes there.
std::vector<TableMove> moves_to(DatabaseConnection& connection, const SwapPlan& plan, SwapSide side) {
  const std::set<std::string> live = read_names(connection, plan.live).tables;
  const std::set<std::string> in_shadow = read_names(connection, plan.shadow).tables;
  const std::set<std::string> in_safety = read_names(connection, plan.safety).tables;
  const std::set<std::string> old_names = names_of(plan.old_content), new_names = names_of(plan.new_content);
  std::vector<TableMove> moves;
  if (side == SwapSide::after) {
    add_moves(plan.old_content, plan.live, live, plan.safety, in_safety, moves);
    add_moves(plan.new_content, plan.shadow, in_shadow, plan.live, without(new_names, in_shadow), moves);
  } else {
    add_moves(plan.new_content, plan.live, live, plan.shadow, in_shadow, moves);
    add_moves(plan.old_content, plan.safety, in_safety, plan.live, without(old_names, in_safety), moves);
  }
  return moves;
}

}  // namespace wobackup
