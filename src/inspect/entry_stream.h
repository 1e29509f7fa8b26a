// Entries that come by themselves, taken one by one.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "container/content.h"
#include "container/manifest.h"

namespace wobackup {

struct StreamedEntry {
  ManifestEntry listed;
  std::unique_ptr<Content> content;  ///< of a live file
};

/// Turns a producer that visits entries into a sequence that is asked for them, so that two can be merged. The producer
/// runs in a thread of its own, a bounded distance ahead.
class EntryStream {
 public:
  using Push = std::function<void(StreamedEntry)>;
  explicit EntryStream(std::function<void(const Push&)> produce);
  /// Ends the producer.
  ~EntryStream();
  EntryStream(const EntryStream&) = delete;
  EntryStream& operator=(const EntryStream&) = delete;

  /// Nothing at the end. Throws what the producer throws. Used from one thread.
  [[nodiscard]] std::optional<StreamedEntry> next();

 private:
  using Batch = std::vector<StreamedEntry>;
  struct Stopped {};
  void run(const std::function<void(const Push&)>& produce);
  void hand_over(Batch batch);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  bool ended_ = false;
  bool stopped_ = false;
  std::exception_ptr error_;
  Batch current_;
  std::size_t position_ = 0;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace wobackup
