#include "autoupdate/visual_check.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/subprocess.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/watched_run.h"
#include "in_place/remove_tree.h"

namespace wobackup {
namespace {

constexpr const char* kFile = "conf/autoupdate-visual-cmd";
constexpr std::size_t kLongestText = std::size_t{64} << 10U;
constexpr std::uint64_t kMostProcesses = 4096;  // a browser has many threads
constexpr std::size_t kQuotedBytes = 500;
constexpr std::string_view kRandomPart = "XXXXXX";

// As an editor on Windows leaves it.
std::string with_unix_lines(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 >= text.size() || text[i + 1] != '\n') result += text[i];
  }
  return result;
}

// What it printed last, on stderr or else on stdout.
std::string last_line(const Watched& run) {
  const std::string_view text = trim(trim(run.err).empty() ? run.out : run.err);
  const std::string_view line = text.substr(text.rfind('\n') + 1);
  return printable(line.substr(0, kQuotedBytes));
}

std::string work_prefix(const std::string& site) { return "wobackup-visual-" + site + "-"; }

// What an earlier check that failed has left for its admin to look at.
void remove_older(const std::filesystem::path& scratch_dir, const std::string& site) {
  const std::string prefix = work_prefix(site);
  const UniqueFd parent = open_trusted_directory(scratch_dir, false);
  std::error_code none;
  for (const auto& item : std::filesystem::directory_iterator(scratch_dir, none)) {
    const std::string name = item.path().filename().string();
    // No other site's: names of sites may begin with this one's.
    if (!name.starts_with(prefix) || name.size() != prefix.size() + kRandomPart.size()) continue;
    remove_tree(parent.get(), name);
  }
}

}  // namespace

std::optional<VisualCheck> VisualCheck::find(const Site& site, const Config& config, const Cancellation& cancellation) {
  UniqueFd folder(::open(site.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw system_error(fmt::format("cannot open {}", site.path.string()), errno);
  const std::string path = (site.path / kFile).string();
  const UniqueFd file = open_beneath(folder.get(), kFile, O_RDONLY | O_NONBLOCK);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    throw system_error(fmt::format("cannot read {}", path), errno);
  }
  const UniqueFd htdocs(::openat(folder.get(), "htdocs", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!htdocs) throw system_error(fmt::format("cannot open {}", htdocs_of(site).string()), errno);
  const SiteUser user = site_user(htdocs.get(), folder.get(), site.name);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw system_error(fmt::format("cannot read {}", path), errno);
  if ((status.st_uid != 0 && status.st_uid != user.uid && status.st_uid != ::geteuid()) ||
      (status.st_mode & S_IWOTH) != 0) {
    throw Error(ErrorKind::failed, fmt::format("{} can be changed by other users: it is not run", path),
                fmt::format("chown root {0} && chmod go-w {0}; or leave it out with --no-visual", path));
  }
  std::string text = with_unix_lines(read_small_file(file.get(), kLongestText, path));
  if (trim(text).empty()) return std::nullopt;
  return VisualCheck(site, config, std::move(text), user, std::move(folder), cancellation);
}

VisualCheck::VisualCheck(const Site& site, const Config& config, std::string text, SiteUser user, UniqueFd folder,
                         const Cancellation& cancellation)
    : site_(site),
      timeout_(config.autoupdate.visual_timeout),
      scratch_dir_(config.scratch_dir),
      text_(std::move(text)),
      user_(user),
      folder_(std::move(folder)),
      cancellation_(&cancellation) {}

VisualCheck::~VisualCheck() {
  if (work_.empty() || failed_) return;
  try {
    const UniqueFd parent = open_trusted_directory(scratch_dir_, false);
    remove_tree(parent.get(), work_.filename().string());
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the next check of the site removes it
  }
}

void VisualCheck::before() {
  if (text_.find("WOBACKUP_PHASE") != std::string::npos) run("before");
}

void VisualCheck::after() { run("after"); }

void VisualCheck::run(const char* phase) {
  if (work_.empty()) {
    remove_older(scratch_dir_, site_.name);
    std::string path = (scratch_dir_ / (work_prefix(site_.name) + std::string(kRandomPart))).string();
    if (::mkdtemp(path.data()) == nullptr) throw system_error(fmt::format("cannot make a folder {}", path), errno);
    work_ = path;
    const UniqueFd work(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!work || (::geteuid() == 0 && ::fchown(work.get(), user_.uid, user_.gid) != 0)) {
      throw system_error(fmt::format("cannot hand over {}", path), errno);
    }
  }
  const UniqueFd script = secret_file(text_);
  if (::fchmod(script.get(), 0500) != 0 || (::geteuid() == 0 && ::fchown(script.get(), user_.uid, user_.gid) != 0)) {
    throw system_error("cannot hand over a memory file", errno);
  }
  const std::string file = fmt::format("/dev/fd/{}", script.get());
  Command command;
  command.argv = text_.starts_with("#!") ? std::vector<std::string>{file} : std::vector<std::string>{"/bin/sh", file};
  command.inherit = {script.get()};
  const bool https = site_.record.is_ssl.value_or(false);
  command.environment = {{"HOME", work_.string()},
                         {"TMPDIR", work_.string()},
                         {"WOBACKUP_PHASE", phase},
                         {"WOBACKUP_SITE", site_.name},
                         {"WOBACKUP_SITE_PATH", site_.path.string()},
                         {"WOBACKUP_URL", fmt::format("{}://{}/", https ? "https" : "http", site_.name)},
                         {"WOBACKUP_WORK_DIR", work_.string()},
                         {"WO_SITE", site_.name},
                         {"WO_WEBROOT", site_.path.string()}};
  if (::geteuid() == 0) command.run_as = {user_.uid, user_.gid};
  command.confinement = Confinement{.own_network = false,
                                    .nice = 5,
                                    .umask = 077,
                                    .working_folder = folder_.get(),
                                    .limits = {{RLIMIT_CORE, 0}, {RLIMIT_NPROC, kMostProcesses}}};
  WatchLimits limits;
  limits.timeout = timeout_;
  limits.cancellation = cancellation_;
  const Watched watched = run_watched(command, limits);
  if (watched.end == WatchEnd::by_itself && watched.status.success()) return;
  failed_ = true;
  const std::string line = last_line(watched);
  throw Error(ErrorKind::failed,
              fmt::format("the visual check ({}, {} the update) failed: {}{}; what it made is in {}", kFile, phase,
                          watched.end == WatchEnd::out_of_time
                              ? fmt::format("it did not end within {} seconds", timeout_.count())
                              : watched.status.text(),
                          line.empty() ? "" : ": " + line, work_.string()),
              "look at what it made; --no-visual updates without it");
}

}  // namespace wobackup
