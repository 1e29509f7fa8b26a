#include "fakes/private_s3.h"

#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "backend/s3/http_client.h"
#include "backend/s3/signature.h"
#include "fakes/plain_tools.h"

namespace wobackup::test {
namespace {

constexpr std::uint64_t kPartBytes = std::uint64_t{5} << 20U;

Command command(std::vector<std::string> argv) { return {std::move(argv), {}, {}, std::nullopt}; }

// The first line with a number at its end.
std::uint16_t port_said(Subprocess& server) {
  std::string said;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    pollfd out{server.out_fd(), POLLIN, 0};
    if (::poll(&out, 1, 100) <= 0) continue;
    char buffer[256];
    const ssize_t count = ::read(server.out_fd(), buffer, sizeof buffer);
    if (count <= 0) break;
    said.append(buffer, static_cast<std::size_t>(count));
    const std::size_t end = said.find_last_of("\n");
    const std::size_t digits = said.find_last_not_of("0123456789\n") + 1;
    if (end != std::string::npos && digits < end) return static_cast<std::uint16_t>(std::stoi(said.substr(digits)));
  }
  char why[4096];
  const ssize_t count = ::read(server.err_fd(), why, sizeof why);
  throw std::runtime_error("the server does not start: " + said +
                           std::string(why, static_cast<std::size_t>(std::max<ssize_t>(0, count))));
}

void make_certificates(const ScratchFolder& folder) {
  folder.write("names", "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:s3.localhost,DNS:*.s3.localhost\n");
  const auto openssl = [&](std::vector<std::string> argv) {
    argv.insert(argv.begin(), {"env", "-C", folder.path().string(), "openssl"});
    const Collected result = run_collecting(command(std::move(argv)), std::chrono::minutes(1));
    if (!result.status.success()) throw std::runtime_error("openssl: " + result.err);
  };
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
           "/CN=authority of a test", "-keyout", "ca.key", "-out", "ca.pem"});
  openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=server of a test",
           "-keyout", "server.key", "-out", "server.csr"});
  openssl({"x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
           "-extfile", "names", "-out", "server.pem"});
  folder.write("both.pem", text_of_file(folder / "server.key") + text_of_file(folder / "server.pem"));
}

}  // namespace

StrictS3::StrictS3(bool tls, const std::string& region) : ca_file_(folder_ / "ca.pem"), tls_(tls), region_(region) {
  std::vector<std::string> argv{"python3", STRICT_S3_SCRIPT, "--region", region};
  if (tls) {
    make_certificates(folder_);
    argv.insert(argv.end(), {"--certificate", (folder_ / "both.pem").string()});
  }
  server_ = std::make_unique<Subprocess>(command(std::move(argv)));
  port_ = port_said(*server_);
}

S3Settings StrictS3::settings() const {
  S3Settings settings;
  settings.bucket = "test-bucket";
  settings.endpoint = (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
  settings.region = region_;
  if (tls_) settings.ca_file = ca_file_.string();
  settings.keys = [] { return S3Keys{"AKIDTEST", "secret/with+odd=characters", ""}; };
  settings.part_bytes = kPartBytes;
  return settings;
}

std::string StrictS3::control(const std::string& what, const std::string& body) const {
  HttpClient http(tls_ ? ca_file_.string() : "");
  S3HttpRequest request;
  request.method = "POST";
  request.url = (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_) + "/_control/" + what;
  request.body = bytes_of(body);
  request.text_limit_bytes = std::size_t{16} << 20U;
  const Cancellation never;
  const S3HttpAnswer answer = http.send(request, never);
  if (answer.status != 200) throw std::runtime_error("the test's S3 server does not take " + what);
  return answer.text;
}

void StrictS3::set(const Json& values) const { control("set", values.dump()); }
void StrictS3::fault(const Json& fault) const { control("fault", fault.dump()); }
void StrictS3::put(const std::string& key, const std::string& text) const {
  control("put?key=" + uri_encoded(key, false), text);
}
void StrictS3::begin_upload(const std::string& key, std::chrono::seconds age) const {
  control("begin_upload?key=" + uri_encoded(key, false) + "&age=" + std::to_string(age.count()));
}
void StrictS3::forget_requests() const { control("forget_requests"); }
Json StrictS3::state() const { return Json::parse(control("state")); }

S3rver::S3rver() {
  server_ = std::make_unique<Subprocess>(
      command({"node", std::string(S3RVER_FOLDER) + "/node_modules/s3rver/bin/s3rver.js", "--directory",
               (folder_ / "data").string(), "--address", "127.0.0.1", "--port", "0", "--silent", "--no-vhost-buckets",
               "--configure-bucket", "test-bucket"}));
  port_ = port_said(*server_);
}

S3Settings S3rver::settings() const {
  S3Settings settings;
  settings.bucket = "test-bucket";
  settings.endpoint = "http://127.0.0.1:" + std::to_string(port_);
  settings.keys = [] { return S3Keys{"S3RVER", "S3RVER", ""}; };
  settings.part_bytes = kPartBytes;
  return settings;
}

}  // namespace wobackup::test
