// Whether a server is the one that it says it is.
#pragma once

#include <libssh/libssh.h>

#include <string>

#include "backend/sftp/sftp_settings.h"

namespace wobackup {

/// Called before connecting: which kinds of keys to ask the server for, if the settings name its key.
void prefer_host_keys(ssh_session session, const SftpSettings& settings);

/// Called when keys have been exchanged. Throws Error failed for a server that the settings or a known_hosts file do
/// not name, with its key's fingerprint and what to do. Nothing is ever learnt by itself.
void require_known_host(ssh_session session, const SftpSettings& settings, const std::string& shown);

}  // namespace wobackup
