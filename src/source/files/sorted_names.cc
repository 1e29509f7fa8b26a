#include "source/files/sorted_names.h"

#include <algorithm>
#include <utility>

#include "base/file_io.h"

namespace wobackup {
namespace {

constexpr std::size_t kReadAheadBytes = 16384;
constexpr const char* kName = "a folder list's temporary file";

}  // namespace

SortedNames::SortedNames(std::size_t memory_bytes, std::function<UniqueFd()> make_spool)
    : limit_bytes_(memory_bytes), make_spool_(std::move(make_spool)) {}

std::size_t SortedNames::memory_bytes() const noexcept {
  return text_.capacity() + spans_.capacity() * sizeof(Span) + runs_.size() * (kReadAheadBytes + sizeof(Run));
}

void SortedNames::add(std::string_view name) {
  spans_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size())});
  text_.append(name);
  if (text_.size() + spans_.size() * sizeof(Span) > limit_bytes_) spill();
}

void SortedNames::sort_memory() {
  const std::string_view text = text_;
  std::sort(spans_.begin(), spans_.end(), [text](const Span& a, const Span& b) {
    return text.substr(a.begin, a.length) < text.substr(b.begin, b.length);
  });
}

// A run is names ended by zero bytes, which no file name contains.
void SortedNames::spill() {
  if (!spool_) spool_ = make_spool_();
  sort_memory();
  std::string run;
  run.reserve(text_.size() + spans_.size());
  for (const Span& span : spans_) {
    run.append(text_, span.begin, span.length);
    run += '\0';
  }
  write_all(spool_.get(), bytes_of(run), kName);
  Run entry;
  entry.at = spooled_bytes_;
  entry.end = spooled_bytes_ + run.size();
  runs_.push_back(std::move(entry));
  spooled_bytes_ += run.size();
  text_.clear();
  spans_.clear();
}

void SortedNames::sort() {
  if (runs_.empty()) {
    sort_memory();
    return;
  }
  if (!spans_.empty()) spill();
  text_ = {};
  spans_ = {};
  for (Run& run : runs_) advance(run);
}

void SortedNames::advance(Run& run) const {
  run.name.clear();
  while (true) {
    const std::size_t end = run.buffer.find('\0', run.position);
    if (end != std::string::npos) {
      run.name.append(run.buffer, run.position, end - run.position);
      run.position = end + 1;
      return;
    }
    run.name.append(run.buffer, run.position);
    run.position = 0;
    const std::size_t wanted = std::min<std::uint64_t>(kReadAheadBytes, run.end - run.at);
    run.buffer.resize(wanted);
    if (wanted == 0) {
      run.exhausted = true;
      return;
    }
    run.buffer.resize(
        pread_up_to(spool_.get(), {reinterpret_cast<std::byte*>(run.buffer.data()), wanted}, run.at, kName));
    run.at += wanted;
  }
}

std::optional<std::string_view> SortedNames::next() {
  if (runs_.empty()) {
    if (position_ == spans_.size()) return std::nullopt;
    const Span span = spans_[position_++];
    return std::string_view(text_).substr(span.begin, span.length);
  }
  Run* smallest = nullptr;
  for (Run& run : runs_) {
    if (!run.exhausted && (smallest == nullptr || run.name < smallest->name)) smallest = &run;
  }
  if (smallest == nullptr) return std::nullopt;
  current_.swap(smallest->name);
  advance(*smallest);
  return current_;
}

}  // namespace wobackup
