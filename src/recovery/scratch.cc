#include "recovery/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/cancellation.h"
#include "base/file_io.h"
#include "base/safe_path.h"
#include "base/system_error.h"
#include "base/text.h"
#include "database/connection.h"
#include "database/site_login.h"
#include "in_place/remove_tree.h"
#include "target/database/shadow_database.h"
#include "target/files/target_folder.h"
#include "wobackup/error.h"
#include "wobackup/json.h"

namespace wobackup {
namespace {

constexpr const char* kPrefix = "wobackup-drill-";
constexpr std::size_t kLargestEntry = std::size_t{1} << 16U;

std::filesystem::path entries_in(const Config& config) { return config.state_dir / "drills"; }

// What an entry tells of the database.
struct ScratchDatabase {
  std::string name;
  ServerLogin maker;
};

// The admin's login is read again; a site's own one is written down, in a folder that only root reads.
std::optional<ScratchDatabase> database_in(const Json& json, const Config& config) {
  const std::string name = json.value("database", std::string());
  if (name.empty()) return std::nullopt;
  if (json.at("by_admin").get<bool>()) {
    const std::optional<ServerLogin> admin = admin_login(config.database.defaults_file);
    if (!admin) throw Error(ErrorKind::failed, "the admin's login to the database server is gone");
    return ScratchDatabase{name, *admin};
  }
  const auto host = database_host_from(json.at("host").get<std::string>());
  const auto user = from_base64(json.at("user_b64").get<std::string>());
  const auto password = from_base64(json.at("password_b64").get<std::string>());
  if (!host || !user || !password) throw Error(ErrorKind::failed, "the entry names no login");
  return ScratchDatabase{name, own_login({name, *user, *password, *host})};
}

void drop(const ScratchDatabase& database) {
  const Cancellation never;
  DatabaseConnection connection(database.maker, "", never);
  drop_shadow(connection, database.name);
}

void remove_folder(const std::filesystem::path& path) {
  // Whatever the entry says: nothing but a folder of this kind.
  if (!path.filename().string().starts_with(kPrefix)) throw Error(ErrorKind::failed, "the entry names no such folder");
  const UniqueFd parent = open_trusted_directory(path.parent_path(), false);
  remove_tree(parent.get(), path.filename().string());
}

// Nothing if another run holds it.
UniqueFd locked(const std::filesystem::path& entry) {
  UniqueFd fd(::open(entry.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.reset();
  return fd;
}

void sweep(const std::filesystem::path& entry, const Config& config, const LogSink& log) {
  const UniqueFd lock = locked(entry);
  if (!lock) return;
  const std::string text = read_small_file(entry, kLargestEntry);
  // Killed before anything was written: then nothing was made either.
  if (!text.empty()) {
    const Json json = Json::parse(text);
    const auto path = from_base64(json.at("folder_b64").get<std::string>());
    if (path) remove_folder(*path);
    if (const auto database = database_in(json, config)) drop(*database);
  }
  if (::unlink(entry.c_str()) != 0 && errno != ENOENT) throw system_error("cannot remove " + entry.string(), errno);
  if (log) log(LogLevel::info, "removed what a killed drill had left");
}

}  // namespace

Scratch::Scratch(const Config& config) : config_(config) {
  const std::filesystem::path folder = entries_in(config);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    throw system_error("cannot make " + folder.string(), errno);
  }
  const std::string id = temporary_name().substr(std::string_view(".wobackup-").size());
  entry_ = folder / (id + ".json");
  path_ = config.scratch_dir / (kPrefix + id);
  lock_.reset(::open(entry_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock_ || ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    throw system_error("cannot make " + entry_.string(), errno);
  save();
  parent_ = open_trusted_directory(config.scratch_dir, false);
  const std::string name = path_.filename().string();
  if (::mkdirat(parent_.get(), name.c_str(), 0700) != 0) throw system_error("cannot make " + path_.string(), errno);
  folder_.reset(::openat(parent_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!folder_ || ::fstat(folder_.get(), &status) != 0 || status.st_uid != ::geteuid()) {
    throw Error(ErrorKind::failed, "somebody interferes with " + path_.string());
  }
}

Scratch::~Scratch() {
  try {
    remove();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the entry stays, and the next run tries again
  }
}

std::string Scratch::add_database(const ServerLogin& maker, bool by_admin, const std::string& own) {
  database_ = new_shadow_name("drill", own);
  maker_ = maker;
  by_admin_ = by_admin;
  save();
  return database_;
}

void Scratch::forget_database() {
  database_.clear();
  save();
}

// Written in place: the lock is the file's.
void Scratch::save() const {
  Json json{{"folder_b64", base64(bytes_of(path_.string()))}, {"database", database_}, {"by_admin", by_admin_}};
  if (!by_admin_) {
    json["host"] = maker_.host.text();
    json["user_b64"] = base64(bytes_of(maker_.user));
    json["password_b64"] = base64(bytes_of(maker_.password));
  }
  const std::string text = json.dump() + "\n";
  if (::ftruncate(lock_.get(), 0) != 0 || ::lseek(lock_.get(), 0, SEEK_SET) != 0) {
    throw system_error("cannot write " + entry_.string(), errno);
  }
  write_all(lock_.get(), bytes_of(text), entry_.string());
  const UniqueFd folder(::open(entry_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (::fsync(lock_.get()) != 0 || !folder || ::fsync(folder.get()) != 0) {
    throw system_error("cannot sync " + entry_.string(), errno);
  }
}

void Scratch::remove() {
  if (!lock_) return;
  if (!database_.empty()) drop({database_, maker_});
  folder_.reset();
  if (parent_) remove_tree(parent_.get(), path_.filename().string());
  if (::unlink(entry_.c_str()) != 0) throw system_error("cannot remove " + entry_.string(), errno);
  lock_.reset();
}

void sweep_scratch(const Config& config, const LogSink& log) noexcept {
  try {
    std::error_code none;
    std::vector<std::filesystem::path> entries;
    for (const auto& item : std::filesystem::directory_iterator(entries_in(config), none))
      entries.push_back(item.path());
    for (const std::filesystem::path& entry : entries) {
      try {
        sweep(entry, config, log);
      } catch (const std::exception& error) {
        if (log) log(LogLevel::warning, fmt::format("what a killed drill left cannot be removed: {}", error.what()));
      }
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): of no importance beside what is being done
  }
}

}  // namespace wobackup
