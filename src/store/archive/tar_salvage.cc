#include "store/archive/tar_salvage.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/text.h"
#include "container/tar_encode.h"
#include "store/archive/member_check.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLongestPath = std::size_t{64} << 10U;
constexpr std::uint64_t kLargestMember = std::uint64_t{1} << 60U;
constexpr std::size_t kMostRemembered = std::size_t{1} << 22U;
constexpr const char* kCut = "not all of its frames are there";

std::string_view first_part(std::string_view path) { return path.substr(0, path.find('/')); }

// Where no manifest tells: a dump lies at the top or in databases/.
bool is_place_of_a_dump(std::string_view path) {
  if (path.starts_with("databases/")) return true;
  return path.find('/') == std::string_view::npos && (path.ends_with(".sql") || path.ends_with(".sqlite"));
}

ManifestEntry as_listed(const Entry& entry) {
  ManifestEntry listed;
  listed.entry = entry;
  if (entry.type == EntryType::file && is_place_of_a_dump(entry.path)) listed.database = Json::object();
  return listed;
}

std::uint64_t padded(std::uint64_t bytes) { return bytes + padding_to_block(bytes); }

// The member that begins here, if it can be one of the archive's.
std::optional<TarMember> usable_member(ByteSpan plain, std::string_view top) {
  try {
    std::optional<TarMember> member = decode_tar_member(plain);
    if (!member || member->data_bytes > kLargestMember || !path_below(member->entry.path, top)) return std::nullopt;
    return member;
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Behind damage only a frame is taken that holds whole members, or begins with one that goes on in the next: so this
// program cuts. A frame of a large file's content is none of these, unless somebody made it so.
bool is_cut_as_ours(ByteSpan plain, std::string_view top) {
  for (bool first = true; !plain.empty(); first = false) {
    const auto member = usable_member(plain, top);
    if (!member) return false;
    const std::uint64_t bytes = member->header_bytes + padded(member->data_bytes);
    if (bytes > plain.size()) return first;
    plain = plain.subspan(static_cast<std::size_t>(bytes));
  }
  return true;
}

}  // namespace

std::optional<std::string> path_below(std::string_view path, std::string_view top) {
  if (top.empty() || path.size() > kLongestPath || !path.starts_with(top)) return std::nullopt;
  path.remove_prefix(top.size());
  if (path.empty()) return std::string();
  if (path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == "." || part == "..") return std::nullopt;
  }
  return std::string(path);
}

std::optional<std::string> top_of_frame(ByteSpan plain) {
  try {
    const auto member = decode_tar_member(plain);
    if (!member) return std::nullopt;
    std::string top(first_part(member->entry.path));
    if (top.empty() || top == "." || top == ".." || !is_cut_as_ours(plain, top)) return std::nullopt;
    return top;
  } catch (const Error&) {
    return std::nullopt;
  }
}

TarSalvage::TarSalvage(std::string top, ListedMembers& listed, MemberSink& sink, const SalvageOptions& options,
                       SalvageSummary& summary, ReadingCounters& counters)
    : top_(std::move(top)), listed_(listed), sink_(sink), options_(options), summary_(summary), counters_(counters) {}

void TarSalvage::lost(const std::string& path, const std::string& why) const {
  if (options_.on_lost) options_.on_lost(path, why);
}

void TarSalvage::lose_spanning(const std::string& why) {
  spanning_.receiver.reset();
  if (!std::exchange(spanning_.delivered, false)) return;
  delivered_.erase(std::hash<std::string>()(spanning_.path));
  lost(spanning_.path, why);
}

void TarSalvage::count(bool is_file, bool compared) {
  ++counters_.members;
  if (!is_file) return;
  ++counters_.files;
  ++(compared ? summary_.compared_files : summary_.uncompared_files);
}

// No archive of this program has a path twice. The first one counts: what was taken for a member behind damage shall
// not replace what was one before. As many are remembered as there is room for.
bool TarSalvage::is_new(const std::string& path) {
  if (delivered_.size() >= kMostRemembered) return true;
  return delivered_.insert(std::hash<std::string>()(path)).second;
}

void TarSalvage::miss(std::optional<std::uint64_t> plain_bytes) {
  if (place_ == Place::inside) {
    lose_spanning("one of its frames is damaged");
    if (plain_bytes && *plain_bytes <= spanning_.rest_bytes) {
      spanning_.rest_bytes -= *plain_bytes;
      if (spanning_.rest_bytes == 0) place_ = Place::border;
      return;
    }
  }
  place_ = Place::unknown;
}

bool TarSalvage::take(ByteSpan plain) {
  if (plain.empty()) return true;
  if (place_ == Place::unknown) {
    if (top_.empty()) top_ = top_of_frame(plain).value_or(std::string());
    if (!is_cut_as_ours(plain, top_)) return false;
    place_ = Place::border;
  }
  const std::size_t all = plain.size();
  while (!plain.empty() && !ended_) {
    if (place_ == Place::inside) {
      go_on(plain);
    } else if (!member(plain)) {
      place_ = Place::unknown;
      return plain.size() < all;
    }
  }
  return true;
}

// More of a member that began in a frame before.
void TarSalvage::go_on(ByteSpan& plain) {
  const ByteSpan part =
      plain.first(static_cast<std::size_t>(std::min<std::uint64_t>(plain.size(), spanning_.rest_bytes)));
  plain = plain.subspan(part.size());
  spanning_.rest_bytes -= part.size();
  if (spanning_.rest_bytes == 0) place_ = Place::border;
  if (!spanning_.delivered) return;
  const ByteSpan data = part.first(
      static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), spanning_.data_bytes - spanning_.data_done)));
  try {
    if (spanning_.expected) spanning_.hash.update(data);
    if (spanning_.receiver) spanning_.layout->deliver(*spanning_.receiver, spanning_.data_done, data);
    spanning_.data_done += data.size();
    if (place_ != Place::border) return;
    if (spanning_.expected && spanning_.hash.finish() != spanning_.expected) {
      if (spanning_.strict) return lose_spanning("its content does not have its sha256");
      spanning_.expected.reset();
    }
    if (spanning_.receiver) std::exchange(spanning_.receiver, nullptr)->finish();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return lose_spanning(error.message());
  }
  spanning_.delivered = false;
  count(true, spanning_.expected.has_value());
}

// What the manifest says of it, if that can be held against it. Throws Error verification if a proven manifest says
// something else, or nothing.
const ManifestEntry* TarSalvage::agreeing(TarMember& member, const std::string& path) {
  const ManifestEntry* const listed = listed_.find(path);
  if (listed_.complete()) {
    if (listed == nullptr) member_damaged(path, "the manifest does not list it");
    require_agreement(member, *listed, top_);
    if (listed->entry.type == EntryType::file && !listed->sha256) {
      member_damaged(path, "the manifest has no hash of it");
    }
    return listed;
  }
  if (listed == nullptr) return nullptr;
  // A damaged list proves nothing by saying something else.
  try {
    require_agreement(member, *listed, top_);
    return listed;
  } catch (const Error&) {
    return nullptr;
  }
}

// The next member, which begins here. False if there is none.
bool TarSalvage::member(ByteSpan& plain) {
  std::optional<TarMember> member;
  try {
    member = decode_tar_member(plain);
    if (!member) {
      ended_ = summary_.tar_ended = true;
      return true;
    }
    if (member->data_bytes > kLargestMember) return false;
  } catch (const Error&) {
    return false;
  }
  const std::uint64_t padded_bytes = padded(member->data_bytes);
  plain = plain.subspan(member->header_bytes);
  const ByteSpan stored = plain.first(static_cast<std::size_t>(std::min<std::uint64_t>(padded_bytes, plain.size())));
  plain = plain.subspan(stored.size());
  if (stored.size() < padded_bytes) {
    spanning_ = {};
    spanning_.rest_bytes = padded_bytes - stored.size();
    place_ = Place::inside;
  }
  const std::string stored_path = member->entry.path;
  const auto path = path_below(stored_path, top_);
  const bool has_target = member->entry.type == EntryType::hardlink;
  const auto target = has_target ? path_below(member->entry.link, top_) : std::optional<std::string>("-");
  if (!path || !target || target->empty()) {
    lost(stored_path, "this member leads outside of the archive's folder; it was left out");
    return true;
  }
  if (path->empty()) return true;  // the top folder
  try {
    const ManifestEntry* const listed = agreeing(*member, *path);
    member->entry.path = *path;
    if (has_target) member->entry.link = *target;
    deliver(*member, stored, padded_bytes, listed);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    lost(*path, error.message());
  }
  return true;
}

void TarSalvage::deliver(TarMember& member, ByteSpan stored, std::uint64_t padded_bytes, const ManifestEntry* listed) {
  const Entry& entry = member.entry;
  if (options_.wanted && !options_.wanted(listed != nullptr ? *listed : as_listed(entry))) return;
  if (entry.type == EntryType::directory) {
    sink_.other(entry);
    return count(false, false);
  }
  if (entry.type == EntryType::hardlink && !delivered_.contains(std::hash<std::string>()(entry.link))) {
    return lost(entry.path, fmt::format("its other name {} was not restored", printable(entry.link)));
  }
  if (!is_new(entry.path)) {
    if (options_.on_note) options_.on_note(entry.path, "a second member of this name was left out");
    return;
  }
  try {
    if (entry.type == EntryType::file) return deliver_file(member, stored, padded_bytes, listed);
    sink_.other(entry);
    count(false, false);
  } catch (const Error&) {
    delivered_.erase(std::hash<std::string>()(entry.path));
    throw;
  }
}

void TarSalvage::deliver_file(TarMember& member, ByteSpan stored, std::uint64_t padded_bytes,
                              const ManifestEntry* listed) {
  const std::string& path = member.entry.path;
  const bool whole = stored.size() == padded_bytes;
  const ByteSpan data =
      stored.first(static_cast<std::size_t>(std::min<std::uint64_t>(stored.size(), member.data_bytes)));
  std::optional<Sha256Digest> expected = listed != nullptr ? listed->sha256 : std::nullopt;
  if (whole && expected && sha256(data) != *expected) {
    if (listed_.complete()) member_damaged(path, "its content does not have its sha256");
    expected.reset();  // it is the list that is damaged: the frame has its checksum
  }
  std::optional<StoredFile> layout(std::in_place, member, data);
  std::unique_ptr<FileReceiver> receiver = sink_.file(member.entry, whole);
  if (whole) {
    if (receiver) {
      layout->deliver(*receiver, 0, data);
      receiver->finish();
    }
    return count(true, expected.has_value());
  }
  spanning_.path = path;
  spanning_.data_bytes = member.data_bytes;
  spanning_.data_done = data.size();
  spanning_.delivered = true;
  spanning_.layout = std::move(layout);
  spanning_.receiver = std::move(receiver);
  spanning_.expected = expected;
  spanning_.strict = listed_.complete();
  if (spanning_.expected) spanning_.hash.update(data);
  if (spanning_.receiver) spanning_.layout->deliver(*spanning_.receiver, 0, data);
}

void TarSalvage::finish() {
  if (place_ == Place::inside) lose_spanning(kCut);
  listed_.finish();
}

}  // namespace wobackup
