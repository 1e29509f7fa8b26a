// What uploads and reads cost beside the barest client that sends the same bytes: over loopback, and over a line with a
// delay. Starts servers of its own: build/release/bench/bench_remote [MEGABYTES [DELAY_MS]]
#include <fcntl.h>
#include <fmt/format.h>
#include <libssh/sftp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "backend/ordered_reading.h"
#include "backend/s3/http_client.h"
#include "backend/s3/s3_backend.h"
#include "backend/sftp/sftp_backend.h"
#include "fakes/fault_proxy.h"
#include "fakes/private_s3.h"
#include "fakes/private_sshd.h"

namespace {

using namespace wobackup;

struct Setting {
  std::size_t bytes;
  std::chrono::milliseconds delay;
};

const Cancellation kNever;
SystemPause pause_for_real;  // NOLINT
const SystemClock kClock;

double seconds(const std::function<void()>& action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Side by side, in turns, so that the machine's moods are shared; the best of each counts.
void compare(const Setting& setting, const std::string& what, const std::string& rival,
             const std::function<void(int)>& ours, const std::function<void(int)>& theirs) {
  double best_ours = 1e9, best_theirs = 1e9;
  for (int round = 0; round < 3; ++round) {
    best_theirs = std::min(best_theirs, seconds([&] { theirs(round); }));
    best_ours = std::min(best_ours, seconds([&] { ours(round); }));
  }
  const double mb = static_cast<double>(setting.bytes) / 1e6;
  fmt::print("{:34} {:7.0f} MB/s   {:34} {:7.0f} MB/s   {:5.2f}\n", what, mb / best_ours, rival, mb / best_theirs,
             best_theirs / best_ours);
}

void put(Backend& backend, const std::string& key, const ByteVector& bytes) {
  const auto upload = backend.put(key, {.size_hint_bytes = bytes.size(), .replace = true});
  for (std::size_t at = 0; at < bytes.size(); at += 1U << 20U) {
    upload->write(ByteSpan(bytes).subspan(at, std::min<std::size_t>(1U << 20U, bytes.size() - at)));
  }
  if (!upload->commit()) std::abort();
}

void read(Backend& backend, const std::string& key) {
  const auto object = backend.open(key, {});
  read_in_order(*object, 0, object->size(), {}, [](ByteSpan) {});
}

void measure_s3(const Setting& setting, const ByteVector& bytes) {
  const test::S3rver server;
  S3Settings settings = server.settings();
  const auto port = static_cast<std::uint16_t>(std::stoi(settings.endpoint.substr(settings.endpoint.rfind(':') + 1)));
  test::FaultProxy proxy(port, setting.delay);
  if (setting.delay.count() > 0) settings.endpoint = "http://127.0.0.1:" + std::to_string(proxy.port());
  settings.part_bytes = std::uint64_t{8} << 20U;
  S3Backend backend(settings, {kClock, pause_for_real, kNever, {}, nullptr});
  HttpClient http("");
  const auto bare_put = [&](int) {
    S3HttpRequest request;
    request.method = "PUT";
    request.url = settings.endpoint + "/test-bucket/bare";
    request.body = bytes;
    if (http.send(request, kNever).status != 200) std::abort();
  };
  compare(
      setting, "S3 upload", "one PUT, unsigned", [&](int) { put(backend, "ours", bytes); }, bare_put);
  compare(
      setting, "S3 read", "one GET, unsigned", [&](int) { read(backend, "ours"); },
      [&](int) {
        ByteVector into(bytes.size());
        S3HttpRequest request;
        request.method = "GET";
        request.url = settings.endpoint + "/test-bucket/bare";
        request.into = into;
        if (http.send(request, kNever).into_bytes != bytes.size()) std::abort();
      });
}

// libssh's own SFTP client, one write after the other.
void put_by_libssh(const SftpSettings& settings, const ByteVector& bytes, const std::string& path) {
  ssh_session session = ssh_new();
  const unsigned port = settings.port;
  ssh_options_set(session, SSH_OPTIONS_HOST, settings.host.c_str());
  ssh_options_set(session, SSH_OPTIONS_PORT, &port);
  ssh_options_set(session, SSH_OPTIONS_USER, settings.user.c_str());
  ssh_key key = nullptr;
  if (ssh_connect(session) != SSH_OK ||
      ssh_pki_import_privkey_file(settings.identity_file.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK ||
      ssh_userauth_publickey(session, nullptr, key) != SSH_AUTH_SUCCESS) {
    std::abort();
  }
  sftp_session sftp = sftp_new(session);
  sftp_init(sftp);
  sftp_file file = sftp_open(sftp, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  constexpr std::size_t kPiece = 255U << 10U;  // more than OpenSSH takes ends the connection
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::size_t size = std::min(kPiece, bytes.size() - at);
    if (sftp_write(file, bytes.data() + at, size) != static_cast<ssize_t>(size)) std::abort();
  }
  sftp_close(file);
  sftp_free(sftp);
  ssh_key_free(key);
  ssh_disconnect(session);
  ssh_free(session);
}

void measure_sftp(const Setting& setting, const ByteVector& bytes) {
  const test::PrivateSshd server;
  test::FaultProxy proxy(server.port(), setting.delay);
  const SftpSettings settings = setting.delay.count() > 0 ? server.settings(proxy.port()) : server.settings();
  SftpBackend backend(settings, {kClock, pause_for_real, kNever, {}, nullptr});
  put(backend, "first", ByteVector(1));
  compare(
      setting, "SFTP upload", "libssh's sftp_write of 255 KiB", [&](int) { put(backend, "ours", bytes); },
      [&](int) { put_by_libssh(settings, bytes, settings.folder + "/bare"); });
  compare(
      setting, "SFTP read, 4 connections", "the same, 1 connection", [&](int) { read(backend, "ours"); },
      [&](int) {
        const auto object = backend.open("ours", {});
        read_in_order(*object, 0, object->size(), {.parallel = 1}, [](ByteSpan) {});
      });
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int index, int usual) { return argc > index ? std::atoi(argv[index]) : usual; };
  const Setting setting{static_cast<std::size_t>(number(1, 200)) * 1'000'000, std::chrono::milliseconds(number(2, 0))};
  ByteVector bytes(setting.bytes);
  std::mt19937_64 random(1);  // NOLINT
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  fmt::print("{} MB, delay {} ms each way; best of 3\n", setting.bytes / 1'000'000, setting.delay.count());
  measure_s3(setting, bytes);
  measure_sftp(setting, bytes);
  return 0;
}
