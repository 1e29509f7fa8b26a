// wobackup create
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/option_values.h"
#include "cli/wording.h"
#include "service/wanted_sites.h"

namespace wobackup::cli {
namespace {

constexpr const char* kSeeHelp = "see `wobackup create --help`";
constexpr const char* kNoSite = "no site was named";
constexpr const char* kNameOne = "name one, or use --all; `wobackup sites` lists them";

[[noreturn]] void wrong_usage(std::string message, std::string hint = kSeeHelp) {
  throw Error(ErrorKind::usage, std::move(message), std::move(hint));
}

CreateOptions options_of(const CreateArguments& arguments, Output& output) {
  CreateOptions options;
  options.backup_root = path_argument(arguments.path);
  options.reason = arguments.reason;
  try {
    options.type = type_from(arguments.type, arguments.database_only, arguments.files_only);
    options.metadata_extra = metadata_from(arguments.meta_json, arguments.meta, output);
  } catch (const Error& error) {
    throw error.with_hint(kSeeHelp);
  }
  options.exclude = arguments.exclude;
  for (const std::string& store : arguments.to) options.stores.push_back(store_argument(store));
  options.exclude_caches = arguments.exclude_caches;
  if (!arguments.wait.empty()) options.wait = duration_from("--wait", arguments.wait);
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  options.cancelled = output.terminal().interrupted;
  return options;
}

// Named on the command line, they stand instead of what the config says.
void choose_encryption(const CreateArguments& arguments, const KeyArguments& keys, CreateOptions& options) {
  const bool recipients = !arguments.recipients.empty() || !arguments.recipients_files.empty();
  if ((recipients ? 1 : 0) + (keys.has_passphrase() ? 1 : 0) + (arguments.plain ? 1 : 0) > 1) {
    wrong_usage("recipients, a passphrase and --plain exclude each other",
                "what is encrypted with a passphrase, nothing else may open");
  }
  if (arguments.plain) options.encryption = Encryption::none;
  if (keys.has_passphrase()) options.encryption = Encryption::passphrase;
  if (!recipients) return;
  options.encryption = Encryption::recipients;
  options.recipients = arguments.recipients;
  for (const std::string& recipient : options.recipients) check_recipient(recipient);
  for (const std::string& file : arguments.recipients_files) {
    const std::vector<std::string> more = recipients_in_file(*path_argument(file));
    options.recipients.insert(options.recipients.end(), more.begin(), more.end());
  }
}

void apply(const CreateArguments& arguments, Config& config) {
  if (!arguments.verify.empty()) {
    const std::optional<VerifyLevel> level = verify_level_from(arguments.verify);
    if (!level)
      wrong_usage(fmt::format("--verify {} is not known", printable(arguments.verify)), "quick, data or drill");
  }
  if (arguments.threads) config.threads = *arguments.threads;
  if (arguments.level) config.level = *arguments.level;
  if (arguments.limit_rate.empty()) return;
  const auto rate = size_from(arguments.limit_rate);
  if (!rate)
    wrong_usage(fmt::format("--limit-rate {} is not a size", printable(arguments.limit_rate)),
                "for example --limit-rate 20M");
  config.limit_rate = *rate;
}

// `wo` asks for a site's name when none is given; so does this, if somebody is there to answer.
std::string ask_for_site(const Service& service, Output& output) {
  Terminal& terminal = output.terminal();
  if (!terminal.in_is_terminal || !terminal.err_is_terminal || output.json()) {
    wrong_usage(kNoSite, kNameOne);
  }
  std::string text = "Sites:";
  std::size_t column = text.size();
  for (const Site& site : service.sites()) {
    if (!site.has_content()) continue;
    const bool fits = column + 1 + site.name.size() <= terminal.width;
    text += fits ? " " : "\n  ";
    column = (fits ? column + 1 : 2) + site.name.size();
    text += site.name;
  }
  terminal.err << text << "\nWhich site? " << std::flush;
  std::string answer;
  if (!std::getline(terminal.in, answer)) terminal.err << '\n';  // nobody ended the line
  std::string name(trim(answer));
  if (name.empty()) wrong_usage(kNoSite, kNameOne);
  return name;
}

std::vector<WantedSite> wanted_sites(const CreateArguments& arguments, const Service& service, Output& output) {
  if (!arguments.site_json.empty()) {
    if (arguments.all || !arguments.sites.empty()) wrong_usage("--site-json describes the only site: name no other");
    if (arguments.site_json == "-" && arguments.meta_json == "-") {
      wrong_usage("--site-json and --meta-json cannot both read standard input");
    }
    Site site = site_from_file(arguments.site_json, service, output);
    return {{site.name, site, std::nullopt}};
  }
  if (arguments.all) {
    if (!arguments.sites.empty()) wrong_usage("--all takes no site names");
    std::vector<WantedSite> wanted = all_sites(service);
    if (wanted.empty()) output.warning("there are no sites");
    return wanted;
  }
  std::vector<std::string> names = arguments.sites;
  if (names.empty()) names.push_back(ask_for_site(service, output));
  return named_sites(service, names);
}

// A restore of one of them would turn back the others' content, too: better known early.
void warn_of_shared(const std::vector<WantedSite>& wanted, const Service& service, Output& output) {
  for (const SharedDatabase& shared : service.shared_databases()) {
    const auto concerned = [&](const WantedSite& each) {
      return each.site && std::find(shared.sites.begin(), shared.sites.end(), each.site->name) != shared.sites.end();
    };
    if (std::any_of(wanted.begin(), wanted.end(), concerned)) output.warning(text_of(shared));
  }
}

void report_notes(const Created& created, Output& output) {
  constexpr const char* kMore = "`wobackup info` shows them";
  show_notes(created.unreadable, created.unreadable_count, "not in the backup: ", kMore, output);
  show_notes(created.notes, created.notes_count, "", kMore, output);
}

void report(const Site& site, const Created& created, Output& output) {
  output.clear_progress();
  if (output.json()) {
    Json fields;
    fields["site"] = site.name;
    fields["archive"] = json_text(created.archive.string());
    if (!is_utf8(created.archive.string())) fields["path_b64"] = base64(bytes_of(created.archive.string()));
    fields["size"] = created.size_bytes;
    fields["sha256"] = created.sha256;
    fields["complete"] = created.complete;
    fields["encrypted"] = created.encrypted;
    fields["backup_scope"] = {{"files", created.has_files}, {"database", created.has_database}};
    fields["files"] = created.files;
    fields["entries"] = created.entries;
    fields["plaintext_bytes"] = created.plaintext_bytes;
    fields["tables"] = created.tables;
    fields["rows"] = created.rows;
    fields["seconds"] = static_cast<double>(created.elapsed.count()) / 1000;
    fields["unreadable_count"] = created.unreadable_count;
    fields["unreadable"] = notes_json(created.unreadable);
    fields["notes_count"] = created.notes_count;
    fields["notes"] = notes_json(created.notes);
    output.object("created", fields);
    return;
  }
  report_notes(created, output);
  std::string text =
      fmt::format("{}: {}{}, {}", site.name, printable(created.archive.string()),
                  created.complete ? "" : " " + output.red("INCOMPLETE"), human_size(created.size_bytes));
  if (created.has_files) text += ", " + counted(created.files, "file");
  if (created.has_database) text += ", " + counted(created.tables, "table");
  if (created.encrypted) text += ", encrypted";
  text += fmt::format(", {:.1f} s", std::chrono::duration<double>(created.elapsed).count());
  output.line(text);
}

// The worst of several outcomes decides the exit code: an interruption, then what left no backup, then one that some
// stores do not have, then an incomplete one.
int severity(int code) { return code == 130 ? 3 : code == 3 || code == 4 ? 1 : code == 0 ? 0 : 2; }

// A site without content of its own, unless it was asked for by name: then it is an error.
bool is_skipped(const WantedSite& wanted, const CreateArguments& arguments) {
  return arguments.all && wanted.site && !wanted.site->has_content();
}

struct Tally {
  std::size_t total = 0, fine = 0, partly = 0, skipped = 0;
  int exit_code = 0;
  Json archives = Json::array();

  void add(int code) {
    if (severity(code) > severity(exit_code) || (severity(code) == severity(exit_code) && code > exit_code))
      exit_code = code;
  }
};

// Said with -q, too: an incomplete backup must not pass for a good one.
Error incomplete_error(const Created& created) {
  return {ErrorKind::incomplete,
          counted(created.unreadable_count, "path") + " could not be read: the backup is incomplete",
          "it is kept, but does not count as a good backup; mend what is in the way and try again"};
}

// What was just written, read back from where it is.
void verify_archive(const std::filesystem::path& archive, const CreateArguments& arguments, Service& service,
                    Output& output) {
  VerifyOptions options;
  options.level = *verify_level_from(arguments.verify);
  options.cancelled = output.terminal().interrupted;
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  const Verified verified = service.verify(archive, options);
  report_verified(archive.string(), verified, output);
  if (!verified.ok) throw damaged_error(verified);
  if (verified.drill && !verified.drill->complete) throw untried_error(verified);
}

void verify_created(const Created& created, const CreateArguments& arguments, Service& service, Output& output) {
  if (arguments.verify.empty()) return;
  if (created.stores.empty()) return verify_archive(created.archive, arguments, service, output);
  for (const Stored& stored : created.stores) {
    if (!stored.error) verify_archive(stored.archive, arguments, service, output);
  }
}

// How many do not have it.
std::size_t report_stores(const std::string& site, const Created& created, Output& output, Tally& tally) {
  std::size_t failed = 0;
  for (const Stored& stored : created.stores) {
    // Of the nearest one, everything has been said.
    const bool is_told = !stored.error && stored.removed.empty() && stored.archive == created.archive;
    if (output.json() || !is_told) report_stored(site, stored, output);
    if (!stored.error) continue;
    ++failed;
    const bool interrupted = stored.error->kind() == ErrorKind::interrupted;
    tally.add(exit_code(interrupted ? ErrorKind::interrupted : ErrorKind::partial));
  }
  return failed;
}

void back_up(const WantedSite& wanted, const CreateArguments& arguments, const CreateOptions& options, Service& service,
             Output& output, Tally& tally) {
  if (is_skipped(wanted, arguments)) {
    if (output.json()) {
      output.object("skipped", {{"site", wanted.name}, {"reason", fmt::format("type {}", name_of(wanted.site->type))}});
    } else {
      output.remark(fmt::format("{}: skipped: a site of type {} has no content of its own", wanted.name,
                                name_of(wanted.site->type)));
    }
    return;
  }
  std::vector<std::string> told;  // why a store does not have it
  try {
    if (wanted.error) throw Error(*wanted.error);
    tell_pending(wanted.name, service, output);
    CreateOptions with_results = options;
    with_results.on_stored = [&](const Stored& stored) {
      report_stored(wanted.name, stored, output);
      if (stored.error) told.push_back(stored.error->message());
    };
    const Created created = service.create(*wanted.site, with_results);
    report(*wanted.site, created, output);
    tally.archives.push_back(json_text(created.archive.string()));
    const std::size_t failed = report_stores(wanted.name, created, output, tally);
    verify_created(created, arguments, service, output);
    if (created.complete) ++(failed == 0 ? tally.fine : tally.partly);
    if (!created.complete) {
      const Error incomplete = incomplete_error(created);
      output.error(incomplete, wanted.name);
      tally.add(exit_code(incomplete.kind()));
    }
  } catch (const Error& error) {
    output.clear_progress();
    const bool is_told = std::find(told.begin(), told.end(), error.message()) != told.end();
    if (output.json() || !is_told) output.error(error, wanted.name);
    tally.add(exit_code(error.kind()));
  }
}

}  // namespace

int create_command(const CreateArguments& arguments, const KeyArguments& keys, Config config, Output& output) {
  CreateOptions options = options_of(arguments, output);
  choose_encryption(arguments, keys, options);
  apply(arguments, config);
  Service service = make_service(std::move(config), output);
  for (const std::string& store : options.stores) {
    if (store != kOwnFolderStore) static_cast<void>(service.store_url(store));
  }
  const std::vector<WantedSite> wanted = wanted_sites(arguments, service, output);
  if (options.type != BackupType::files && arguments.site_json.empty()) warn_of_shared(wanted, service, output);
  Tally tally;
  for (const WantedSite& each : wanted) ++(is_skipped(each, arguments) ? tally.skipped : tally.total);
  for (const WantedSite& each : wanted) {
    if (tally.exit_code == exit_code(ErrorKind::interrupted)) break;
    back_up(each, arguments, options, service, output, tally);
  }
  if (output.json()) {
    Json fields;
    fields["sites_total"] = tally.total;
    fields["sites_ok"] = tally.fine;
    fields["sites_partly_stored"] = tally.partly;
    fields["sites_skipped"] = tally.skipped;
    fields["archives"] = tally.archives;
    fields["exit_code"] = tally.exit_code;
    output.object("summary", fields);
  } else if (arguments.all || wanted.size() > 1) {
    output.line(fmt::format("{} of {} sites backed up{}{}", tally.fine, tally.total,
                            tally.partly > 0 ? fmt::format(", {} more to some of the stores", tally.partly) : "",
                            tally.skipped > 0 ? fmt::format(", {} skipped", tally.skipped) : ""));
  }
  return tally.exit_code;
}

}  // namespace wobackup::cli
