// A file on its way to an SFTP server.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/retry.h"
#include "backend/sftp/sftp_pool.h"
#include "backend/upload_journal.h"

namespace wobackup {

/// What all uploads to a server share. All of it outlives them.
struct SftpUploading {
  SftpPool& pool;
  RetryPolicy retry;
  Pause& pause;
  const UploadJournal* journal;  ///< may be null
  std::string place;             ///< of the journal
};

/// Written under a hidden name beside its final one, 2 MiB under way at once, over a connection of its own. After a lost
/// connection it goes on where the server is: what was not acknowledged is kept, and sent again. `commit` syncs the file,
/// where the server can, and renames it.
class SftpUpload final : public Upload {
 public:
  /// `folder` and `name` on the server; `store` is the store's own folder, below which missing ones are made.
  SftpUpload(const SftpUploading& shared, std::string store, const std::string& key, std::string shown, bool replace);
  /// Removes the hidden file, within about ten seconds.
  ~SftpUpload() override;
  void write(ByteSpan bytes) override;
  [[nodiscard]] bool commit() override;

 private:
  struct Piece {
    std::uint64_t offset = 0;
    ByteVector bytes;
    std::uint32_t id = 0;
  };

  void connect();
  void open_file();
  void make_folders();
  void send_filled();
  void start(Piece& piece);
  void finish_oldest();
  void require_free_space(const SftpResult& result);
  void finish_file();
  [[nodiscard]] bool publish();
  [[nodiscard]] bool rename();
  void lose_connection() noexcept;
  void remove_file() noexcept;

  SftpUploading shared_;
  Retry retry_;
  std::string store_;
  std::string final_path_;
  std::string path_;  // the hidden one; empty: published
  std::string shown_;
  bool replace_;
  JournaledUpload journaled_;
  SftpLease lease_;
  SftpClient::Handle handle_;
  std::uint64_t size_bytes_ = 0;          // taken over, without what is being filled
  std::uint64_t acknowledged_bytes_ = 0;  // from the beginning, without gaps
  ByteVector filling_;
  std::deque<Piece> under_way_;
  bool rename_begun_ = false;
};

}  // namespace wobackup
