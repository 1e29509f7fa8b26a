#include "service/examine_store.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "backend/ordered_reading.h"
#include "backend/s3/s3_client.h"
#include "backend/s3/s3_unfinished.h"
#include "backend/s3/s3_versions.h"
#include "base/file_lock.h"
#include "base/safe_path.h"
#include "base/text.h"
#include "crypto/sha256.h"
#include "service/folder_store.h"
#include "service/installation.h"
#include "service/leftovers.h"
#include "snapshot/state_folder.h"

namespace wobackup {

namespace {

constexpr unsigned kAttempts = 3;  // somebody waits
constexpr std::chrono::seconds kLockWait{60};
constexpr std::size_t kMostCanaryBytes = 4096;
constexpr std::size_t kMostOwn = 100;
constexpr std::uint64_t kLittleSpace = std::uint64_t{1} << 30U;
constexpr std::chrono::hours kOldUpload{7 * 24};
constexpr std::chrono::seconds kClockTolerance{60};
constexpr std::chrono::seconds kClockLimit{600};  // S3 servers refuse at 15 minutes

// The server has understood, and does not want to. (It has not if it does not know who asks.)
bool is_refusal(const Error& error) {
  const std::string& text = error.message();
  for (const char* unknown : {"SignatureDoesNotMatch", "InvalidAccessKeyId", "InvalidToken", "RequestTimeTooSkewed"}) {
    if (text.find(unknown) != std::string::npos) return false;
  }
  return text.find("AccessDenied") != std::string::npos || text.find("status 403") != std::string::npos ||
         text.find("ermission denied") != std::string::npos || text.find("not permitted") != std::string::npos ||
         text.find("Read-only") != std::string::npos;
}

class StoreExamination {
 public:
  StoreExamination(const StoreSettings& settings, const StoreEnvironment& environment,
                   const std::function<bool()>& cancelled)
      : settings_(settings),
        environment_{environment.config, environment.clock, environment.log, kAttempts},
        store_(settings, environment_, cancelled),
        own_("wobackup-doctor-" + installation_id(environment.config)),
        key_(own_) {
    if (std::optional<S3Settings> s3 = s3_settings_of(settings)) s3_.emplace(*std::move(s3), environment_.clock);
    examined_.url = settings.url;
  }

  Examined run() {
    if (!reach()) return std::move(examined_);
    remove_own();
    if (write()) {
      read();
      show_in_list();
      overwrite();
      remove();
    }
    tell_list_refusal();
    destruction();
    unfinished();
    clocks();
    space();
    return std::move(examined_);
  }

 private:
  [[nodiscard]] Backend& backend() { return store_.backend(); }
  [[nodiscard]] bool is_folder() const { return settings_.url.starts_with('/'); }

  void add(Health health, std::string what, const std::string& finding, std::string hint = {}) {
    examined_.checks.push_back({health, std::move(what), printable(finding), std::move(hint)});
  }
  void failed(std::string what, const Error& error) {
    add(Health::bad, std::move(what), error.message(), error.hint());
  }

  // Calls it; what it throws, but for interruption, is returned.
  template <class Action>
  std::optional<Error> tried(const Action& action) {
    try {
      store_.cancellation().check();
      action();
      return std::nullopt;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      return error;
    }
  }

  bool reach() {
    const std::optional<Error> error = tried([&] {
      backend().list(own_, "", [&](const ObjectInfo& info) {
        leftovers_.push_back(info.key);
        return leftovers_.size() < kMostOwn;
      });
    });
    if (error && is_refusal(*error)) {
      list_refusal_ = error;
      add(Health::good, "reach", "the server answers");
      return true;
    }
    if (error && error->kind() == ErrorKind::not_found && !s3_ && !is_folder()) {
      add(Health::warning, "reach", "the folder is not there yet", "it is made now, as the first copy would");
      return true;
    }
    if (error) {
      failed("reach", *error);
      return false;
    }
    add(Health::good, "reach", is_folder() ? "the folder is there" : "the server knows these credentials");
    return true;
  }

  // Of earlier runs that were killed, or could not.
  void remove_own() {
    remove_leftovers(store_, {});
    if (std::find(leftovers_.begin(), leftovers_.end(), own_) == leftovers_.end()) leftovers_.push_back(own_);
    std::erase_if(leftovers_, [&](const std::string& key) {
      bool there = false;
      const std::optional<Error> error = tried([&] {
        there = backend().stat(key).has_value();
        if (there) backend().remove(key);
      });
      return !error || !there;
    });
  }

  [[nodiscard]] std::string now_text() const {
    return fmt::format("{}-{}", environment_.clock.now().time_since_epoch().count(), ::getpid());
  }

  bool put(const std::string& text, bool replace) {
    const auto upload = backend().put(key_, {.size_hint_bytes = text.size(), .replace = replace});
    upload->write(bytes_of(text));
    return upload->commit();
  }

  [[nodiscard]] std::string content() {
    const ByteVector bytes = read_object(backend(), key_, kMostCanaryBytes);
    return std::string(text_of(bytes));
  }

  bool write() {
    text_ = "wobackup doctor, " + now_text() + "\n";
    written_at_ = std::chrono::floor<std::chrono::seconds>(environment_.clock.now());
    bool published = false;
    std::optional<Error> error;
    const bool stuck = std::find(leftovers_.begin(), leftovers_.end(), own_) != leftovers_.end();
    if (stuck) {
      // Better the same object again than one more that cannot be removed.
      const std::optional<Error> refused = tried([&] { published = put(text_, true); });
      if (refused || !published) key_ = own_ + "-" + hex(sha256(bytes_of(now_text()))).substr(0, 8);
    }
    if (!published) error = tried([&] { published = put(text_, false); });
    if (error) {
      failed("write", *error);
      return false;
    }
    if (!published) {
      add(Health::bad, "write", fmt::format("{} is there already, and was not made by this run", key_), "try again");
      return false;
    }
    add(Health::good, "write", "a new object was written");
    return true;
  }

  void read() {
    std::string there;
    const std::optional<Error> error = tried([&] { there = content(); });
    if (error && is_refusal(*error)) {
      return add(Health::warning, "read", "these credentials cannot read: a thief cannot either",
                 "`restore` and `verify` need other credentials; keep them elsewhere");
    }
    if (error) return failed("read", *error);
    static_cast<void>(tried([&] {
      if (const auto info = backend().stat(key_)) store_clock_ = info->modified - written_at_;
    }));
    can_read_ = there == text_;
    if (can_read_) return add(Health::good, "read", "it comes back as it was written");
    add(Health::bad, "read", "other bytes come back than were written", "nothing can be trusted that lies there");
  }

  void show_in_list() {
    if (list_refusal_) return;
    bool seen = false;
    const std::optional<Error> error = tried([&] {
      backend().list(key_, "", [&](const ObjectInfo& info) {
        seen = info.key == key_;
        return !seen;
      });
    });
    if (error) return failed("list", *error);
    if (seen) return add(Health::good, "list", "it is listed");
    add(Health::warning, "list", "it is not listed yet", "`latest` may be late for a while");
  }

  void tell_list_refusal() {
    if (!list_refusal_) return;
    add(Health::warning, "list", "these credentials cannot list: a thief does not see what there is",
        "`list --from`, `find --from` and `latest` need that right; archives can be named by their whole URL");
  }

  void overwrite() {
    const std::string other = "wobackup doctor, second\n";
    bool published = false;
    const std::optional<Error> error = tried([&] { published = put(other, true); });
    std::string there = text_;
    if (can_read_) static_cast<void>(tried([&] { there = content(); }));
    can_replace_ = can_read_ ? there != text_ : !error && published;
    if (can_replace_) return add(Health::note, "overwrite", "these credentials can replace an object");
    add(Health::good, "overwrite", "these credentials cannot replace an object");
  }

  void remove() {
    const std::optional<Error> error = tried([&] { backend().remove(key_); });
    bool gone = !error;
    if (!error) static_cast<void>(tried([&] { gone = !backend().stat(key_).has_value(); }));
    can_remove_ = gone;
    if (gone) return add(Health::note, "delete", "these credentials can remove an object");
    add(Health::good, "delete", "these credentials cannot remove an object");
    if (std::find(leftovers_.begin(), leftovers_.end(), key_) == leftovers_.end()) leftovers_.push_back(key_);
  }

  void destruction() {
    tell_leftovers();
    if (!wrote()) return;
    if (!can_replace_ && !can_remove_) {
      return add(Health::good, "safety", "whoever breaks in here can neither replace nor remove backups there");
    }
    if (s3_) return bucket_safety();
    if (is_folder()) {
      if (const auto who = others_may_write(open_trusted_directory(settings_.url, false).get())) {
        return add(Health::bad, "safety", *who + " may write to the folder, and could exchange or remove backups there",
                   "give it to root, with mode 0755 or less");
      }
      return add(Health::warning, "safety", "root of this machine can destroy what lies in its folders",
                 "keep another copy on another machine");
    }
    add(Health::warning, "safety", "whoever breaks in here could destroy the backups there",
        "on that server, take snapshots of its file system, or give finished archives and their folders to root "
        "(docs/stores.md)");
  }

  [[nodiscard]] bool wrote() const {
    return std::any_of(examined_.checks.begin(), examined_.checks.end(),
                       [](const HealthCheck& check) { return check.what == "write" && check.health == Health::good; });
  }

  void tell_leftovers() {
    if (leftovers_.empty() || !wrote()) return;
    add(Health::note, "canary",
        leftovers_.size() == 1
            ? fmt::format("{} stays: it may not be removed", leftovers_.front())
            : fmt::format("{} small objects {}* stay: they may not be removed", leftovers_.size(), own_),
        "a lifecycle rule of the bucket, or whoever may, can remove what begins with wobackup-doctor-");
  }

  // With versions, an object that was replaced or removed is still there, unless versions can be removed, too.
  void bucket_safety() {
    S3Versioning versioning = S3Versioning::unknown;
    std::optional<std::string> lock;
    std::optional<bool> versions_go;
    const std::optional<Error> error = tried([&] {
      versioning = s3_versioning(*s3_, store_.cancellation());
      lock = s3_default_lock(*s3_, store_.cancellation());
      if (versioning == S3Versioning::off) return;
      const auto versions = s3_versions_of(*s3_, key_, store_.cancellation());
      if (!versions || versions->empty()) return;
      versions_go = true;
      for (const std::string& version : *versions) {
        if (!remove_s3_version(*s3_, key_, version, store_.cancellation())) versions_go = false;
      }
    });
    if (error) failed("versioning", *error);
    const char* const no_right =
        "take the right to remove versions away (s3:DeleteObjectVersion; B2: deleteFiles), or "
        "turn on Object Lock with a default retention";
    switch (versioning) {
      case S3Versioning::enabled:
        add(Health::good, "versioning", "the bucket keeps versions of what is replaced or removed");
        break;
      case S3Versioning::suspended:
        add(Health::warning, "versioning", "versioning is suspended: nothing new is kept", "turn it on again");
        break;
      case S3Versioning::off:
        add(Health::warning, "versioning", "the bucket keeps no versions: what is replaced or removed is lost",
            "turn versioning on, with a lifecycle rule that removes old versions after some weeks");
        break;
      case S3Versioning::unknown:
        add(Health::note, "versioning", "whether the bucket keeps versions may not be asked");
        break;
    }
    if (lock && !lock->empty()) {
      return add(Health::good, "safety", fmt::format("new objects are locked: {}", *lock));
    }
    if (versioning == S3Versioning::enabled && versions_go == false) {
      return add(Health::good, "safety", "whoever breaks in here can hide backups, but not remove their versions");
    }
    if (versioning == S3Versioning::enabled && !versions_go) {
      return add(Health::note, "safety",
                 "backups can be hidden; whether their versions could be removed, too, could not be tried", no_right);
    }
    if (versioning == S3Versioning::enabled) {
      return add(Health::warning, "safety", "whoever breaks in here could destroy the backups there, versions too",
                 no_right);
    }
    add(Health::warning, "safety", "whoever breaks in here could destroy the backups there",
        "turn on versioning, and use keys without the rights to remove objects and versions (s3:DeleteObject*)");
  }

  // They take space, cost money, and are seen by no listing. Whose they are cannot be told.
  void unfinished() {
    if (!s3_) return;
    const auto old = std::chrono::floor<std::chrono::seconds>(environment_.clock.now()) +
                     s3_->clock_difference().value_or(std::chrono::seconds{0}) - kOldUpload;
    std::size_t count = 0;
    static_cast<void>(tried([&] {
      visit_s3_unfinished(*s3_, "", store_.cancellation(), [&](const S3ListedUpload& upload) {
        if (upload.begun < old) ++count;
      });
    }));
    if (count == 0) return;
    add(Health::note, "unfinished",
        fmt::format("uploads that began more than a week ago and never ended take space: {}", count),
        "not of this machine, or its records are lost: a lifecycle rule of the bucket (AbortIncompleteMultipartUpload) "
        "removes them");
  }

  void clocks() {
    std::optional<std::chrono::seconds> ahead = store_clock_;
    if (s3_) ahead = s3_->clock_difference();
    if (s3_ && !ahead) {
      static_cast<void>(tried([&] { static_cast<void>(s3_versioning(*s3_, store_.cancellation())); }));
      ahead = s3_->clock_difference();
    }
    if (!ahead) return;
    const std::chrono::seconds difference{std::abs(ahead->count())};
    if (difference <= kClockTolerance) return add(Health::good, "clock", "the clocks agree within a minute");
    add(difference > kClockLimit ? Health::bad : Health::warning, "clock",
        fmt::format("this machine's clock is {} seconds {} the store's", difference.count(),
                    ahead->count() > 0 ? "behind" : "before"),
        "set the clock, e.g. timedatectl set-ntp true");
  }

  void space() {
    std::optional<std::uint64_t> free;
    if (tried([&] { free = backend().free_bytes(); }) || !free) return;
    const Config& config = environment_.config;
    const bool little = *free < config.min_free_bytes.value_or(kLittleSpace);
    add(little ? Health::warning : Health::good, "space", fmt::format("{} are free", human_size(*free)),
        little ? "remove old backups there, or give it more room" : "");
  }

  const StoreSettings& settings_;
  StoreEnvironment environment_;
  OpenStore store_;
  std::optional<S3Client> s3_;
  std::string own_;
  std::string key_;
  std::string text_;
  std::chrono::sys_seconds written_at_{};
  std::optional<std::chrono::seconds> store_clock_;
  std::vector<std::string> leftovers_;
  std::optional<Error> list_refusal_;
  bool can_read_ = false, can_replace_ = false, can_remove_ = false;
  Examined examined_;
};

}  // namespace

Examined examine_store(const StoreSettings& settings, const StoreEnvironment& environment,
                       const std::function<bool()>& cancelled) {
  const StateFolder state(environment.config.state_dir);
  // Two at once would take each other's canary away.
  const FileLock lock(state.path() / "doctor.lock", "doctor", kLockWait, cancelled);
  return StoreExamination(settings, environment, cancelled).run();
}

}  // namespace wobackup
