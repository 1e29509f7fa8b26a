#include "fakes/private_sshd.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "base/text.h"
#include "base/unique_fd.h"
#include "fakes/plain_tools.h"

namespace wobackup::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd.get(), general, size) != 0 || ::getsockname(fd.get(), general, &size) != 0) {
    throw std::runtime_error("no port");
  }
  return ntohs(address.sin_port);
}

bool answers(std::uint16_t port) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(port);
  return ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

std::string own_name() {
  const passwd* entry = ::getpwuid(::geteuid());
  if (entry == nullptr) throw std::runtime_error("this user has no name");
  return entry->pw_name;
}

std::string first_words(const std::string& text, int count) {
  const auto words = split(trim(text), ' ');
  return count == 1 ? std::string(words.at(1)) : std::string(words.at(0)) + " " + std::string(words.at(1));
}

}  // namespace

PrivateSshd::PrivateSshd(const std::string& denied, const std::string& program) {
  for (const char* key : {"host", "client", "stranger"}) {
    run_in(folder_.path(), {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", key});
  }
  folder_.write("authorized_keys", text_of_file(folder_ / "client.pub"));
  // sshd's own folder; a machine that never ran one has none.
  if (::geteuid() == 0) ::mkdir("/run/sshd", 0755);
  port_ = free_port();
  folder_.write("sshd_config",
                fmt::format("ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n"
                            "UsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\n"
                            "KbdInteractiveAuthentication no\nMaxStartups 100\nUseDNS no\n"
                            "Subsystem sftp {}{}{}\n",
                            port_, (folder_ / "host").string(), (folder_ / "authorized_keys").string(),
                            program.empty() ? "internal-sftp" : program, denied.empty() ? "" : " -P ", denied));
  start();
}

void PrivateSshd::start() {
  Command command;
  command.argv = {"/usr/sbin/sshd", "-D", "-E", (folder_ / "log").string(), "-f", (folder_ / "sshd_config").string()};
  server_ = std::make_unique<Subprocess>(command);
  for (int attempt = 0; attempt < 600; ++attempt) {
    if (answers(port_)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  throw std::runtime_error("sshd does not start: " + text_of_file(folder_ / "log"));
}

PrivateSshd::~PrivateSshd() {
  server_->kill(SIGTERM);
  server_->wait();
}

std::filesystem::path PrivateSshd::new_folder() const { return folder_ / ("store-" + std::to_string(++folders_)); }

std::string PrivateSshd::host_key() const { return first_words(text_of_file(folder_ / "host.pub"), 2); }

std::string PrivateSshd::fingerprint() const {
  return first_words(run_in(folder_.path(), {"ssh-keygen", "-l", "-f", "host.pub"}), 1);
}

std::filesystem::path PrivateSshd::known_hosts(std::uint16_t port) const {
  return folder_.write("known_hosts-" + std::to_string(port), fmt::format("[127.0.0.1]:{} {}\n", port, host_key()));
}

SftpSettings PrivateSshd::settings(std::uint16_t port) const {
  SftpSettings settings;
  settings.user = own_name();
  settings.host = "127.0.0.1";
  settings.port = port;
  settings.folder = new_folder().string();
  settings.ssh_config = "none";
  settings.known_hosts = known_hosts(port).string();
  settings.identity_file = client_key().string();
  return settings;
}

SftpSettings PrivateSshd::settings() const { return settings(port_); }

}  // namespace wobackup::test
