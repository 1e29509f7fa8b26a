// A database dump inside an archive, ready to be loaded.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "base/unique_fd.h"
#include "store/archive/archive_reader.h"
#include "store/archive/member_access.h"
#include "target/database/dump_layout.h"

namespace wobackup {

/// One dump: its bytes, proven by their hash, and what stands where in them. The archive outlives the object.
class ArchivedDump {
 public:
  /// The dump of the site's own database. Reads all of it once, to compare its hash; a dump of another program's
  /// archive is also scanned, and copied into the unnamed file that `make_spool` gives. Throws Error not_found if the
  /// archive holds none, verification, interrupted.
  ArchivedDump(const ArchiveReader& archive, const std::function<UniqueFd()>& make_spool,
               const Cancellation& cancellation);

  [[nodiscard]] const std::string& member() const noexcept { return member_; }
  [[nodiscard]] const RandomAccess& data() const noexcept { return *data_; }
  [[nodiscard]] const DumpLayout& layout() const noexcept { return layout_; }
  /// Its sha256 in hex; of another program's archive it is read once more.
  [[nodiscard]] std::string sum(const Cancellation& cancellation) const;
  /// "10.11.6-MariaDB"; empty if the archive does not say.
  [[nodiscard]] const std::string& server_version() const noexcept { return server_version_; }

 private:
  std::string member_;
  std::optional<Sha256Digest> sha256_;
  std::unique_ptr<MemberAccess> data_;
  DumpLayout layout_;
  std::string server_version_;
};

/// The default collation that the site's database had, as the archive says; empty if it does not.
[[nodiscard]] std::string dumped_collation(const ArchiveReader& archive);

/// The path of the dump of the site's own database, SQL or SQLite; nothing if there is none. Reads the list of members.
[[nodiscard]] std::optional<std::string> own_dump_of(const ArchiveReader& archive);

}  // namespace wobackup
