#include "backend/sftp/ssh_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "backend/sftp/host_key.h"
#include "backend/sftp/ssh_login.h"
#include "backend/sftp/ssh_wait.h"
#include "backend/store_rules.h"
#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// One call takes no more than so much, or libssh would queue all of it in memory.
constexpr std::size_t kMostSendBytes = std::size_t{256} << 10U;

void set_option(ssh_session session, ssh_options_e option, const void* value, std::string_view what) {
  if (ssh_options_set(session, option, value) != SSH_OK) {
    throw Error(ErrorKind::usage, fmt::format("{}: {}", what, printable(ssh_get_error(session))));
  }
}

void read_configuration(ssh_session session, const SftpSettings& settings) {
  const bool none = settings.ssh_config == "none";
  const char* file = settings.ssh_config && !none ? settings.ssh_config->c_str() : nullptr;
  if (!none && ssh_options_parse_config(session, file) != 0) {
    throw Error(ErrorKind::usage, fmt::format("cannot read the ssh configuration{}{}", file == nullptr ? "" : " ",
                                              file == nullptr ? "" : printable(file)));
  }
  const bool no_more = false;
  set_option(session, SSH_OPTIONS_PROCESS_CONFIG, &no_more, "cannot set up ssh");
}

void set_options(ssh_session session, const SftpSettings& settings) {
  set_option(session, SSH_OPTIONS_HOST, settings.host.c_str(), "not a host");
  read_configuration(session, settings);
  if (!settings.user.empty()) set_option(session, SSH_OPTIONS_USER, settings.user.c_str(), "not a user");
  if (settings.port != 0) {
    const unsigned port = settings.port;
    set_option(session, SSH_OPTIONS_PORT, &port, "not a port");
  }
  if (!settings.known_hosts.empty()) {
    set_option(session, SSH_OPTIONS_KNOWNHOSTS, settings.known_hosts.c_str(), "not a known_hosts file");
    set_option(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, settings.known_hosts.c_str(), "not a known_hosts file");
  }
  const int nodelay = 1;
  set_option(session, SSH_OPTIONS_NODELAY, &nodelay, "cannot set up ssh");
  prefer_host_keys(session, settings);
}

}  // namespace

void check_sftp_settings(const SftpSettings& settings) {
  if (settings.host.empty() || settings.host.front() == '-') {
    throw Error(ErrorKind::usage, fmt::format("not a host: {}", printable(settings.host)));
  }
  if (settings.folder.empty()) throw Error(ErrorKind::usage, "there is no folder on the SFTP server");
  for (const std::string& key : settings.host_keys) {
    if (is_host_key(key)) continue;
    throw Error(ErrorKind::usage, fmt::format("not a host key: {}", printable(key.substr(0, 100))),
                "write \"SHA256:...\" or \"ssh-ed25519 AAAA...\"");
  }
  if (settings.connections < 1 || settings.connections > 16) {
    throw Error(ErrorKind::usage, "1 to 16 connections go at once");
  }
}

void SshSession::FreeSession::operator()(ssh_session session) const noexcept {
  // Not ssh_disconnect, which would wait for a server that may be gone.
  ssh_silent_disconnect(session);
  ssh_free(session);
}

SshSession::SshSession(const SftpSettings& settings, const Cancellation& cancellation)
    : shown_(fmt::format("sftp://{}", printable(settings.host))),
      session_(ssh_new()),
      cancellation_(&cancellation),
      stall_(settings.stall) {
  if (!session_) throw std::bad_alloc();
  ssh_session session = session_.get();
  set_options(session, settings);
  ssh_set_blocking(session, 0);
  const SshWait wait(session, shown_, cancellation, settings.connect_time);
  if (wait.until_done([&] { return ssh_connect(session); }) != SSH_OK) {
    throw ssh_failure(session, fmt::format("cannot connect to {}", shown_), true);
  }
  require_known_host(session, settings, shown_);
  ssh_log_in(session, settings, wait, shown_);
  channel_.reset(ssh_channel_new(session));
  if (!channel_) throw std::bad_alloc();
  if (wait.until_done([&] { return ssh_channel_open_session(channel_.get()); }) != SSH_OK ||
      wait.until_done([&] { return ssh_channel_request_sftp(channel_.get()); }) != SSH_OK) {
    if (ssh_get_error_code(session) == SSH_REQUEST_DENIED) {
      throw ssh_failure(session, fmt::format("{} has no SFTP", shown_), false);
    }
    throw ssh_failure(session, fmt::format("cannot connect to {}", shown_), true);
  }
}

SshSession::~SshSession() = default;

void SshSession::be_quick(const Cancellation& cancellation, std::chrono::seconds stall) {
  cancellation_ = &cancellation;
  stall_ = stall;
}

std::size_t SshSession::send(ByteSpan bytes) {
  const SshWait wait(session_.get(), shown_, *cancellation_, stall_);
  const auto size = static_cast<std::uint32_t>(std::min(bytes.size(), kMostSendBytes));
  // 0: the server has not taken what was sent before.
  const int sent = wait.until_done([&] { return ssh_channel_write(channel_.get(), bytes.data(), size); }, 0);
  if (sent < 0) throw ssh_failure(session_.get(), fmt::format("the connection to {} was lost", shown_), true);
  return static_cast<std::size_t>(sent);
}

std::size_t SshSession::receive(MutableByteSpan buffer) {
  const SshWait wait(session_.get(), shown_, *cancellation_, stall_);
  const auto size = static_cast<std::uint32_t>(std::min(buffer.size(), kMostSendBytes));
  const int received = wait.until_done(
      [&] {
        const int count = ssh_channel_read_nonblocking(channel_.get(), buffer.data(), size, 0);
        return count == 0 && ssh_channel_is_eof(channel_.get()) != 0 ? SSH_EOF : count;
      },
      0);
  if (received < 0) {
    throw Error(ErrorKind::failed, fmt::format("the connection to {} was lost", shown_), "", true);
  }
  return static_cast<std::size_t>(received);
}

}  // namespace wobackup
