// Where a store is, as people write it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace wobackup {

/// "/srv/backups", "backups", "./s3:x": a folder of this machine. A path without "://" is one.
struct LocalPlace {
  std::filesystem::path folder;
  friend bool operator==(const LocalPlace&, const LocalPlace&) = default;
};

/// "s3://bucket/prefix". Which server it is, and with which keys, is not part of the URL.
struct S3Place {
  std::string bucket;
  std::string prefix;  ///< an object key, or empty; no '/' at its ends
  friend bool operator==(const S3Place&, const S3Place&) = default;
};

/// "sftp://user@host:port/folder". "/folder" is absolute; "/~/folder" begins at the login's own folder.
struct SftpPlace {
  std::string user;        ///< empty: as the ssh configuration says, else this process's user
  std::string host;        ///< a name, a Host of the ssh configuration, or an address ("::1" without brackets)
  std::uint16_t port = 0;  ///< 0: as the ssh configuration says, else 22
  std::string folder;      ///< "/absolute", "relative" or "." for the login's own folder; no "..", no '/' at its end
  friend bool operator==(const SftpPlace&, const SftpPlace&) = default;
};

using StorePlace = std::variant<LocalPlace, S3Place, SftpPlace>;

/// Throws Error usage with a hint, also for a password in the URL, which everybody could read in the list of processes.
/// In user and path, %XX stands for a byte; the host is taken as it is.
[[nodiscard]] StorePlace parse_store_url(std::string_view text);

/// The one spelling of a place: parses to an equal place.
[[nodiscard]] std::string store_url(const StorePlace& place);

}  // namespace wobackup
