// What the settings of stores may be: the same for whoever reads them and for the backends that use them.
#pragma once

#include <string>
#include <string_view>

namespace wobackup {

struct SplitEndpoint {
  std::string scheme;
  std::string authority;
};
/// In small letters, without slashes at the end. Takes any text.
[[nodiscard]] SplitEndpoint split_endpoint(std::string_view endpoint);

/// "https://host" or "https://host:port", or the same with http.
[[nodiscard]] bool is_endpoint(std::string_view text);

/// What an S3 server may be asked for: "AES256" or "aws:kms".
[[nodiscard]] bool is_server_encryption(std::string_view text) noexcept;

/// "SHA256:..." or "ssh-ed25519 AAAA...": looks like the key of an SSH server, or its fingerprint.
[[nodiscard]] bool is_host_key(std::string_view text) noexcept;

}  // namespace wobackup
