// A site's own backup folder as a destination among others.
#pragma once

#include <optional>
#include <string>

#include "base/cancellation.h"
#include "snapshot/backup_target.h"
#include "snapshot/destination.h"
#include "store/archive/partial_archive.h"
#include "wobackup/error.h"

namespace wobackup {

class FolderDestination final : public Destination {
 public:
  /// The target outlives the object. Removes what killed runs have left there when it begins.
  FolderDestination(const BackupTarget& target, const WriteLimits& limits, const LogSink& log)
      : target_(target), limits_(limits), log_(log) {}

  [[nodiscard]] std::filesystem::path address_of(const std::string& file_name) const override {
    return target_.directory / file_name;
  }
  void begin(const std::string& file_name, std::uint64_t size_hint_bytes) override;
  void write(ByteSpan bytes) override { partial_->write(bytes); }
  [[nodiscard]] bool publish() override;
  void give_up() noexcept override { partial_.reset(); }
  void cancel() noexcept override { cancellation_.cancel(); }

 private:
  const BackupTarget& target_;
  const WriteLimits limits_;
  const LogSink& log_;
  Cancellation cancellation_;
  std::string file_name_;
  std::optional<PartialArchive> partial_;
};

/// A place that was out of reach from the start: its error is its result, and does not spoil the others.
class UnusableDestination final : public Destination {
 public:
  UnusableDestination(std::filesystem::path folder, Error error)
      : folder_(std::move(folder)), error_(std::move(error)) {}
  [[nodiscard]] std::filesystem::path address_of(const std::string& file_name) const override {
    return folder_ / file_name;
  }
  void begin(const std::string&, std::uint64_t) override { throw Error(error_); }
  void write(ByteSpan) override {}
  [[nodiscard]] bool publish() override { return false; }
  void give_up() noexcept override {}
  void cancel() noexcept override {}

 private:
  std::filesystem::path folder_;
  Error error_;
};

}  // namespace wobackup
