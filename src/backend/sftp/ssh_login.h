// Logging in to an SSH server.
#pragma once

#include <libssh/libssh.h>

#include <string>

#include "backend/sftp/sftp_settings.h"
#include "backend/sftp/ssh_wait.h"

namespace wobackup {

/// With the settings' key, else with the agent's, the configured and the usual ones; then with the password, if there
/// is one. Nobody is ever asked. Throws Error failed.
void ssh_log_in(ssh_session session, const SftpSettings& settings, const SshWait& wait, const std::string& shown);

}  // namespace wobackup
