// A file on its way to an SFTP server.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "backend/retry.h"
#include "backend/sftp/sftp_pool.h"
#include "backend/surroundings.h"

namespace wobackup {

/// Where an upload goes to.
struct SftpTarget {
  std::string place;  ///< the store, for the journal
  std::string key;
  std::string path;  ///< the object's on the server
  std::string shown;
};

/// Written under a hidden name beside its final one, 512 KiB under way at once, over a connection of its own. After a
/// lost connection it goes on where the server is: what was not acknowledged is kept, and sent again. `commit` syncs
/// the file, where the server can, and renames it.
class SftpUpload final : public Upload {
 public:
  /// Makes missing folders. Pool and surroundings outlive the object.
  SftpUpload(SftpPool& pool, const BackendSurroundings& surroundings, SftpTarget target, bool replace);
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

  SftpPool& pool_;
  SftpTarget target_;
  Retry retry_;
  std::string path_;  // the hidden one; empty: published
  bool replace_;
  JournaledUpload journaled_;
  SftpLease lease_;
  SftpClient::Handle handle_;
  std::uint64_t size_bytes_ = 0;          // taken over, without what is being filled
  std::uint64_t acknowledged_bytes_ = 0;  // from the beginning, without gaps
  std::size_t piece_bytes_ = 1;           // what the server takes at once; told by `connect`
  ByteVector filling_;
  std::deque<Piece> under_way_;
  bool rename_begun_ = false;
};

}  // namespace wobackup
