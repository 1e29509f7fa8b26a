// wobackup key generate|show
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "wobackup/keys.h"

namespace wobackup::cli {
namespace {

[[noreturn]] void wrong_usage(std::string message, std::string hint) {
  throw Error(ErrorKind::usage, std::move(message), std::move(hint));
}

// The recipient alone goes to stdout: for `--recipient "$(wobackup key generate FILE)"`.
int generate(const MakeKeyArguments& arguments, Output& output) {
  if (arguments.files.size() != 1) {
    wrong_usage("a key is made into one file", "for example `wobackup key generate /root/backup-key.txt`");
  }
  const std::filesystem::path file = path_argument(arguments.files.front()).value();
  const std::string recipient = generate_identity(file);
  if (output.json()) {
    output.object("summary", {{"file", json_text(file.string())}, {"recipient", recipient}, {"exit_code", 0}});
    return 0;
  }
  output.remark(
      fmt::format("{} opens what is encrypted to this recipient. Keep it elsewhere, twice:\n"
                  "without it, nobody ever opens those backups. The server needs only the recipient.",
                  printable(file.string())));
  output.line(recipient);
  return 0;
}

struct Shown {
  std::string whose;  // a file, or a site; empty for all sites
  std::string recipient;
};

void add_configured(const EncryptionSettings& settings, const std::string& whose, std::vector<Shown>& shown) {
  for (const std::string& recipient : settings.recipients) shown.push_back({whose, recipient});
  if (!settings.recipients_file) return;
  for (const std::string& recipient : recipients_in_file(*settings.recipients_file))
    shown.push_back({whose, recipient});
}

std::vector<Shown> shown_of(const MakeKeyArguments& arguments, const Config& config) {
  std::vector<Shown> shown;
  for (const std::string& name : arguments.files) {
    const std::filesystem::path file = path_argument(name).value();
    for (const std::string& recipient : recipients_of(file, config.keys)) shown.push_back({file.string(), recipient});
  }
  if (!arguments.files.empty()) return shown;
  add_configured(config.encryption, "", shown);
  for (const auto& [site, settings] : config.site) add_configured(settings.encryption, site, shown);
  return shown;
}

int show(const MakeKeyArguments& arguments, const Config& config, Output& output) {
  const bool of_config = arguments.files.empty();
  const std::vector<Shown> shown = shown_of(arguments, config);
  for (const Shown& each : shown) {
    if (output.json()) {
      output.object("recipient", {{of_config ? "site" : "file",
                                   of_config && each.whose.empty() ? Json(nullptr) : Json(json_text(each.whose))},
                                  {"recipient", each.recipient}});
    } else {
      output.line(each.recipient + (of_config && !each.whose.empty() ? "  " + each.whose : ""));
    }
  }
  if (output.json()) {
    output.object("summary", {{"recipients", shown.size()}, {"exit_code", 0}});
  } else if (shown.empty()) {
    output.remark("no recipients are set: backups are not encrypted to a key");
  }
  return 0;
}

}  // namespace

int key_command(const MakeKeyArguments& arguments, const Config& config, Output& output) {
  if (arguments.action == "generate") return generate(arguments, output);
  if (arguments.action == "show") return show(arguments, config, output);
  wrong_usage(arguments.action.empty() ? "nothing to do with keys was named"
                                       : fmt::format("\"{}\" is nothing that key can do", printable(arguments.action)),
              "`wobackup key generate FILE` or `wobackup key show [FILE]`");
}

}  // namespace wobackup::cli
