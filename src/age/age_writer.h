// Encrypts what is written through it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "age/recipient.h"
#include "base/byte_output.h"
#include "base/bytes.h"

namespace wobackup {

class Aead;

using Recipients = std::vector<std::unique_ptr<const Recipient>>;

/// Writes an age file to another output: the header at once, then chunk by chunk. With threads of its own, chunks are
/// sealed by them while the next are being written, in blocks of 1 MiB, of which there are two more than threads; each
/// holds twice its size. Used from one thread at a time.
class AgeWriter final : public ByteOutput {
 public:
  /// REQUIRES: at least one recipient. Without threads, `write` itself seals. The output outlives the object.
  AgeWriter(ByteOutput& output, std::span<const std::unique_ptr<const Recipient>> recipients, unsigned threads);
  /// Without `finish`, the file has no end, and nobody will take it for whole.
  ~AgeWriter() override;

  void write(ByteSpan bytes) override;
  /// Writes the last chunk. Nothing may be written afterwards.
  void finish();

 private:
  struct Block {
    ByteVector plain;
    ByteVector sealed;
    std::uint64_t first_chunk = 0;
    bool last = false;
    bool taken = false;
    bool ready = false;
  };

  void write_sealed(ByteSpan bytes);
  void put_chunk(ByteSpan plain, bool last);
  void hand_over(bool last);
  void put_out(std::size_t most_under_way);
  void work(const std::stop_token& stop);
  static void seal(Block& block, Aead& aead);

  ByteOutput& output_;
  Secret payload_key_;
  std::unique_ptr<Aead> aead_;  // of `write`, without threads
  std::uint64_t chunks_ = 0;
  std::unique_ptr<Block> filling_;
  std::vector<std::unique_ptr<Block>> spare_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::unique_ptr<Block>> under_way_;
  std::exception_ptr error_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace wobackup
