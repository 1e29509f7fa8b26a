#include "backend/sftp/host_key.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

struct ServerKey {
  std::string fingerprint;  // "SHA256:..."
  std::string line;         // "ssh-ed25519 AAAA..."
};

ServerKey server_key(ssh_session session, const std::string& shown) {
  ssh_key raw = nullptr;
  if (ssh_get_server_publickey(session, &raw) != SSH_OK) {
    throw Error(ErrorKind::failed, fmt::format("{} shows no key", shown));
  }
  const std::unique_ptr<ssh_key_struct, void (*)(ssh_key)> key(raw, ssh_key_free);
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(key.get(), SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0) {
    throw Error(ErrorKind::failed, fmt::format("the key of {} has no fingerprint", shown));
  }
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned_hash(
      hash, [](unsigned char* bytes) { ssh_clean_pubkey_hash(&bytes); });
  ServerKey found;
  const std::unique_ptr<char, void (*)(char*)> print(ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size),
                                                     ssh_string_free_char);
  if (print) found.fingerprint = print.get();
  char* base64 = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &base64) == SSH_OK) {
    found.line = fmt::format("{} {}", ssh_key_type_to_char(ssh_key_type(key.get())), base64);
    ssh_string_free_char(base64);
  }
  return found;
}

// The key of "ssh-ed25519 AAAA... comment" alone.
std::string_view key_part(std::string_view line) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos) return line;
  const std::string_view rest = line.substr(first + 1);
  return rest.substr(0, rest.find(' '));
}

bool is_named(const ServerKey& key, const std::vector<std::string>& named) {
  return std::any_of(named.begin(), named.end(), [&](const std::string& name) {
    if (name.starts_with("SHA256:")) return name == key.fingerprint;
    return !key.line.empty() && key_part(name) == key_part(key.line);
  });
}

}  // namespace

void prefer_host_keys(ssh_session session, const SftpSettings& settings) {
  std::string kinds;
  for (const std::string& key : settings.host_keys) {
    std::string kind = key.substr(0, key.find(' '));
    if (kind.starts_with("SHA256:")) return;  // it may be of any kind
    if (kind == "ssh-rsa") kind = "rsa-sha2-512,rsa-sha2-256";
    kinds += (kinds.empty() ? "" : ",") + kind;
  }
  if (!kinds.empty()) ssh_options_set(session, SSH_OPTIONS_HOSTKEYS, kinds.c_str());
}

void require_known_host(ssh_session session, const SftpSettings& settings, const std::string& shown) {
  const ServerKey key = server_key(session, shown);
  if (!settings.host_keys.empty()) {
    if (is_named(key, settings.host_keys)) return;
    throw Error(ErrorKind::failed,
                fmt::format("{} shows the key {}, which is not the one in wobackup's settings", shown, key.fingerprint),
                "somebody may be between you and the server; if its key was really changed, change host_keys too");
  }
  switch (ssh_session_is_known_server(session)) {
    case SSH_KNOWN_HOSTS_OK:
      return;
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
      throw Error(ErrorKind::failed,
                  fmt::format("{} shows the key {}, but known_hosts has another one", shown, key.fingerprint),
                  "somebody may be between you and the server; if its key was really changed, remove the old line "
                  "with ssh-keygen -R");
    case SSH_KNOWN_HOSTS_NOT_FOUND:
    case SSH_KNOWN_HOSTS_UNKNOWN:
      throw Error(ErrorKind::failed, fmt::format("{} is not known: it shows the key {}", shown, key.fingerprint),
                  fmt::format("if the server's admin says that this is its key, set host_keys = [\"{}\"], or "
                              "connect once with ssh as this user",
                              key.fingerprint));
    default:
      throw Error(ErrorKind::failed,
                  fmt::format("cannot look up {} in known_hosts: {}", shown, printable(ssh_get_error(session))));
  }
}

}  // namespace wobackup
