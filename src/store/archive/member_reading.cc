#include "store/archive/member_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "container/tar_decode.h"
#include "container/tar_encode.h"
#include "crypto/sha256_many.h"
#include "store/archive/frame_queue.h"
#include "store/archive/member_check.h"
#include "store/archive/stored_file.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestPath = std::size_t{64} << 10U;

struct Stopped {};  // the queue has the reason

// The member that these blocks are, with nothing before, behind or missing.
TarMember stored_member(ByteSpan blocks, const ManifestEntry& listed, std::string_view top) {
  std::optional<TarMember> member = decode_tar_member(blocks);
  if (!member) member_damaged(listed.entry.path, "there is nothing where it should be");
  agree_below_top(*member, listed, top);
  const std::uint64_t room = blocks.size() - member->header_bytes;
  if (member->data_bytes > room || member->data_bytes + padding_to_block(member->data_bytes) != room) {
    member_damaged(listed.entry.path, "its length in the tar is not what the manifest says");
  }
  return *std::move(member);
}

// A member whose content is proven.
void deliver(TarMember& member, ByteSpan data, MemberSink& sink) {
  if (member.entry.type != EntryType::file) return sink.other(member.entry);
  const StoredFile layout(member, data);
  const std::unique_ptr<FileReceiver> receiver = sink.file(member.entry, true);
  if (!receiver) return;
  layout.deliver(*receiver, 0, data);
  receiver->finish();
}

class Reading {
 public:
  Reading(const ContainerReader& container, MemberSink& sink, const ReadingOptions& options, ReadingCounters& counters,
          const Cancellation& cancellation)
      : container_(container),
        sink_(sink),
        options_(options),
        counters_(counters),
        cancellation_(cancellation),
        top_(container.read_manifest_header().name),
        threads_(std::clamp(options.threads, 1U, 8U)),
        queue_(threads_) {}

  void run();

 private:
  void plan(const ManifestEntry& listed, const TarExtent& extent);
  FrameWork* work_at(std::size_t frame);
  void submit();

  void work();
  static void abandon(const FrameWork& work);
  void process(const FrameWork& work, FrameScratch& scratch);
  void read_whole(ByteSpan plain, std::uint64_t plain_begin, const std::vector<const WholeMember*>& members);
  void prove_ends(const TarEnds& ends);
  void lost(const std::string& path, const Error& error);
  void lose_all(const FrameWork& work, const Error& error);

  const ContainerReader& container_;
  MemberSink& sink_;
  const ReadingOptions& options_;
  ReadingCounters& counters_;
  const Cancellation& cancellation_;
  const std::string top_;
  const unsigned threads_;
  FrameQueue queue_;
  std::optional<FrameWork> pending_;  // the planner's
  std::mutex damage_mutex_;
};

// ---- the planning thread

FrameWork* Reading::work_at(std::size_t frame) {
  if (options_.frame_wanted && !options_.frame_wanted(frame)) return nullptr;
  if (pending_ && pending_->frame != frame) submit();
  if (!pending_) pending_ = FrameWork{frame, {}};
  return &*pending_;
}

void Reading::submit() {
  if (!pending_) return;
  cancellation_.check();
  if (!queue_.put(*std::exchange(pending_, std::nullopt))) throw Stopped();
}

void Reading::plan(const ManifestEntry& listed, const TarExtent& extent) {
  if (listed.entry.path.size() > kLongestPath || listed.entry.link.size() > kLongestPath) {
    member_damaged(listed.entry.path.substr(0, 100), "its path is too long");
  }
  if (options_.wanted && !options_.wanted(listed)) return;
  const std::size_t first = container_.frame_at(extent.begin);
  const std::size_t last = container_.frame_at(extent.end - 1);
  if (first == last) {
    if (FrameWork* work = work_at(first)) work->pieces.emplace_back(WholeMember{listed, extent});
    return;
  }
  if (options_.frame_wanted) {
    // A sample: the frames decode, which is all that can be said of a part.
    for (std::size_t frame = first; frame <= last; ++frame) static_cast<void>(work_at(frame));
    return;
  }
  const auto member = std::make_shared<SpannedMember>(listed, extent);
  for (std::size_t frame = first; frame <= last; ++frame) {
    const SeekFrame& place = container_.frames()[frame];
    const TarExtent part{std::max(extent.begin, place.plain_offset),
                         std::min(extent.end, place.plain_offset + place.plain_bytes)};
    work_at(frame)->pieces.emplace_back(PartOfMember{member, part});
  }
}

void Reading::run() {
  TarEnds ends;
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads_; ++i) workers.emplace_back([this] { work(); });
    try {
      ends = visit_in_tar_order(container_,
                                [this](const ManifestEntry& listed, const TarExtent& extent) { plan(listed, extent); });
      submit();
      queue_.close();
    } catch (const Stopped&) {
    } catch (...) {
      queue_.fail(std::current_exception());
    }
  }
  queue_.rethrow();
  cancellation_.check();
  if (options_.ends_too) prove_ends(ends);
}

// What is in the tar, but in no member.
void Reading::prove_ends(const TarEnds& ends) {
  try {
    const ByteVector first = container_.read_frame(0);
    const auto top = decode_tar_member(first);
    if (!top || top->entry.type != EntryType::directory || top->entry.path != top_ ||
        top->header_bytes != ends.members_begin) {
      throw Error(ErrorKind::verification, "the tar does not begin with its top folder");
    }
    const ByteVector last = container_.read_frame(container_.frames().size() - 1);
    if (last.size() < 2 * kTarBlockBytes ||
        std::any_of(last.begin(), last.end(), [](std::byte b) { return b != std::byte{0}; })) {
      throw Error(ErrorKind::verification, "the end of the tar is missing");
    }
    counters_.frames += 2;
  } catch (const Error& error) {
    lost({}, error);
  }
}

// ---- the reading threads

void Reading::work() {
  FrameScratch scratch;
  std::optional<FrameWork> work;
  try {
    while ((work = queue_.take())) {
      cancellation_.check();
      process(*work, scratch);
    }
  } catch (...) {
    queue_.fail(std::current_exception());
    if (work) abandon(*work);
  }
}

// Other threads may wait for the parts that this frame holds.
void Reading::abandon(const FrameWork& work) {
  for (const auto& piece : work.pieces) {
    if (const auto* part = std::get_if<PartOfMember>(&piece)) part->member->fail();
  }
}

void Reading::lost(const std::string& path, const Error& error) {
  if (error.kind() != ErrorKind::verification) throw;
  if (!options_.on_damage) {
    throw Error(error.message().starts_with(printable(path)) ? error : error.in(printable(path)));
  }
  const std::scoped_lock lock(damage_mutex_);
  options_.on_damage({std::nullopt, path, error.message()});
}

// ", which holds PATH": its first file, else its first member.
std::string named_member_of(const FrameWork& work) {
  const ManifestEntry* named = nullptr;
  for (const auto& piece : work.pieces) {
    const auto* whole = std::get_if<WholeMember>(&piece);
    const ManifestEntry& listed = whole != nullptr ? whole->listed : std::get<PartOfMember>(piece).member->listed();
    const bool is_file = listed.entry.type == EntryType::file;
    if (named == nullptr || is_file) named = &listed;
    if (is_file) break;
  }
  return named == nullptr ? std::string() : fmt::format(", which holds {}", printable(named->entry.path));
}

void Reading::lose_all(const FrameWork& work, const Error& error) {
  if (error.kind() != ErrorKind::verification) throw;
  if (!options_.on_damage) throw Error(error.in(fmt::format("frame {}{}", work.frame, named_member_of(work))));
  const std::scoped_lock lock(damage_mutex_);
  options_.on_damage({work.frame, {}, error.message()});
  for (const auto& piece : work.pieces) {
    if (const auto* whole = std::get_if<WholeMember>(&piece)) {
      options_.on_damage({work.frame, whole->listed.entry.path, "its frame is damaged"});
    } else if (const auto& part = std::get<PartOfMember>(piece); part.member->fail()) {
      options_.on_damage({work.frame, part.member->listed().entry.path, "one of its frames is damaged"});
    }
  }
}

void Reading::process(const FrameWork& work, FrameScratch& scratch) {
  ByteSpan plain;
  try {
    plain = container_.read_frame(work.frame, scratch);
  } catch (const Error& error) {
    return lose_all(work, error);
  }
  ++counters_.frames;
  counters_.plain_bytes += plain.size();
  const std::uint64_t plain_begin = container_.frames()[work.frame].plain_offset;
  std::vector<const WholeMember*> whole;
  for (const auto& piece : work.pieces) {
    if (const auto* member = std::get_if<WholeMember>(&piece)) {
      whole.push_back(member);
      continue;
    }
    const auto& [member, extent] = std::get<PartOfMember>(piece);
    try {
      const ByteSpan part = plain.subspan(static_cast<std::size_t>(extent.begin - plain_begin),
                                          static_cast<std::size_t>(extent.end - extent.begin));
      if (member->take(extent.begin, part, top_, sink_)) {
        ++counters_.members;
        ++counters_.files;
      }
    } catch (const Error& error) {
      if (member->fail()) lost(member->listed().entry.path, error);
    }
  }
  read_whole(plain, plain_begin, whole);
}

// Members that lie in this frame as a whole: all are hashed first, several at once, then delivered.
void Reading::read_whole(ByteSpan plain, std::uint64_t plain_begin, const std::vector<const WholeMember*>& members) {
  struct Found {
    const WholeMember* member;
    TarMember stored;
    ByteSpan data;
  };
  std::vector<Found> found;
  std::vector<ByteSpan> contents;
  for (const WholeMember* member : members) {
    const auto& [listed, extent] = *member;
    try {
      const ByteSpan blocks = plain.subspan(static_cast<std::size_t>(extent.begin - plain_begin),
                                            static_cast<std::size_t>(extent.end - extent.begin));
      Found one{member, stored_member(blocks, listed, top_), {}};
      one.data = blocks.subspan(one.stored.header_bytes, static_cast<std::size_t>(one.stored.data_bytes));
      if (one.stored.entry.type == EntryType::file) contents.push_back(one.data);
      found.push_back(std::move(one));
    } catch (const Error& error) {
      lost(listed.entry.path, error);
    }
  }
  std::vector<Sha256Digest> digests(contents.size());
  sha256_many(contents, digests);
  std::size_t next_digest = 0;
  for (Found& one : found) {
    const ManifestEntry& listed = one.member->listed;
    const bool is_file = one.stored.entry.type == EntryType::file;
    try {
      if (is_file && digests[next_digest++] != listed.sha256) {
        member_damaged(listed.entry.path, "its content does not have its sha256");
      }
      deliver(one.stored, one.data, sink_);
    } catch (const Error& error) {
      lost(listed.entry.path, error);
      continue;
    }
    ++counters_.members;
    if (is_file) ++counters_.files;
  }
}

}  // namespace

void read_members(const ContainerReader& container, MemberSink& sink, const ReadingOptions& options,
                  ReadingCounters& counters, const Cancellation& cancellation) {
  Reading(container, sink, options, counters, cancellation).run();
}

}  // namespace wobackup
