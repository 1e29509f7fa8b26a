#include "guard/site_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <type_traits>

#include "base/text.h"
#include "recovery/site_check.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::chrono::milliseconds kBetweenChances{1000};

Json json_of(const CheckLook& seen) {
  Json json;
  json["facts"] = seen.facts;
  json["problem"] = seen.problem ? Json(*seen.problem) : Json(nullptr);
  json["not_asked"] = seen.not_asked ? Json(*seen.not_asked) : Json(nullptr);
  return json;
}

std::optional<std::string> text_in(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

template <class Check>
std::optional<std::string> worse(const Check& check, const Json& before, const Json& now) {
  if constexpr (std::is_same_v<Check, HttpCheck> || std::is_same_v<Check, WordPressCheck>) {
    return worsened(check, before, now);
  } else {
    return std::nullopt;
  }
}

template <class Check>
CheckLook look_again(const Check& check, const Json& before, const CheckContext& context) {
  if constexpr (std::is_same_v<Check, PhpLogCheck>) {
    return look_since(check, before, context);
  } else {
    return look(check, context);
  }
}

template <class Check>
CheckResult judge(const Check& check, const Json& before, const CheckContext& context) {
  CheckResult result{text_of(check), CheckState::passed, {}};
  const auto is = [&](CheckState state, std::string what) {
    result.state = state;
    result.what = std::move(what);
    return result;
  };
  if (const auto why = text_in(before, "not_asked")) return is(CheckState::not_asked, *why);
  const std::optional<std::string> wrong_before = text_in(before, "problem");
  const CheckLook seen = look_again(check, before.at("facts"), context);
  if (seen.not_asked) return is(CheckState::failed, "it cannot be asked any more: " + *seen.not_asked);
  if (seen.problem) return is(wrong_before ? CheckState::broken_before : CheckState::failed, *seen.problem);
  if (wrong_before) return result;
  if (auto worsening = worse(check, before.at("facts"), seen.facts)) return is(CheckState::failed, *worsening);
  return result;
}

CheckResult judge_patiently(const GuardCheck& check, const Json& before, const CheckContext& context) {
  const Clock& clock = context.environment.clock;
  const bool may_settle = std::holds_alternative<HttpCheck>(check);
  const auto deadline = clock.monotonic() + context.environment.config.guard.settle;
  for (;;) {
    CheckResult result = std::visit([&](const auto& known) { return judge(known, before, context); }, check);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.monotonic());
    if (result.state != CheckState::failed || !may_settle || left.count() <= 0) return result;
    context.cancellation.check();
    std::this_thread::sleep_for(std::min(left, kBetweenChances));
  }
}

}  // namespace

SiteChecks SiteChecks::of(const Site& site, const GuardOptions& options, const Config& config) {
  if (options.no_checks) return SiteChecks({}, false);
  if (!options.checks.empty()) return SiteChecks(options.checks, true);
  const std::vector<std::string> own = config.for_site(site.name).checks;
  const std::vector<std::string>& texts = own.empty() ? config.guard.checks : own;
  if (!texts.empty()) return from(texts);
  std::vector<GuardCheck> usual;
  if (config.server.http_check) usual.emplace_back(HttpCheck{});
  usual.emplace_back(WordPressCheck{});
  return SiteChecks(std::move(usual), false);
}

SiteChecks SiteChecks::from(const std::vector<std::string>& texts) {
  std::vector<GuardCheck> checks;
  checks.reserve(texts.size());
  for (const std::string& text : texts) checks.push_back(guard_check_from(text));
  return SiteChecks(std::move(checks), false);
}

std::vector<std::string> SiteChecks::texts() const {
  std::vector<std::string> texts;
  for (const GuardCheck& check : checks_) texts.push_back(text_of(check));
  return texts;
}

ChecksBefore SiteChecks::before(const CheckContext& context) {
  ChecksBefore result;
  std::vector<GuardCheck> asked;
  for (GuardCheck& check : checks_) {
    const CheckLook seen = std::visit([&](const auto& known) { return look(known, context); }, check);
    if (seen.not_asked && demanded_) {
      throw Error(ErrorKind::usage,
                  fmt::format("the check {} cannot be asked: {}", printable(text_of(check)), *seen.not_asked),
                  "nothing was changed; leave it out, or see to it that it can be asked");
    }
    if (seen.no_matter) continue;
    result.runs = result.runs && !seen.problem;
    result.looks.push_back(json_of(seen));
    asked.push_back(std::move(check));
  }
  checks_ = std::move(asked);
  return result;
}

std::vector<CheckResult> SiteChecks::now(const Json& before, const CheckContext& context) const {
  if (before.size() != checks_.size()) throw Error(ErrorKind::failed, "the state before the change is not known");
  std::vector<CheckResult> results;
  for (std::size_t i = 0; i < checks_.size(); ++i) {
    results.push_back(judge_patiently(checks_[i], before.at(i), context));
  }
  return results;
}

std::optional<std::string> first_failure(const std::vector<CheckResult>& results) {
  for (const CheckResult& result : results) {
    if (result.state == CheckState::failed) return fmt::format("{}: {}", printable(result.check), result.what);
  }
  return std::nullopt;
}

void forget_caches(const Site& site, const GuardEnvironment& environment, std::vector<std::string>& notes) {
  const Cancellation never;
  for (std::string& note : flush_site_caches(site, environment.config, live_owner(site), never)) {
    notes.push_back(std::move(note));
  }
}

}  // namespace wobackup
