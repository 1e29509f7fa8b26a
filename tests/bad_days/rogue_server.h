// A database server that lies.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "base/unique_fd.h"

namespace wobackup::test {

/// Speaks just enough of the protocol to let any client in, whatever its password; then it does what `Trick` says.
/// One client at a time, on a port of its own.
class RogueServer {
 public:
  enum class Trick {
    ask_for_file,  ///< answers queries by asking for /etc/passwd
    endless_rows,  ///< by rows of one column of 2 KB, up to half a gigabyte
    silence,       ///< says nothing at all
  };
  /// The first `harmless` queries are answered well.
  explicit RogueServer(Trick trick = Trick::ask_for_file, int harmless = 0) : trick_(trick), harmless_(harmless) {
    listener_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, length) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), generic, &length) != 0) {
      throw std::runtime_error("no rogue server");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~RogueServer() { ::shutdown(listener_.get(), SHUT_RDWR); }
  RogueServer(const RogueServer&) = delete;
  RogueServer& operator=(const RogueServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] int clients() const { return clients_; }
  [[nodiscard]] bool asked() const { return asked_; }
  [[nodiscard]] std::uint64_t sent_bytes() const { return sent_bytes_; }
  /// Ends it, after the client at hand.
  void stop() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }
  /// After `stop`: all that clients said when they came in, and all that they answered to the trick.
  [[nodiscard]] const std::string& logins() const { return logins_; }
  [[nodiscard]] const std::string& received() const { return received_; }

 private:
  static constexpr std::uint64_t kMostBytes = std::uint64_t{512} << 20U;

  bool send_packet(int fd, char number, const std::string& payload) {
    std::string packet{static_cast<char>(payload.size() & 0xFFU), static_cast<char>(payload.size() >> 8U), '\0',
                       number};
    packet += payload;
    sent_bytes_ += packet.size();
    return ::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(packet.size());
  }
  std::string receive_packet(int fd) {
    unsigned char header[4];
    if (::recv(fd, header, 4, MSG_WAITALL) != 4) return {};
    number_ = header[3];
    std::string payload(header[0] + 256U * header[1] + 65536U * header[2], '\0');
    if (payload.empty()) return {};  // a recv of nothing waits
    if (::recv(fd, payload.data(), payload.size(), MSG_WAITALL) != static_cast<ssize_t>(payload.size())) return {};
    return payload;
  }
  void serve() {
    while (true) {
      const UniqueFd client(::accept(listener_.get(), nullptr, nullptr));
      if (!client) return;
      ++clients_;
      const timeval patience{5, 0};
      ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      const timeval moment{0, 500'000};  // for a client that hung up in the middle of an answer
      ::setsockopt(client.get(), SOL_SOCKET, SO_SNDTIMEO, &moment, sizeof moment);
      talk(client.get());
    }
  }
  void talk(int client) {
    if (trick_ == Trick::silence) {
      char byte = 0;
      while (::recv(client, &byte, 1, 0) < 0) {
      }
      return;
    }
    // Handshake v10: protocol 4.1, secure connection, plugin authentication, LOCAL FILES, no TLS.
    send_packet(client, 0,
                std::string("\x0a", 1) + "5.5.5-10.11.6-MariaDB" + std::string("\0\1\0\0\0", 5) + "abcdefgh" +
                    std::string(1, '\0') + std::string("\xfe\xf7\x2d\x02\0\x0f\0\x15", 8) + std::string(10, '\0') +
                    "ijklmnopqrst" + std::string(1, '\0') + "mysql_native_password" + std::string(1, '\0'));
    const std::string login = receive_packet(client);
    if (login.empty()) return;
    logins_ += login;
    const std::string fine("\0\0\0\2\0\0\0", 7);
    send_packet(client, 2, fine);
    for (std::string query = receive_packet(client); !query.empty(); query = receive_packet(client)) {
      if (query[0] != '\3' || harmless_-- > 0) {
        send_packet(client, 1, fine);
        continue;
      }
      asked_ = true;
      if (trick_ == Trick::endless_rows) return send_rows(client);
      send_packet(client, 1, "\xfb/etc/passwd");
      for (std::string part = receive_packet(client); !part.empty(); part = receive_packet(client)) received_ += part;
      send_packet(client, static_cast<char>(number_ + 1), fine);
    }
  }
  void send_rows(int client) {
    const std::string end("\xfe\0\0\2\0", 5);
    send_packet(client, 1, "\1");
    send_packet(client, 2, std::string("\3def\0\0\0\1c\0\x0c\x2d\0\0\4\0\0\xfd\0\0\0\0\0", 23));
    send_packet(client, 3, end);
    const std::string row = std::string("\xfc\0\x08", 3) + std::string(2048, 'x');
    char number = 4;
    while (sent_bytes_ < kMostBytes) {
      if (!send_packet(client, number++, row)) return;
    }
    send_packet(client, number, end);
  }

  const Trick trick_;
  int harmless_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> clients_{0};
  std::atomic<bool> asked_{false};
  std::atomic<std::uint64_t> sent_bytes_{0};
  unsigned char number_ = 0;  // of the packet that came last
  std::string logins_, received_;
  std::jthread thread_;
};

}  // namespace wobackup::test
