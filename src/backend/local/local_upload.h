// A file that is being written, and its publication.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "base/disk_stream.h"
#include "base/unique_fd.h"

namespace wobackup {

/// Sees the bytes pass and does nothing with them.
class NoObserver final : public ByteObserver {
 public:
  void offer(ByteSpan) override {}
  [[nodiscard]] std::uint64_t passed_bytes() const noexcept override { return UINT64_MAX; }
  void catch_up(std::uint64_t) override {}
};

/// See Upload. Small objects are written at once, larger ones by a DiskStream.
class LocalUpload final : public Upload {
 public:
  /// `directory` is its path for messages.
  LocalUpload(UniqueFd directory_fd, std::filesystem::path directory, std::string name, const std::string& owner,
              bool replace);
  ~LocalUpload() override;
  void write(ByteSpan bytes) override;
  [[nodiscard]] bool commit() override;

 private:
  void make_partial(const std::string& owner);
  void finish();
  void replace();

  UniqueFd directory_fd_;
  std::filesystem::path directory_;
  std::string name_;
  bool replace_;
  std::string partial_name_;
  UniqueFd fd_;
  ByteVector beginning_;
  NoObserver no_observer_;
  std::unique_ptr<DiskStream> stream_;  // last: it uses fd_ and no_observer_
};

}  // namespace wobackup
