// Fatal errors that come into a site's PHP error logs.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "base/bytes.h"
#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "guard/check.h"
#include "site/site_config.h"

namespace wobackup {
namespace {

constexpr std::uint64_t kMostRead = std::uint64_t{8} << 20U;     // of what has come since: its end
constexpr std::uint64_t kKnownFrom = std::uint64_t{512} << 10U;  // before that, for what happens all the time
constexpr std::size_t kMostKnown = 200;
constexpr std::uint64_t kEndBytes = 512;  // by which a copy is known again: times stand in it
constexpr std::size_t kLongestMessage = 400;
constexpr std::array<std::string_view, 2> kMarks{"PHP Fatal error:", "PHP Parse error:"};

struct OpenLog {
  UniqueFd fd;  // empty: there is no such file yet
  std::uint64_t device = 0, inode = 0, size = 0;
};

// The folder's path is followed as far as nobody else could have planted a link; the file is none.
OpenLog open_log(const std::filesystem::path& path) {
  const UniqueFd folder = open_trusted_directory(path.parent_path(), false);
  OpenLog log;
  log.fd.reset(
      ::openat(folder.get(), path.filename().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!log.fd && errno == ENOENT) return log;
  struct stat status {};
  if (!log.fd || ::fstat(log.fd.get(), &status) != 0) {
    throw system_error(fmt::format("cannot read {}", printable(path.string())), errno);
  }
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::failed, fmt::format("{} is not a file", printable(path.string())));
  log.device = status.st_dev;
  log.inode = status.st_ino;
  log.size = static_cast<std::uint64_t>(status.st_size);
  return log;
}

std::string read_part(const OpenLog& log, std::uint64_t from, std::uint64_t to, const std::string& name) {
  std::string text(static_cast<std::size_t>(to - from), '\0');
  text.resize(pread_up_to(log.fd.get(), std::as_writable_bytes(std::span(text)), from, name));
  return text;
}

// What PHP says behind its mark, to the end of the line, or to what nginx adds.
std::vector<std::string> fatal_errors(std::string_view text) {
  std::vector<std::string> found;
  for (const std::string_view line : split(text, '\n')) {
    for (const std::string_view mark : kMarks) {
      const std::size_t at = line.find(mark);
      if (at == std::string_view::npos) continue;
      std::string_view message = line.substr(at + std::string_view("PHP ").size());
      message = message.substr(0, std::min(message.find("\" while reading"), kLongestMessage));
      found.push_back(printable(trim(message)));
      break;
    }
  }
  return found;
}

// Sizes, lines and times differ each time.
std::string key_of(std::string message) {
  std::erase_if(message, [](char c) { return c >= '0' && c <= '9'; });
  return message;
}

std::vector<std::filesystem::path> usual_logs(const CheckContext& context) {
  const Site& site = context.site;
  std::vector<std::filesystem::path> logs;
  logs.push_back(context.environment.config.server.web_logs / (site.name + ".error.log"));
  const std::filesystem::path content = htdocs_of(site) / "wp-content";
  try {
    const SiteFolder folder(site.path);
    for (const SiteConfig& config : find_site_configs(folder, folder.config_files())) {
      const PhpValue* named = config.find("WP_DEBUG_LOG");
      if (named != nullptr && named->text && named->text->starts_with('/')) logs.emplace_back(*named->text);
      break;  // the one that WordPress loads
    }
  } catch (const Error&) {  // the other logs are as good
  }
  logs.push_back(content / "debug.log");
  return logs;
}

struct SeenLogs {
  Json files = Json::array();
  std::vector<std::string> problems;
};

SeenLogs look_at_logs(const PhpLogCheck& check, const CheckContext& context) {
  SeenLogs seen;
  const std::vector<std::filesystem::path> paths =
      check.file ? std::vector<std::filesystem::path>{*check.file} : usual_logs(context);
  for (const std::filesystem::path& path : paths) {
    try {
      const OpenLog log = open_log(path);
      Json known = Json::array();
      std::set<std::string> keys;
      std::string end;
      if (log.fd) {
        const std::string text = read_part(log, log.size - std::min(log.size, kKnownFrom), log.size, path.string());
        for (const std::string& message : fatal_errors(text)) {
          if (keys.size() < kMostKnown) keys.insert(key_of(message));
        }
        end = text.substr(text.size() - std::min<std::size_t>(text.size(), kEndBytes));
      }
      for (const std::string& key : keys) known.push_back(key);
      seen.files.push_back({{"path_b64", base64(bytes_of(path.string()))},
                            {"device", log.device},
                            {"inode", log.inode},
                            {"size", log.size},
                            {"end_b64", base64(bytes_of(end))},
                            {"known", known}});
    } catch (const Error& error) {
      seen.problems.push_back(error.message());
    }
  }
  return seen;
}

// Whether it is still the log that was seen. A roll-back, or a change that makes the site's folder anew, copies it.
bool is_continued(const OpenLog& log, const Json& file, const std::string& path) {
  const auto size = file.at("size").get<std::uint64_t>();
  if (log.size < size) return false;
  if (log.device == file.at("device").get<std::uint64_t>() && log.inode == file.at("inode").get<std::uint64_t>())
    return true;
  const std::string end = from_base64(file.value("end_b64", "")).value_or("");
  return !end.empty() && end.size() <= size && read_part(log, size - end.size(), size, path) == end;
}

// The errors in what has come to one log.
std::vector<std::string> new_errors(const Json& file, std::string& cannot) {
  const std::optional<std::string> path = from_base64(file.at("path_b64").get<std::string>());
  std::vector<std::string> found;
  try {
    const OpenLog log = open_log(path.value_or(""));
    if (!log.fd) return found;
    // One that was rotated begins anew.
    std::uint64_t from = is_continued(log, file, *path) ? file.at("size").get<std::uint64_t>() : 0;
    if (log.size - from > kMostRead) from = log.size - kMostRead;
    const std::vector<std::string> known = file.at("known").get<std::vector<std::string>>();
    for (std::string& message : fatal_errors(read_part(log, from, log.size, *path))) {
      if (std::find(known.begin(), known.end(), key_of(message)) == known.end()) found.push_back(std::move(message));
    }
  } catch (const Error& error) {
    cannot = error.message();
  }
  return found;
}

}  // namespace

CheckLook look(const PhpLogCheck& check, const CheckContext& context) {
  CheckLook result;
  SeenLogs seen = look_at_logs(check, context);
  if (seen.files.empty()) {
    result.not_asked = seen.problems.empty() ? "there is no log" : seen.problems.front();
    return result;
  }
  result.facts["files"] = std::move(seen.files);
  return result;
}

CheckLook look_since(const PhpLogCheck&, const Json& before, const CheckContext&) {
  CheckLook result;
  std::string cannot;
  for (const Json& file : before.at("files")) {
    const std::vector<std::string> errors = new_errors(file, cannot);
    if (errors.empty()) continue;
    result.problem =
        errors.size() == 1 ? errors.front() : fmt::format("{} (and {} more)", errors.front(), errors.size() - 1);
    return result;
  }
  if (!cannot.empty()) result.not_asked = cannot;
  return result;
}

}  // namespace wobackup
