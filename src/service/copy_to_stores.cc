#include "service/copy_to_stores.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "age/age_writer.h"
#include "age/recipient_list.h"
#include "backend/ordered_reading.h"
#include "backend/read_ahead.h"
#include "base/byte_output.h"
#include "base/text.h"
#include "container/container_reader.h"
#include "crypto/sha256.h"
#include "service/leftovers.h"
#include "snapshot/archive_ledger.h"
#include "snapshot/archive_trust.h"
#include "snapshot/encryption.h"
#include "snapshot/state_folder.h"
#include "store/archive/archive_file.h"
#include "store/archive/archive_name.h"

namespace wobackup {
namespace {

// Has the index and the manifest's hash: two archives that agree in it are the same.
constexpr std::size_t kComparedTailBytes = std::size_t{64} << 10U;

// What becomes of the archive on its way to one store.
struct Plan {
  StoreSettings settings;
  const RandomAccess* bytes = nullptr;  // to be sent, encrypted to the recipients if there are any
  Recipients recipients;
  std::string file_name;
  bool as_it_is = true;  // the same bytes
  bool encrypted = false;
};

// The archive, and what is known of it.
struct Source {
  const CopySource& copied;
  ArchiveName name;
  bool encrypted = false;
  std::unique_ptr<const ArchiveFile> opened;  // if its encryption is to be changed
  std::optional<LedgerEntry> made;            // if it was made here
};

ByteVector tail_of(const RandomAccess& file) {
  ByteVector tail(static_cast<std::size_t>(std::min<std::uint64_t>(kComparedTailBytes, file.size())));
  tail.resize(file.read(file.size() - tail.size(), tail));
  return tail;
}

// The same archive; one that was encrypted anew never has the same bytes, and is told by what was recorded of it.
bool is_same(OpenStore& store, const std::string& key, const ObjectInfo& info, const Plan& plan, const Source& source,
             const StoreEnvironment& environment) {
  if (plan.recipients.empty()) {
    return info.size_bytes == plan.bytes->size() &&
           tail_of(*open_with_read_ahead(store.backend(), key)) == tail_of(*plan.bytes);
  }
  const auto recorded = ArchiveLedger(environment.config.state_dir, source.copied.site).find(store.archive_of(key));
  return source.made && recorded && !recorded->manifest_sha256.empty() && recorded->size_bytes == info.size_bytes &&
         recorded->manifest_sha256 == source.made->manifest_sha256;
}

bool is_there(OpenStore& store, const std::string& key, const Plan& plan, const Source& source,
              const StoreEnvironment& environment) {
  const std::optional<ObjectInfo> info = store.backend().stat(key);
  if (!info) return false;
  if (is_same(store, key, *info, plan, source, environment)) return true;
  throw Error(ErrorKind::failed,
              fmt::format("{} is there already, and is another archive", printable(store.archive_of(key).string())),
              "wobackup replaces nothing: remove it there if it is not wanted");
}

// An upload, and the sum of what goes there.
class SummedUpload final : public ByteOutput {
 public:
  explicit SummedUpload(Upload& upload) : upload_(upload) {}
  void write(ByteSpan bytes) override {
    hash_.update(bytes);
    upload_.write(bytes);
    bytes_ += bytes.size();
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::string sum() { return hex(hash_.finish()); }

 private:
  Upload& upload_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
};

// Of one archive to one store.
void copy(OpenStore& store, const Plan& plan, const Source& source, const OrderedReading& reading,
          const StoreEnvironment& environment, std::atomic<std::uint64_t>& bytes_done, Stored& stored) {
  const std::string key = source.copied.site + "/" + plan.file_name;
  stored.archive = store.archive_of(key);
  stored.encrypted = plan.encrypted;
  if (is_there(store, key, plan, source, environment)) {
    stored.was_there = true;
    bytes_done += plan.bytes->size();
    return;
  }
  store.mark();
  remove_leftovers(store, environment.log);
  const std::uint64_t more = plan.recipients.empty() ? 0 : plan.bytes->size() / 1000 + 4096;
  const std::unique_ptr<Upload> upload = store.backend().put(key, {.size_hint_bytes = plan.bytes->size() + more});
  SummedUpload output(*upload);
  std::optional<AgeWriter> sealing;
  if (!plan.recipients.empty()) sealing.emplace(output, plan.recipients, 0);
  Sha256 read;
  read_in_order(*plan.bytes, 0, plan.bytes->size(), reading, [&](ByteSpan piece) {
    store.cancellation().check();
    if (sealing) {
      read.update(piece);
      sealing->write(piece);
    } else {
      output.write(piece);
    }
    bytes_done += piece.size();
  });
  if (sealing) sealing->finish();
  stored.size_bytes = output.bytes();
  stored.sha256 = output.sum();
  if (source.made) {
    // What was decrypted on the way has been compared by its manifest instead.
    const bool comparable = !source.made->sha256.empty() && (plan.as_it_is || !source.encrypted);
    if (comparable && (sealing ? hex(read.finish()) : stored.sha256) != source.made->sha256) {
      throw Error(ErrorKind::verification,
                  fmt::format("{} is not the archive that was made here: its sum is another",
                              printable(source.copied.archive.string())),
                  "it was changed or exchanged; `wobackup verify` tells more");
    }
    // Before it is published: a record without a copy harms nobody.
    LedgerEntry copied = *source.made;
    copied.archive = stored.archive.string();
    copied.size_bytes = stored.size_bytes;
    if (!plan.as_it_is || !copied.sha256.empty()) copied.sha256 = stored.sha256;
    copied.encrypted = plan.encrypted;
    ArchiveLedger(environment.config.state_dir, source.copied.site).add(copied);
  }
  if (!upload->commit()) {
    throw Error(ErrorKind::failed, fmt::format("{} has come there meanwhile", printable(stored.archive.string())),
                "another run has copied something of that name");
  }
}

Recipients recipients_for(const StoreSettings& settings, const std::string& site, const CopyOptions& options,
                          const Config& config) {
  if (!options.recipients.empty()) return recipients_from(options.recipients);
  if (!settings.recipients.empty()) return recipients_from(settings.recipients);
  Site named;
  named.name = site;
  Recipients configured = chosen_recipients(named, {}, config);
  if (!configured.empty()) return configured;
  throw Error(ErrorKind::usage, fmt::format("nobody is named to whom a copy in {} could be encrypted", settings.url),
              "name one with --encrypt-to, or set recipients for the store");
}

Plan plan_for(const std::string& store, Source& source, const CopyOptions& options,
              const StoreEnvironment& environment) {
  Plan plan;
  plan.settings = store_settings_of(store, environment.config);
  plan.bytes = source.copied.stored.get();
  plan.encrypted = source.encrypted;
  plan.as_it_is = options.as == CopyAs::it_is || (options.as == CopyAs::plain && !source.encrypted);
  if (!plan.as_it_is) {
    if (!source.opened) {
      source.opened = std::make_unique<const ArchiveFile>(source.copied.stored, environment.config.keys);
    }
    plan.bytes = source.opened.get();
    if (options.as == CopyAs::encrypted) {
      plan.recipients = recipients_for(plan.settings, source.copied.site, options, environment.config);
    }
    plan.encrypted = !plan.recipients.empty();
  }
  plan.file_name = source.name.name + std::string(archive_ending(plan.encrypted));
  return plan;
}

// An archive that shall not be read there must not get there by an oversight.
void refuse_in_plain(const Plan& plan, const CopyOptions& options) {
  if (plan.encrypted || options.as == CopyAs::plain || plan.settings.recipients.empty()) return;
  throw Error(ErrorKind::usage,
              fmt::format("what goes to {} is encrypted, and this archive is not",
                          plan.settings.name.empty() ? plan.settings.url : plan.settings.name),
              "--encrypt encrypts the copy to the store's recipients; --plain copies it all the same");
}

// Where the bytes are not the file's own, its sum says nothing.
void require_unchanged(const Source& source, const StoreEnvironment& environment) {
  if (!source.opened || !source.encrypted) return;
  const std::optional<ContainerReader> container = ContainerReader::open(*source.opened);
  const ContainerReader* const index = container ? &*container : nullptr;
  if (trust_in(source.copied.archive, index, environment.config) != ArchiveTrust::changed) return;
  throw Error(ErrorKind::verification,
              fmt::format("{} is not the archive that was made here", printable(source.copied.archive.string())),
              "it was exchanged; `wobackup verify` tells more");
}

OrderedReading reading_for(std::size_t stores) {
  OrderedReading reading;
  reading.parallel = static_cast<unsigned>(std::clamp<std::size_t>(reading.parallel / stores, 1, reading.parallel));
  if (stores > 2) reading.piece_bytes = std::size_t{1} << 20U;
  return reading;
}

}  // namespace

std::vector<Stored> copy_to_stores(const CopySource& source, const std::vector<std::string>& stores,
                                   const CopyOptions& options, const StoreEnvironment& environment) {
  Source known{source, *archive_name_from(source.archive.filename().string()), is_encrypted(*source.stored), {}, {}};
  const StateFolder state(environment.config.state_dir);
  known.made = ArchiveLedger(state.path(), source.site).find(source.archive);
  std::vector<Stored> results;
  std::vector<Plan> plans;
  for (const std::string& store : stores) {
    plans.push_back(plan_for(store, known, options, environment));
    Stored& result = results.emplace_back();
    result.store = store;
  }
  std::vector<const StoreSettings*> settings;
  settings.reserve(plans.size());
  for (const Plan& plan : plans) settings.push_back(&plan.settings);
  const S3Share share = share_of(settings, "copy to a few at a time");
  require_unchanged(known, environment);
  std::atomic<std::uint64_t> bytes_done{0};
  Cancellation watched;  // the stores have their own
  RunMonitor monitor(
      source.site,
      [&](Progress& progress) {
        progress.bytes_total = source.stored->size() * stores.size();
        progress.bytes_done = std::min<std::uint64_t>(bytes_done, progress.bytes_total.value_or(0));
      },
      watched, options.cancelled, options.on_progress);
  monitor.enter_phase("copy");
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < stores.size(); ++i) {
      threads.emplace_back([&, i] {
        const auto started = environment.clock.monotonic();
        try {
          refuse_in_plain(plans[i], options);
          OpenStore store(plans[i].settings, environment, options.cancelled, share);
          copy(store, plans[i], known, reading_for(stores.size()), environment, bytes_done, results[i]);
        } catch (const Error& error) {
          results[i].error = error;
        } catch (const std::exception& error) {
          results[i].error = Error(ErrorKind::failed, error.what());
        }
        results[i].elapsed =
            std::chrono::duration_cast<std::chrono::milliseconds>(environment.clock.monotonic() - started);
      });
    }
  }
  monitor.finish();
  return results;
}

}  // namespace wobackup
