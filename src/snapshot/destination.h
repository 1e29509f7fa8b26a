// One place that an archive goes to while it is being made.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/bytes.h"

namespace wobackup {

/// `begin`, `write`, `publish` and `give_up` are called by one thread, the destination's own, in this order. Each of
/// the first three throws Error, after which only `give_up` comes. Nothing is seen at the place before `publish`.
class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  virtual ~Destination() = default;

  /// Where an archive with this file name is, as people name it. From any thread.
  [[nodiscard]] virtual std::filesystem::path address_of(const std::string& file_name) const = 0;

  /// `size_hint_bytes`: about how many will come, rather too many than too few; 0: not known.
  virtual void begin(const std::string& file_name, std::uint64_t size_hint_bytes) = 0;
  /// Takes over all of the bytes before it returns; blocks while too many are under way.
  virtual void write(ByteSpan bytes) = 0;
  /// Makes it durable and gives it its name. False if another archive has that name: nothing has changed then.
  [[nodiscard]] virtual bool publish() = 0;
  /// Takes away what has come there, as far as the place can be reached, unless it was published.
  virtual void give_up() noexcept = 0;

  /// From any thread: what is under way ends soon, with Error interrupted.
  virtual void cancel() noexcept = 0;
};

}  // namespace wobackup
