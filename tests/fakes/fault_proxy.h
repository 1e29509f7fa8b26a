// A line between a client and a server, with everything that happens to lines.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>

#include "base/bytes.h"
#include "base/unique_fd.h"

namespace wobackup::test {

/// Passes on what comes to a port of its own to another port of this machine.
class FaultProxy {
 public:
  explicit FaultProxy(std::uint16_t to_port, std::chrono::milliseconds delay = {})
      : to_port_(to_port), delay_(delay), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* general = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), general, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
        ::getsockname(listener_.get(), general, &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// Resets the connection on which so many more bytes have gone to the server, then the same again, so many times.
  void reset_after(std::int64_t bytes, int times = 1) {
    const std::scoped_lock lock(mutex_);
    reset_every_ = bytes;
    until_reset_ = bytes;
    resets_left_ = times;
  }
  /// The same for bytes from the server, once.
  void reset_answers_after(std::int64_t bytes) {
    const std::scoped_lock lock(mutex_);
    until_answer_reset_ = bytes;
  }
  /// From now on, nothing passes, but connections stay; or everything passes again.
  void stall(bool on) { stalled_ = on; }
  /// From now on, connections are closed as soon as they are made; or no longer.
  void refuse(bool on) { refused_ = on; }
  [[nodiscard]] int connections() const { return connections_; }
  [[nodiscard]] int resets() const { return resets_; }
  [[nodiscard]] std::uint64_t bytes_from_server() const { return bytes_from_server_; }

 private:
  struct Piece {
    std::chrono::steady_clock::time_point due;
    std::string bytes;
  };
  struct Way {
    int from = -1;
    int to = -1;
    std::deque<Piece> waiting;
    bool ended = false;
    bool to_server = false;
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static void reset(const UniqueFd& fd) {
    const linger hard{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }

  void accept_all(const std::stop_token& stop) {
    std::list<std::jthread> lines;
    while (!stop.stop_requested()) {
      pollfd waiting{listener_.get(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      UniqueFd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client) continue;
      ++connections_;
      if (refused_) {
        reset(client);
        continue;
      }
      lines.emplace_back([this, fd = client.release()](const std::stop_token& end) { carry(UniqueFd(fd), end); });
    }
  }

  void carry(UniqueFd client, const std::stop_token& stop) {
    const UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = loopback(to_port_);
    if (::connect(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    const int one = 1;
    ::setsockopt(server.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    Way up{client.get(), server.get(), {}, false, true};
    Way down{server.get(), client.get(), {}, false, false};
    while (!stop.stop_requested() && !(up.ended && up.waiting.empty()) && !(down.ended && down.waiting.empty())) {
      pollfd ends[2] = {{up.from, static_cast<short>(takes(up) ? POLLIN : 0), 0},
                        {down.from, static_cast<short>(takes(down) ? POLLIN : 0), 0}};
      ::poll(ends, 2, up.waiting.empty() && down.waiting.empty() ? 20 : 1);
      if (stalled_) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        continue;
      }
      if (!pass(up, ends[0].revents != 0) || !pass(down, ends[1].revents != 0)) {
        ++resets_;
        reset(client);
        reset(server);
        return;
      }
    }
  }

  static bool takes(const Way& way) { return !way.ended && way.waiting.size() < 4096; }

  // False if this was the moment to break off.
  bool pass(Way& way, bool readable) {
    if (readable && takes(way)) {
      char buffer[65536];
      const ssize_t count = ::recv(way.from, buffer, sizeof buffer, MSG_DONTWAIT);
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) way.ended = true;
      if (count > 0) {
        way.waiting.push_back({std::chrono::steady_clock::now() + delay_, {buffer, static_cast<std::size_t>(count)}});
      }
    }
    while (!way.waiting.empty() && way.waiting.front().due <= std::chrono::steady_clock::now()) {
      const std::string bytes = std::move(way.waiting.front().bytes);
      way.waiting.pop_front();
      if (breaks(way.to_server, static_cast<std::int64_t>(bytes.size()))) return false;
      if (!way.to_server) bytes_from_server_ += bytes.size();
      for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t count = ::send(way.to, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (count <= 0) {
          way.ended = true;
          break;
        }
        done += static_cast<std::size_t>(count);
      }
    }
    return true;
  }

  bool breaks(bool to_server, std::int64_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (!to_server) {
      if (until_answer_reset_ < 0) return false;
      until_answer_reset_ -= bytes;
      return until_answer_reset_ < 0;
    }
    if (resets_left_ == 0) return false;
    until_reset_ -= bytes;
    if (until_reset_ > 0) return false;
    --resets_left_;
    until_reset_ = reset_every_;
    return true;
  }

  std::uint16_t to_port_;
  std::chrono::milliseconds delay_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::int64_t reset_every_ = 0;
  std::int64_t until_reset_ = 0;
  std::int64_t until_answer_reset_ = -1;
  int resets_left_ = 0;
  std::atomic<bool> stalled_{false};
  std::atomic<bool> refused_{false};
  std::atomic<int> connections_{0};
  std::atomic<int> resets_{0};
  std::atomic<std::uint64_t> bytes_from_server_{0};
  std::jthread acceptor_;  // last: it uses all of the above
};

}  // namespace wobackup::test
