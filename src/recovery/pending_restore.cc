// What restores in place have left behind.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/file_lock.h"
#include "in_place/restore_journal.h"
#include "recovery/restore_in_place.h"
#include "snapshot/state_folder.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

bool has_ended(JournalPhase phase) { return phase == JournalPhase::done || phase == JournalPhase::undone; }

PendingRestore pending_from(const RestoreJournal& journal) {
  return PendingRestore{
      .site = journal.site,
      .archive = journal.archive,
      .started = journal.started,
      .interrupted = !has_ended(journal.phase),
      .swapping = journal.phase == JournalPhase::swapping || journal.phase == JournalPhase::undoing,
      .undone = journal.phase == JournalPhase::undone,
      .phase = std::string(name_of(journal.phase)),
  };
}

// Others take the same lock, above all `create`: those are at work beside what a killed restore has left.
bool restores(const std::string& holder) {
  constexpr std::array<std::string_view, 5> kPurposes{"restore ", "resume ", "abort ", "undo ", "finish "};
  const std::size_t begin = holder.find(": ");  // behind the time
  if (begin == std::string::npos) return true;  // it has only just begun
  return std::any_of(kPurposes.begin(), kPurposes.end(),
                     [&](std::string_view word) { return holder.substr(begin + 2).starts_with(word); });
}

}  // namespace

std::optional<PendingRestore> pending_restore_of(const std::string& site, const Config& config) {
  // Whoever may not look into the state folder cannot restore in place either.
  if (::access(config.state_dir.c_str(), X_OK) != 0) return std::nullopt;
  const std::optional<RestoreJournal> journal = JournalFile(config.state_dir, site).load();
  return journal ? std::optional(pending_from(*journal)) : std::nullopt;
}

std::optional<PendingRestore> pending_restore_now(const std::string& site, const Config& config) {
  std::optional<PendingRestore> pending = pending_restore_of(site, config);
  if (!pending || !pending->interrupted) return pending;
  const std::optional<std::string> holder = FileLock::holder_of(lock_file_in(config.state_dir, site));
  // What ended between the two looks was not interrupted.
  if (!holder) return pending_restore_of(site, config);
  if (!restores(*holder)) return pending;
  pending->interrupted = false;
  pending->running = true;
  return pending;
}

Error interrupted_restore(const std::string& site, std::string_view phase, ErrorKind kind) {
  if (phase == name_of(JournalPhase::undoing)) {
    return {kind, fmt::format("{}: the undo of a restore was interrupted", site), "finish it with `restore --resume`"};
  }
  return {kind, fmt::format("{}: a restore was interrupted", site),
          "finish it with `restore --resume`, or take it back with `restore --abort`"};
}

void require_not_interrupted(const std::string& site, const Config& config) {
  const auto pending = pending_restore_of(site, config);
  if (pending && pending->interrupted) throw interrupted_restore(site, pending->phase, ErrorKind::locked);
}

std::vector<PendingRestore> pending_restores_in(const Config& config) {
  std::vector<PendingRestore> all;
  for (const std::string& site : journaled_sites(config.state_dir, "restores")) {
    try {
      if (auto pending = pending_restore_now(site, config)) all.push_back(*std::move(pending));
    } catch (const Error& error) {
      PendingRestore unknown;
      unknown.site = site;
      unknown.interrupted = true;
      unknown.problem = error.message();
      all.push_back(std::move(unknown));
    }
  }
  return all;
}

}  // namespace wobackup
