// wobackup verify
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/wording.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kShownProblems = 20;

// "10%", "0.5%", "10"
double sample_from(const std::string& text) {
  double percent = 0;
  const char* const stop = text.data() + text.size() - (text.ends_with('%') ? 1 : 0);
  const auto [end, error] = std::from_chars(text.data(), stop, percent);
  if (error != std::errc{} || end != stop || !(percent > 0) || percent > 100) {
    throw Error(ErrorKind::usage, fmt::format("--sample {} is no percentage", printable(text)),
                "for example --sample 10%");
  }
  return percent / 100;
}

VerifyOptions options_of(const VerifyArguments& arguments, Output& output) {
  VerifyOptions options;
  const std::optional<VerifyLevel> level = verify_level_from(arguments.level);
  if (!level) {
    throw Error(ErrorKind::usage, fmt::format("--level {} is not known", printable(arguments.level)),
                "quick, data or drill");
  }
  options.level = *level;
  if (!arguments.sample.empty()) {
    if (*level != VerifyLevel::data) throw Error(ErrorKind::usage, "--sample goes with --level data");
    options.sample = sample_from(arguments.sample);
  }
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  options.cancelled = output.terminal().interrupted;
  return options;
}

double seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

Json json_of(const DrillReport& drill) {
  Json fields{{"complete", drill.complete},
              {"files", drill.files},
              {"bytes", drill.bytes},
              {"tables", drill.tables},
              {"rows", drill.rows}};
  fields["wordpress"] = drill.wordpress ? Json(*drill.wordpress) : Json(nullptr);
  fields["siteurl"] = json_text(drill.siteurl);
  fields["latest_post"] = json_text(drill.latest_post);
  fields["notes"] = Json::array();
  for (const std::string& note : drill.notes) fields["notes"].push_back(json_text(note));
  fields["seconds"] = {{"files", seconds(drill.files_time)},
                       {"database", seconds(drill.database_time)},
                       {"wordpress", seconds(drill.wordpress_time)},
                       {"total", seconds(drill.total)}};
  return fields;
}

Json json_of(const std::string& what, const Verified& verified) {
  Json fields;
  fields["what"] = json_text(what);
  fields["archive"] = json_text(verified.archive.string());
  fields["level"] = name_of(verified.level);
  fields["sample"] = verified.sample;
  fields["ok"] = verified.ok;
  fields["encrypted"] = verified.encrypted;
  fields["decrypted"] = verified.decrypted;
  fields["indexed"] = verified.indexed;
  fields["sum_compared"] = verified.sum_compared;
  fields["members"] = verified.members;
  fields["frames"] = verified.frames;
  fields["bytes"] = verified.bytes;
  fields["problem_count"] = verified.problem_count;
  fields["problems"] = Json::array();
  for (const VerifyProblem& problem : verified.problems) {
    Json item;
    if (problem.frame) item["frame"] = *problem.frame;
    if (!problem.path.empty()) {
      item["path"] = json_text(problem.path);
      if (!is_utf8(problem.path)) item["path_b64"] = base64(bytes_of(problem.path));
    }
    item["what"] = problem.what;
    fields["problems"].push_back(std::move(item));
  }
  fields["seconds"] = static_cast<double>(verified.elapsed.count()) / 1000;
  if (verified.drill) fields["drill"] = json_of(*verified.drill);
  return fields;
}

std::string text_of(const VerifyProblem& problem) {
  std::string text = problem.frame ? fmt::format("frame {}: ", *problem.frame) : "";
  if (!problem.path.empty() && !problem.what.starts_with(printable(problem.path))) {
    text += printable(problem.path) + ": ";
  }
  return text + problem.what;
}

void report(const DrillReport& drill, Output& output) {
  for (const std::string& note : drill.notes) output.warning(printable(note));
  std::string text = fmt::format("  files: {}, {}, {:.1f} s", counted(drill.files, "file"), human_size(drill.bytes),
                                 seconds(drill.files_time));
  if (drill.tables > 0) {
    text += fmt::format("\n  database: {}, {}, {:.1f} s", counted(drill.tables, "table"), counted(drill.rows, "row"),
                        seconds(drill.database_time));
  }
  if (drill.wordpress) {
    text += fmt::format("\n  WordPress {} runs: {}, latest post \"{}\", {:.1f} s", printable(*drill.wordpress),
                        printable(drill.siteurl), printable(drill.latest_post), seconds(drill.wordpress_time));
  }
  output.line(text + fmt::format("\n  recovery takes {:.1f} s", seconds(drill.total)));
}

void report(const Verified& verified, Output& output) {
  const std::string archive = printable(verified.archive.string());
  for (std::size_t i = 0; i < verified.problems.size() && i < kShownProblems; ++i) {
    output.warning(text_of(verified.problems[i]));
  }
  if (verified.problem_count > kShownProblems) {
    output.warning(fmt::format("{} more; --json shows them", verified.problem_count - kShownProblems));
  }
  if (!verified.ok) return;
  std::string text = fmt::format("{}: {}", archive, output.green(std::string(name_of(verified.level)) + " ok"));
  if (verified.encrypted && !verified.decrypted) {
    text += verified.sum_compared ? ", its sum is the recorded one" : ", size and structure only: no sum was recorded";
    text += " (encrypted, looked at without a key)";
  }
  if (verified.level != VerifyLevel::quick) {
    text += fmt::format(", {}, {}", counted(verified.members, "member"), human_size(verified.bytes));
    if (verified.sample < 1) text += fmt::format(" (a sample of {:g} %)", verified.sample * 100);
    if (!verified.indexed) text += ", without an index: it has no hashes to compare";
  }
  text += fmt::format(", {:.1f} s", seconds(verified.elapsed));
  output.line(text);
  if (verified.drill) report(*verified.drill, output);
}

}  // namespace

void report_verified(const std::string& what, const Verified& verified, Output& output) {
  output.clear_progress();
  if (output.json()) {
    output.object("verified", json_of(what, verified));
  } else {
    report(verified, output);
  }
}

Error damaged_error(const Verified& verified) {
  const std::string archive = printable(verified.archive.string());
  const std::string problems = counted(verified.problem_count, "problem");
  // A drill begins only with what is intact.
  if (verified.drill) {
    return {ErrorKind::verification,
            fmt::format("{} is intact, but what was restored from it does not run: {}", archive, problems),
            "the site may have been broken when it was backed up; an older backup may be fine"};
  }
  if (!verified.indexed && verified.members == 0 && verified.level == VerifyLevel::quick) {
    return {ErrorKind::verification, fmt::format("{} is damaged, or no archive: its index cannot be read", archive),
            "`verify --level data` tells what can be saved of it"};
  }
  if (!verified.indexed && verified.members == 0) {
    return {ErrorKind::verification, fmt::format("{}: nothing of it can be read as an archive", archive),
            "it is no archive of a site, or it was cut off or overwritten"};
  }
  // Damage has another sum, too, but is a problem of its own.
  if (verified.sum_compared && verified.problem_count == 1) {
    return {ErrorKind::verification, fmt::format("{} is whole, but not the file that was made here", archive),
            "somebody exchanged or changed it; look into it with `restore --target`"};
  }
  return {ErrorKind::verification, fmt::format("{} is damaged: {}", archive, problems),
          "`restore --salvage` brings back what is intact; an older backup may have the rest"};
}

Error untried_error(const Verified& verified) {
  return {ErrorKind::failed,
          fmt::format("{} is intact, but not proven: a part of it could not be tried here",
                      printable(verified.archive.string())),
          "the warnings say what is missing"};
}

namespace {

std::vector<std::string> targets_of(const VerifyArguments& arguments, const Service& service) {
  if (!arguments.all) {
    if (arguments.what.empty()) {
      throw Error(ErrorKind::usage, "no backup was named",
                  "name one: SITE, SITE/NAME, an archive's path, or --all for the latest of every site");
    }
    return arguments.what;
  }
  if (!arguments.what.empty()) throw Error(ErrorKind::usage, "--all takes no names");
  std::vector<std::string> names;
  if (!arguments.from.empty()) {
    // All that are in the store, also those that are gone from here.
    names = service.sites_in(store_argument(arguments.from));
    if (names.empty()) throw Error(ErrorKind::not_found, fmt::format("{} has no backups", printable(arguments.from)));
    return names;
  }
  for (const Site& site : service.sites()) {
    if (site.has_content()) names.push_back(site.name);
  }
  return names;
}

// What is damaged weighs more than what could not be looked at.
int worse(int a, int b) {
  const auto rank = [](int code) { return code == 130 ? 3 : code == 21 ? 2 : code == 0 ? 0 : 1; };
  return rank(b) > rank(a) ? b : a;
}

}  // namespace

int verify_command(const VerifyArguments& arguments, Service& service, Output& output) {
  const VerifyOptions options = options_of(arguments, output);
  const std::vector<std::string> targets = targets_of(arguments, service);
  std::size_t fine = 0;
  int exit = 0;
  for (const std::string& what : targets) {
    if (exit == exit_code(ErrorKind::interrupted)) break;
    try {
      const std::filesystem::path archive = find_backup_to_read(what, arguments.path, arguments.from, service, output);
      const Verified verified = service.verify(archive, options);
      report_verified(what, verified, output);
      if (!verified.ok) throw damaged_error(verified);
      if (verified.drill && !verified.drill->complete) throw untried_error(verified);
      ++fine;
    } catch (const Error& error) {
      output.clear_progress();
      output.error(error, what);
      exit = worse(exit, exit_code(error.kind()));
    }
  }
  if (output.json()) {
    output.object("summary", {{"archives_total", targets.size()}, {"archives_ok", fine}, {"exit_code", exit}});
  } else if (targets.size() != 1) {
    output.line(fmt::format("{} of {} verified", fine, targets.size()));
  }
  return exit;
}

}  // namespace wobackup::cli
