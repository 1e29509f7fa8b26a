// wobackup doctor
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/table.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kTextWidth = 80;
constexpr std::size_t kIndent = 23;  // of findings: behind health and what was looked at

std::string coloured(Health health, Output& output) {
  std::string word = fmt::format("{:<8}", name_of(health));
  switch (health) {
    case Health::good:
      return output.green(word);
    case Health::warning:
      return output.yellow(word);
    case Health::bad:
      return output.red(word);
    case Health::note:
      break;
  }
  return word;
}

// Broken between words; what has no blanks stays whole, so that it can be copied.
std::vector<std::string> folded(std::string_view text, std::size_t width) {
  std::vector<std::string> lines(1);
  for (const std::string_view word : split(text, ' ')) {
    if (!lines.back().empty() && display_width(lines.back()) + 1 + display_width(word) > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += word;
  }
  return lines;
}

void show(const HealthCheck& check, Output& output) {
  const std::size_t width = kTextWidth - kIndent;
  std::string head = fmt::format("  {}  {:<11}", coloured(check.health, output), printable(check.what));
  for (const std::string& line : folded(check.finding, width)) {
    output.line(head + line);
    head = std::string(kIndent, ' ');
  }
  if (check.hint.empty()) return;
  head = std::string(kIndent, ' ') + "-> ";
  for (const std::string& line : folded(printable(check.hint), width - 3)) {
    output.line(head + line);
    head = std::string(kIndent + 3, ' ');
  }
}

void report(const Examined& examined, Output& output) {
  const std::string subject = json_text(examined.subject);
  if (output.json()) {
    for (const HealthCheck& check : examined.checks) {
      output.object("check", {{"store", subject.empty() ? Json(nullptr) : Json(subject)},
                              {"url", examined.url.empty() ? Json(nullptr) : Json(json_text(examined.url))},
                              {"what", check.what},
                              {"health", name_of(check.health)},
                              {"finding", json_text(check.finding)},
                              {"hint", check.hint.empty() ? Json(nullptr) : Json(json_text(check.hint))}});
    }
    return;
  }
  const std::string url = printable(examined.url);
  output.line(output.bold(subject.empty()                 ? std::string("This machine")
                          : url.empty() || subject == url ? printable(subject)
                                                          : fmt::format("{} ({})", printable(subject), url)));
  for (const HealthCheck& check : examined.checks) show(check, output);
}

}  // namespace

int doctor_command(const DoctorArguments& arguments, Service& service, Output& output) {
  const std::function<bool()> cancelled = output.terminal().interrupted;
  std::vector<std::string> stores;
  for (const std::string& store : arguments.stores) stores.push_back(store_argument(store));
  if (stores.empty()) {
    for (const auto& [name, settings] : service.config().store) stores.push_back(name);
  }
  // Before anything is begun: a name that is wrong.
  for (const std::string& store : stores) static_cast<void>(service.store_url(store));
  Health worst = Health::good;
  std::size_t warnings = 0, bad = 0;
  const auto take = [&](const Examined& examined) {
    report(examined, output);
    worst = std::max(worst, examined.worst());
    for (const HealthCheck& check : examined.checks) {
      if (check.health == Health::warning) ++warnings;
      if (check.health == Health::bad) ++bad;
    }
  };
  int exit = 0;
  for (const std::string& store : stores) {
    try {
      take(service.examine_store(store, cancelled));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      output.error(error, printable(store));
      exit = std::max(exit, exit_code(error.kind()));
    }
  }
  if (arguments.stores.empty()) take(service.examine_machine(cancelled));
  if (bad > 0) exit = std::max(exit, exit_code(ErrorKind::failed));
  if (output.json()) {
    output.object("summary", {{"worst", name_of(worst)}, {"bad", bad}, {"warnings", warnings}, {"exit_code", exit}});
  } else if (bad + warnings == 0 && exit == 0) {
    output.line("everything is fine");
  } else {
    output.line(fmt::format("{} bad, {} to look at", bad, warnings));
  }
  return exit;
}

}  // namespace wobackup::cli
