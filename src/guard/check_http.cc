// Pages of the site, by the web server of this machine.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "guard/check.h"
#include "wordpress/http_check.h"

namespace wobackup {
namespace {

// A page counts as slower only beyond what a cold cache explains.
constexpr std::int64_t kSlowMs = 5000;
constexpr std::int64_t kTimesSlower = 5;
// Small pages may vary by this much.
constexpr std::int64_t kSlackBytes = 2048;

// Titles count things ("(3) Orders"), and a version may be in them.
std::string without_digits(std::string_view title) {
  std::string text = lower_ascii(title);
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

bool is_near(const std::string& a, const std::string& b) {
  const std::string first = without_digits(a), second = without_digits(b);
  return edit_distance(first, second) <= std::max(first.size(), second.size()) / 2;
}

}  // namespace

CheckLook look(const HttpCheck& check, const CheckContext& context) {
  const ServerSettings& server = context.environment.config.server;
  CheckLook seen;
  HttpRequest request;
  request.host = context.site.name;
  request.https = context.site.record.is_ssl.value_or(false);
  request.path = check.path;
  request.address = server.http_address;
  request.http_port = server.http_port;
  request.https_port = server.https_port;
  const Clock& clock = context.environment.clock;
  const auto begun = clock.monotonic();
  try {
    const HttpAnswer answer = http_check(request, context.cancellation);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.monotonic() - begun);
    seen.facts = {{"status", answer.status}, {"title", answer.title},        {"bytes", answer.body_bytes},
                  {"cut", answer.body_cut},  {"milliseconds", took.count()}, {"redirect", answer.redirect_to}};
    // A post may quote such a text, so only its coming counts. A page that fails in its footer has it, and status 200.
    seen.facts["shows_error"] = answer.signs.critical_error || answer.signs.database_error;
    // PHP that dies in the middle of a page, with errors hidden, leaves only that.
    seen.facts["closed"] = answer.signs.closed || answer.body_cut;
    seen.problem = http_problem(answer, {.status = answer.status, .maintenance = false});
    // A password, or another place, may well be what a page has for everybody. What a server cannot do is wrong.
    if (!seen.problem && answer.status >= 500) seen.problem = http_problem(answer, {});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    seen.not_asked = error.message();
  }
  return seen;
}

std::optional<std::string> worsened(const HttpCheck& check, const Json& before, const Json& now) {
  const auto number = [](const Json& facts, const char* key) { return facts.at(key).get<std::int64_t>(); };
  const auto text = [](const Json& facts, const char* key) { return facts.at(key).get<std::string>(); };
  if (number(before, "status") != number(now, "status")) {
    const std::string to = text(now, "redirect");
    return fmt::format("{} answers with status {}{}, and did with {} before", check.path, number(now, "status"),
                       to.empty() ? "" : fmt::format(" (to {})", to), number(before, "status"));
  }
  if (now.value("shows_error", false) && !before.value("shows_error", true)) {
    return fmt::format("{} shows an error of WordPress now, and did not before", check.path);
  }
  if (before.value("closed", false) && !now.value("closed", true)) {
    return fmt::format("{} ends in the middle of the page now: PHP died there", check.path);
  }
  const std::string then = text(before, "title"), title = text(now, "title");
  if (!then.empty() && !is_near(then, title)) {
    return title.empty() ? fmt::format("{} has no title any more; it was \"{}\"", check.path, then)
                         : fmt::format("the title of {} is \"{}\", and was \"{}\"", check.path, title, then);
  }
  const std::int64_t was = number(before, "bytes"), bytes = number(now, "bytes");
  const bool both_cut = before.at("cut").get<bool>() && now.at("cut").get<bool>();
  if (!both_cut && (bytes < was / 2 - kSlackBytes / 2 || bytes > was * 2 + kSlackBytes)) {
    return fmt::format("{} has {}, and had {} before", check.path, human_size(static_cast<std::uint64_t>(bytes)),
                       human_size(static_cast<std::uint64_t>(was)));
  }
  const std::int64_t took = number(before, "milliseconds"), takes = number(now, "milliseconds");
  if (takes > std::max(kSlowMs, kTimesSlower * took)) {
    return fmt::format("{} takes {:.1f} s, and took {:.1f} s before", check.path, static_cast<double>(takes) / 1000,
                       static_cast<double>(took) / 1000);
  }
  return std::nullopt;
}

}  // namespace wobackup
