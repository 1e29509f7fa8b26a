#include "snapshot/create_in_stores.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "age/recipient_list.h"
#include "base/safe_path.h"
#include "snapshot/backup_target.h"
#include "snapshot/distribution.h"
#include "snapshot/encryption.h"
#include "snapshot/folder_destination.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

// How often the free space of the scratch folder is looked at, where the dump is kept meanwhile.
constexpr std::uint64_t kCheckEveryBytes = std::uint64_t{8} << 20U;
// Up to here S3's least parts are enough, whatever comes.
constexpr std::uint64_t kNeedsNoHintBytes = std::uint64_t{40} << 30U;
constexpr std::uint64_t kHintReserveBytes = std::uint64_t{64} << 20U;

// The backup turned out not to be what its name says.
struct WrongName {};

// The folder of the site's own archives, if it is one of the places.
struct OwnFolder {
  std::optional<BackupTarget> target;
  std::optional<Error> error;
  std::filesystem::path directory;
  UniqueFd root_fd;  // to be left out of the backup, whether or not it is a place
};

OwnFolder open_own_folder(const SnapshotBeginning& begun, bool wanted) {
  OwnFolder own;
  const std::filesystem::path root = backup_root_of(begun.site, begun.environment.config, begun.options.backup_root);
  own.directory = root / begun.site.name;
  try {
    if (wanted) {
      own.target = open_backup_target(begun.site, root);
    } else {
      own.root_fd = open_trusted_directory(root, false);
    }
  } catch (const Error& error) {
    if (wanted && error.kind() == ErrorKind::usage) throw;
    own.error = error;
  }
  return own;
}

// Of one attempt to write it.
class Attempt {
 public:
  Attempt(const SnapshotBeginning& begun, const std::vector<SnapshotPlace>& places,
          const std::vector<StoreGroup>& groups, const OwnFolder& own, std::chrono::sys_seconds time, bool incomplete)
      : begun_(begun),
        config_(begun.environment.config),
        places_(places),
        groups_(groups),
        own_(own),
        time_(time),
        incomplete_(incomplete),
        ledger_(config_.state_dir, begun.site.name),
        scratch_(open_trusted_directory(config_.scratch_dir, false)) {
    for (const SnapshotPlace& place : places_) destinations_.push_back(open(place));
  }

  Created run() {
    const Json vhost = vhost_metadata(begun_.site, begun_.options, begun_.scope, time_);
    const auto spool = [this] { return scratch_spool(config_); };
    // The dump's compressed pieces lie in the scratch folder, so they are enciphered in any case.
    const SnapshotRun run{.site = begun_.site,
                          .options = begun_.options,
                          .environment = begun_.environment,
                          .plan = begun_.plan,
                          .scope = begun_.scope,
                          .time = time_,
                          .vhost = vhost,
                          .backup_root_fd = own_.target ? own_.target->root_fd.get() : own_.root_fd.get(),
                          .hidden = true,
                          .spool = spool,
                          .open_spool = spool,
                          .cancellation = cancellation_};
    check_scratch();
    const std::uint64_t hint = size_hint();
    const unsigned sealing = compressing_threads(config_) > 2 ? 2 : 0;
    distribution_.emplace(distribution_groups(), hint, sealing, cancellation_, [this] { check(); });
    try {
      write_snapshot(run,
                     {.bytes = *distribution_,
                      .beside = nullptr,
                      .finish = [this] { distribution_->finish(); },
                      .written_bytes = [this] { return distribution_->written_bytes(); }},
                     written_);
      if (incomplete_ && written_.record.unreadable_count == 0) throw WrongName{};
      if (begun_.options.cancelled && begun_.options.cancelled()) throw Error(ErrorKind::interrupted, "interrupted");
    } catch (const Error&) {
      tell_if_none_is_left();
      throw;
    }
    distribution_->publish([&](std::size_t group, std::size_t place) { record(run, group, place); });
    return finished(run);
  }

 private:
  std::unique_ptr<Destination> open(const SnapshotPlace& place) const {
    if (place.open) return place.open();
    if (!own_.target) return std::make_unique<UnusableDestination>(own_.directory, *own_.error);
    const WriteLimits limits{min_free_of(config_, *own_.target), config_.limit_rate};
    return std::make_unique<FolderDestination>(*own_.target, limits, begun_.environment.log);
  }

  [[nodiscard]] std::string name() const { return snapshot_timestamp(time_) + (incomplete_ ? "_incomplete" : ""); }

  [[nodiscard]] std::string file_name(const StoreGroup& group) const {
    return name() + std::string(archive_ending(!group.recipients.empty()));
  }

  std::vector<DistributionGroup> distribution_groups() const {
    std::vector<DistributionGroup> wanted;
    for (const StoreGroup& group : groups_) {
      DistributionGroup& next = wanted.emplace_back();
      for (const std::size_t place : group.places) next.places.push_back({*destinations_[place], places_[place].stall});
      next.recipients = group.recipients;
      next.file_name = file_name(group);
    }
    return wanted;
  }

  void check_scratch() const {
    const Space space = space_of(scratch_.get(), config_.scratch_dir);
    require_space(space, min_free_in(space, config_.min_free_bytes), 0, config_.scratch_dir);
  }

  // From the thread that writes.
  void check() {
    if (!incomplete_ && written_.record.unreadable_count > 0) throw WrongName{};
    const std::uint64_t written = distribution_->written_bytes();
    if (written < checked_at_bytes_ + kCheckEveryBytes) return;
    checked_at_bytes_ = written;
    check_scratch();
  }

  // Rather too many bytes than too few. A site that has no backup yet is only counted where it may be huge.
  std::uint64_t size_hint() const {
    if (const auto previous = ledger_.latest(name_of(begun_.options.type))) {
      return previous->size_bytes + previous->size_bytes / 2 + kHintReserveBytes;
    }
    if (!begun_.scope.files) return 0;
    const UniqueFd site = open_trusted_directory(begun_.site.path, false);
    const Space space = space_of(site.get(), begun_.site.path);
    if (space.total_bytes - space.free_bytes < kNeedsNoHintBytes) return 0;
    return count_file_bytes(begun_) + kHintReserveBytes;
  }

  // Before it can be seen there: from a thread of the store's own.
  void record(const SnapshotRun& run, std::size_t group_index, std::size_t place) {
    const StoreGroup& group = groups_[group_index];
    const FanOut& stream = distribution_->fan_out(group_index);
    LedgerEntry entry = ledger_entry(run, written_);
    entry.archive = destinations_[group.places[place]]->address_of(file_name(group)).string();
    entry.name = name();
    entry.size_bytes = stream.written_bytes();
    entry.sha256 = hex(stream.sha256());
    entry.encrypted = !group.recipients.empty();
    const std::scoped_lock lock(ledger_mutex_);
    ledger_.add(entry);
  }

  // In the order of the places.
  std::vector<Stored> results() const {
    std::vector<Stored> results(places_.size());
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const StoreGroup& group = groups_[i];
      const FanOut& stream = distribution_->fan_out(i);
      const std::vector<Delivery> deliveries = stream.deliveries();
      for (std::size_t j = 0; j < deliveries.size(); ++j) {
        Stored& stored = results[group.places[j]];
        stored.store = places_[group.places[j]].store;
        stored.archive = destinations_[group.places[j]]->address_of(file_name(group));
        stored.error = deliveries[j].error;
        stored.elapsed = deliveries[j].elapsed;
        stored.encrypted = !group.recipients.empty();
        if (!deliveries[j].published) continue;
        stored.size_bytes = stream.written_bytes();
        stored.sha256 = hex(stream.sha256());
      }
    }
    return results;
  }

  void tell(const std::vector<Stored>& results) const {
    if (!begun_.options.on_stored) return;
    for (const Stored& stored : results) begun_.options.on_stored(stored);
  }

  void tell_if_none_is_left() const {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (distribution_->fan_out(i).alive()) return;
    }
    tell(results());
  }

  Created finished(const SnapshotRun& run) const {
    Created created = created_from(run, written_);
    created.stores = results();
    // The nearest: the site's own folder, else the first that was named.
    const Stored* nearest = nullptr;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const Stored& stored = created.stores[i];
      if (!stored.error && (nearest == nullptr || !places_[i].open)) nearest = &stored;
    }
    if (nearest == nullptr) {
      tell(created.stores);
      std::vector<Delivery> deliveries;
      for (const Stored& stored : created.stores) deliveries.push_back({.published = false, .error = stored.error});
      throw Error(none_has_it(deliveries));
    }
    created.archive = nearest->archive;
    created.encrypted = nearest->encrypted;
    created.size_bytes = nearest->size_bytes;
    created.sha256 = nearest->sha256;
    return created;
  }

  const SnapshotBeginning& begun_;
  const Config& config_;
  const std::vector<SnapshotPlace>& places_;
  const std::vector<StoreGroup>& groups_;
  const OwnFolder& own_;
  const std::chrono::sys_seconds time_;
  const bool incomplete_;
  const ArchiveLedger ledger_;
  std::mutex ledger_mutex_;
  const UniqueFd scratch_;
  Cancellation cancellation_;
  std::uint64_t checked_at_bytes_ = 0;
  WrittenSnapshot written_;
  std::vector<std::unique_ptr<Destination>> destinations_;
  std::optional<Distribution> distribution_;  // last: it uses all of the above
};

}  // namespace

std::vector<StoreGroup> store_groups(const Site& site, const CreateOptions& options,
                                     const std::vector<SnapshotPlace>& places, const Config& config) {
  std::vector<StoreGroup> groups;
  for (std::size_t i = 0; i < places.size(); ++i) {
    std::vector<std::string> own;
    if (options.encryption == Encryption::as_configured) own = places[i].recipients;
    std::sort(own.begin(), own.end());
    const std::string key = fmt::format("{}", fmt::join(own, " "));
    auto group = std::find_if(groups.begin(), groups.end(), [&](const StoreGroup& each) { return each.key == key; });
    if (group == groups.end()) {
      groups.push_back({key, own.empty() ? chosen_recipients(site, options, config) : recipients_from(own), {}});
      group = std::prev(groups.end());
    }
    group->places.push_back(i);
  }
  return groups;
}

Created write_to_stores(const SnapshotBeginning& begun, const std::vector<SnapshotPlace>& places,
                        const std::vector<StoreGroup>& groups) {
  const bool own_wanted =
      std::any_of(places.begin(), places.end(), [](const SnapshotPlace& each) { return !each.open; });
  const OwnFolder own = open_own_folder(begun, own_wanted);
  const auto now = std::chrono::floor<std::chrono::seconds>(begun.environment.clock.now());
  const std::chrono::sys_seconds time =
      choose_time(own.target ? &*own.target : nullptr,
                  ArchiveLedger(begun.environment.config.state_dir, begun.site.name), now, begun.environment.log);
  // What could not be read may be readable a moment later, but not forever.
  for (const bool incomplete : {false, true, false}) {
    try {
      return Attempt(begun, places, groups, own, time, incomplete).run();
    } catch (const WrongName&) {
      if (begun.environment.log && !incomplete) {
        begun.environment.log(LogLevel::warning,
                              begun.site.name + ": a path cannot be read: begins anew, as an incomplete backup");
      }
    }
  }
  throw Error(ErrorKind::failed, "there are paths that can be read at one moment, and not at the next",
              "look for failing disks and mounts");
}

}  // namespace wobackup
