#include "snapshot/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <random>
#include <thread>

#include "age/age_structure.h"
#include "age/unlock.h"
#include "base/host_name.h"
#include "base/text.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/archive_trust.h"
#include "snapshot/restore_salvage.h"
#include "snapshot/run_monitor.h"
#include "snapshot/state_folder.h"
#include "snapshot/verify_foreign.h"
#include "snapshot/verify_ledger.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_metadata.h"
#include "store/archive/member_reading.h"
#include "store/archive/salvage_reading.h"
#include "store/archive/tar_order.h"

namespace wobackup {
namespace {

constexpr std::size_t kProblemsKept = 1000;
constexpr std::size_t kHashPieceBytes = std::size_t{1} << 20U;

// Proves members, and keeps nothing of them.
class NoSink final : public MemberSink {
 public:
  std::unique_ptr<FileReceiver> file(const Entry&, bool) override { return nullptr; }
  void other(const Entry&) override {}
};

struct Run {
  const std::filesystem::path& archive;
  const VerifyOptions& options;
  const VerifyEnvironment& environment;
  bool compare_sum;
  Verified& verified;
  Cancellation cancellation;
  ReadingCounters counters;
  std::atomic<std::uint64_t> bytes_total{0};  // of what is to be decoded; 0: not known
};

void add_problem(Verified& verified, VerifyProblem problem) {
  ++verified.problem_count;
  if (verified.problems.size() < kProblemsKept) verified.problems.push_back(std::move(problem));
}

// The manifest has its hash and its order, and counts as many members as it says.
void verify_index(const RandomAccess& file, const ContainerReader& container) {
  const ManifestHeader header = container.read_manifest_header();
  std::uint64_t members = 0, files = 0;
  visit_in_tar_order(container, [&](const ManifestEntry& listed, const TarExtent&) {
    ++members;
    if (listed.entry.type == EntryType::file) ++files;
  });
  if (members != header.entries || files != header.files) {
    throw Error(ErrorKind::verification, fmt::format("{}: the manifest lists {} members, and says that it has {}",
                                                     file.name(), members, header.entries));
  }
}

// The first frame has a vhost.json: an archive without one still gives back all else, and has one thing lost.
std::optional<VerifyProblem> vhost_problem(const RandomAccess& file, const ContainerReader& container) {
  try {
    static_cast<void>(vhost_of(file, container));
    return std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return VerifyProblem{0, "vhost.json", error.message()};
  }
}

// Different frames each time, so that a sample taken every night sees all of them after a while.
std::function<bool(std::size_t)> sampled_frames(const ContainerReader& container, double part) {
  std::vector<bool> wanted(container.frames().size());
  std::random_device seed;
  std::mt19937 random(seed());
  std::bernoulli_distribution chosen(part);
  for (std::size_t i = 0; i < wanted.size(); ++i) wanted[i] = chosen(random);
  wanted[std::uniform_int_distribution<std::size_t>(0, wanted.size() - 1)(random)] = true;
  return [wanted = std::move(wanted)](std::size_t frame) { return wanted.at(frame); };
}

void verify_data(const ContainerReader& container, Run& run) {
  ReadingOptions reading;
  const unsigned threads = run.environment.config.threads;
  reading.threads = threads != 0 ? threads : std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
  reading.ends_too = true;
  if (run.options.sample < 1) reading.frame_wanted = sampled_frames(container, run.options.sample);
  reading.on_damage = [&run](const Damage& damage) {
    add_problem(run.verified, {damage.frame, damage.path, damage.why});
  };
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < container.frames().size(); ++i) {
    if (!reading.frame_wanted || reading.frame_wanted(i)) total += container.frames()[i].plain_bytes;
  }
  run.bytes_total = total;
  NoSink nowhere;
  read_members(container, nowhere, reading, run.counters, run.cancellation);
}

std::optional<LedgerEntry> recorded_here(const Run& run) {
  return recorded_of(run.archive, nullptr, run.environment.config);
}

// A whole archive in the place of one that was made here proves nothing about that one.
std::optional<VerifyProblem> exchanged(const ContainerReader* container, const Run& run) {
  const Config& config = run.environment.config;
  if (!run.compare_sum || trust_in(run.archive, container, config) != ArchiveTrust::changed) return std::nullopt;
  return VerifyProblem{std::nullopt,
                       {},
                       fmt::format("it is not the archive that was made here: {}",
                                   container == nullptr ? "it has no index" : "its manifest is another")};
}

// Whether the file has the sum that was recorded when it was made, which finds changes that nothing in the file itself
// can tell; nothing if none was recorded.
std::optional<bool> has_recorded_sum(const RandomAccess& file, const Run& run) {
  if (!run.compare_sum || run.options.sample < 1) return std::nullopt;
  const auto recorded = recorded_here(run);
  if (!recorded || recorded->sha256.empty()) return std::nullopt;
  Sha256 hash;
  ByteVector piece(kHashPieceBytes);
  for (std::uint64_t at = 0; at < file.size(); at += piece.size()) {
    run.cancellation.check();
    piece.resize(file.read(at, piece));
    if (piece.empty()) break;
    hash.update(piece);
  }
  return hex(hash.finish()) == recorded->sha256;
}

constexpr const char* kNotTheOne = "it is not the file that was made here: its sum is another";

// What a salvage would bring back of an archive whose end or manifest is damaged, and what it would lose.
void verify_remains(const RandomAccess& file, const ContainerReader* index, Run& run) {
  SalvageOptions options;
  options.on_lost = [&run](const std::string& path, const std::string& why) {
    add_problem(run.verified, {std::nullopt, path, why});
  };
  NoSink nowhere;
  const SalvageSummary summary = salvage_members(file, index, nowhere, options, run.counters, run.cancellation);
  add_problem(run.verified, {std::nullopt,
                             {},
                             fmt::format("{} files could be saved with restore --target DIR --salvage; {}",
                                         summary.compared_files + summary.uncompared_files, told(summary))});
}

// Finds the index and proves it; nothing for another program's file. `container` is there also if it throws, as soon as
// its seek table can be used.
void prove_index(const ArchiveFile& file, Run& run, std::optional<ContainerReader>& container) {
  if (file.lost_end()) {
    throw Error(ErrorKind::verification, fmt::format("{}: the end of the encrypted data is missing", file.name()));
  }
  container = ContainerReader::open(file);
  run.verified.indexed = container.has_value();
  if (!container) require_foreign(file);
  if (container) verify_index(file, *container);
}

void verify_content(const ArchiveFile& file, Run& run) {
  std::optional<ContainerReader> container;
  try {
    prove_index(file, run, container);
  } catch (const Error& error) {
    const bool look = error.kind() == ErrorKind::verification && run.options.level != VerifyLevel::quick;
    if (!look || !can_be_salvaged(file, run.cancellation)) throw;
    add_problem(run.verified, {std::nullopt, {}, error.message()});
    return verify_remains(file, container ? &*container : nullptr, run);
  }
  const std::optional<VerifyProblem> another = exchanged(container ? &*container : nullptr, run);
  if (another) add_problem(run.verified, *another);
  if (!container) {
    return verify_foreign(file, run.counters, run.cancellation,
                          [&run](const VerifyProblem& problem) { add_problem(run.verified, problem); });
  }
  const std::optional<VerifyProblem> no_vhost = vhost_problem(file, *container);
  if (run.options.level == VerifyLevel::quick) {
    if (no_vhost) add_problem(run.verified, *no_vhost);
    return;
  }
  // The sum needs one core, and reading the frames leaves some of it free.
  std::exception_ptr failure;
  std::optional<bool> same_sum;
  {
    const std::jthread summing([&] {
      try {
        same_sum = has_recorded_sum(file.stored(), run);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    try {
      verify_data(*container, run);
    } catch (...) {
      run.cancellation.cancel();
      throw;
    }
  }
  if (failure) std::rethrow_exception(failure);
  const std::vector<VerifyProblem>& found = run.verified.problems;
  if (no_vhost && std::none_of(found.begin(), found.end(), [](const auto& each) { return each.frame == 0; })) {
    add_problem(run.verified, *no_vhost);
  }
  run.verified.sum_compared = same_sum.has_value();
  if (same_sum == false && !another) add_problem(run.verified, {std::nullopt, {}, kNotTheOne});
}

// Without a key: the encryption's header and the lengths of its chunks fit the file, and if its sum was recorded when
// it was made, that proves every byte.
void verify_sealed(const RandomAccess& stored, Run& run) {
  static_cast<void>(read_age_structure(stored));
  if (const auto recorded = recorded_here(run); recorded && run.compare_sum && recorded->size_bytes != stored.size()) {
    add_problem(
        run.verified,
        {std::nullopt, {}, fmt::format("it has {} bytes, and {} were written", stored.size(), recorded->size_bytes)});
    return;
  }
  const std::optional<bool> same_sum = has_recorded_sum(stored, run);
  run.verified.sum_compared = same_sum.has_value();
  if (same_sum == false) add_problem(run.verified, {std::nullopt, {}, kNotTheOne});
}

// Who has no key at all can still have an archive looked at from outside; a key that does not fit is another matter.
bool lacks_keys(const RandomAccess& stored, const Keys& keys) {
  return is_encrypted(stored) && !can_try(keys, read_age_structure(stored).header);
}

void verify_file(std::shared_ptr<const RandomAccess> stored, Run& run) {
  const Keys& keys = run.environment.config.keys;
  run.verified.encrypted = is_encrypted(*stored);
  if (run.options.level == VerifyLevel::quick && lacks_keys(*stored, keys)) return verify_sealed(*stored, run);
  run.verified.decrypted = run.verified.encrypted;
  try {
    const bool quick = run.options.level == VerifyLevel::quick;
    verify_content(ArchiveFile(std::move(stored), keys, quick ? AgeEnd::required : AgeEnd::may_be_missing), run);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::wrong_key) throw;
    throw Error(error.kind(), error.message(),
                error.hint() + (error.hint().empty() ? "" : "; ") +
                    "--level quick proves size, structure and recorded sum without a key");
  }
}

}  // namespace

Verified verify_archive(const std::filesystem::path& archive, const VerifyOptions& options,
                        const VerifyEnvironment& environment, bool compare_sum,
                        std::shared_ptr<const RandomAccess> stored) {
  if (!(options.sample > 0) || options.sample > 1) throw Error(ErrorKind::usage, "a sample is between 0 and 100 %");
  const auto started = environment.clock.monotonic();
  Verified verified;
  verified.archive = archive;
  verified.level = std::min(options.level, VerifyLevel::data);
  verified.sample = options.sample;
  Run run{archive, options, environment, compare_sum, verified, {}, {}, {}};
  if (!stored) stored = open_stored_archive(archive);
  {
    RunMonitor monitor(
        archive.filename().string(),
        [&run](Progress& progress) {
          progress.files_done = run.counters.files;
          progress.bytes_done = run.counters.plain_bytes;
          if (const std::uint64_t total = run.bytes_total; total > 0) {
            progress.bytes_total = std::max(total, progress.bytes_done);
          }
        },
        run.cancellation, options.cancelled, options.on_progress);
    monitor.enter_phase("verify");
    try {
      verify_file(std::move(stored), run);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;
      add_problem(verified, {std::nullopt, {}, error.message()});
    }
    monitor.finish();
  }
  verified.members = run.counters.members;
  verified.frames = run.counters.frames;
  verified.bytes = run.counters.plain_bytes;
  verified.ok = verified.problem_count == 0;
  verified.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(environment.clock.monotonic() - started);
  return verified;
}

void record_verified(const Verified& verified, const VerifyEnvironment& environment,
                     const std::optional<ArchiveIdentity>& stored) {
  const std::optional<std::string> site = host_name(verified.archive.parent_path().filename().string());
  const std::optional<ArchiveIdentity> identity = stored ? stored : identity_of(verified.archive);
  if (!site || !identity) return;
  const auto now = std::chrono::floor<std::chrono::seconds>(environment.clock.now());
  // Whoever may read an archive may verify it; that only root can write it down changes nothing about the answer.
  try {
    const StateFolder state(environment.config.state_dir);
    add_verified(state.path(), *site, verified.archive, *identity,
                 {verified.level, verified.ok, verified.sample, rfc3339(now)});
  } catch (const Error& error) {
    if (environment.log) environment.log(LogLevel::warning, "the result was not recorded: " + error.message());
  }
}

}  // namespace wobackup
