// wobackup copy, and the part of create that does the same
#include <fmt/format.h>

#include <algorithm>

#include "base/host_name.h"
#include "base/text.h"
#include "cli/commands.h"

namespace wobackup::cli {

Json json_of(const Stored& stored) {
  Json fields;
  fields["store"] = json_text(stored.store);
  fields["ok"] = !stored.error;
  fields["archive"] = stored.error ? Json(nullptr) : Json(json_text(stored.archive.string()));
  fields["was_there"] = stored.was_there;
  fields["encrypted"] = stored.encrypted;
  fields["size"] = stored.size_bytes == 0 ? Json(nullptr) : Json(stored.size_bytes);
  fields["sha256"] = stored.sha256.empty() ? Json(nullptr) : Json(stored.sha256);
  fields["removed"] = Json::array();
  for (const std::filesystem::path& older : stored.removed) fields["removed"].push_back(json_text(older.string()));
  fields["error_kind"] = stored.error ? Json(name_of(stored.error->kind())) : Json(nullptr);
  fields["error"] = stored.error ? Json(json_text(stored.error->message())) : Json(nullptr);
  const bool has_hint = stored.error && !stored.error->hint().empty();
  fields["hint"] = has_hint ? Json(json_text(stored.error->hint())) : Json(nullptr);
  fields["seconds"] = std::chrono::duration<double>(stored.elapsed).count();
  return fields;
}

void report_stored(const std::string& what, const Stored& stored, Output& output) {
  if (output.json()) {
    Json fields{{"what", json_text(what)}};
    fields.update(json_of(stored));
    output.object("stored", fields);
  }
  if (stored.error) {
    const std::string place = "to " + printable(stored.store);
    if (output.json()) {
      output.error(stored.error->in(place), what.substr(0, what.find('/')));
    } else {
      output.error(*stored.error, printable(what) + ": " + place);
    }
  } else if (!output.json()) {
    output.line(fmt::format(
        "{}: {}, {:.1f} s", printable(what),
        stored.was_there ? printable(stored.archive.string()) + ", there already" : printable(stored.archive.string()),
        std::chrono::duration<double>(stored.elapsed).count()));
    for (const std::filesystem::path& older : stored.removed) {
      output.remark(fmt::format("{}: removed {}, which is no longer kept", printable(what), printable(older.string())));
    }
  }
}

std::string store_argument(const std::string& text) {
  if (text.find('/') == std::string::npos || text.find("://") != std::string::npos) return text;
  return path_argument(text)->string();
}

std::filesystem::path find_backup(const std::string& what, const std::string& path, const std::string& from,
                                  const Service& service) {
  // An address says itself where it is.
  if (from.empty() || what.find("://") != std::string::npos) return service.find(what, path_argument(path));
  if (!path.empty()) throw Error(ErrorKind::usage, "--path and --from exclude each other");
  return service.find_in(store_argument(from), what);
}

std::filesystem::path find_backup_to_read(const std::string& what, const std::string& path, const std::string& from,
                                          const Service& service, Output& output) {
  std::filesystem::path archive = find_backup(what, path, from, service);
  if (const auto site = host_name(archive.parent_path().filename().string())) tell_interrupted(*site, service, output);
  return archive;
}

namespace {

CopyOptions encryption_of(const CopyArguments& arguments) {
  CopyOptions options;
  const bool encrypt = arguments.encrypt || !arguments.encrypt_to.empty();
  if (encrypt && arguments.plain) throw Error(ErrorKind::usage, "a copy is encrypted or plain: name one of the two");
  if (arguments.plain) options.as = CopyAs::plain;
  if (encrypt) options.as = CopyAs::encrypted;
  options.recipients = arguments.encrypt_to;
  for (const std::string& recipient : options.recipients) check_recipient(recipient);
  return options;
}

// Tells what became of each copy, and returns what went wrong.
std::vector<Error> copy_and_report(const std::filesystem::path& archive, const std::string& what,
                                   const CopyArguments& arguments, Service& service, Output& output) {
  CopyOptions options = encryption_of(arguments);
  options.cancelled = output.terminal().interrupted;
  if (output.wants_progress()) options.on_progress = [&output](const Progress& progress) { output.progress(progress); };
  std::vector<std::string> names;
  for (const std::string& store : arguments.to) names.push_back(store_argument(store));
  const std::vector<Stored> results = service.copy(archive, names, options);
  output.clear_progress();
  std::vector<Error> failed;
  for (const Stored& stored : results) {
    report_stored(what, stored, output);
    if (!stored.error) continue;
    if (stored.error->kind() == ErrorKind::interrupted) throw Error(*stored.error);
    failed.push_back(*stored.error);
  }
  return failed;
}

}  // namespace

int copy_command(const CopyArguments& arguments, Service& service, Output& output) {
  if (arguments.what.empty()) {
    throw Error(ErrorKind::usage, "no backup was named",
                "name one: SITE, SITE/latest, SITE/NAME, or an archive's path");
  }
  if (arguments.to.empty()) throw Error(ErrorKind::usage, "copy where to?", "name a store: --to STORE");
  for (const std::string& store : arguments.to) static_cast<void>(service.store_url(store_argument(store)));
  int exit = 0;
  std::size_t copies = 0;
  for (const std::string& what : arguments.what) {
    try {
      const std::vector<Error> failed = copy_and_report(
          find_backup_to_read(what, arguments.path, arguments.from, service, output), what, arguments, service, output);
      copies += arguments.to.size() - failed.size();
      if (failed.size() == arguments.to.size()) {
        exit = std::max(exit, exit_code(failed.front().kind()));
      } else if (!failed.empty()) {
        exit = std::max(exit, exit_code(ErrorKind::partial));
      }
    } catch (const Error& error) {
      output.clear_progress();
      output.error(error, what);
      exit = std::max(exit, exit_code(error.kind()));
      if (error.kind() == ErrorKind::interrupted) break;
    }
  }
  if (output.json()) {
    output.object(
        "summary",
        {{"copies_total", arguments.what.size() * arguments.to.size()}, {"copies_ok", copies}, {"exit_code", exit}});
  }
  return exit;
}

}  // namespace wobackup::cli
