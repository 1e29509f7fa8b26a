#include "backend/s3/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostHeaderBytes = std::size_t{64} << 10U;

struct EndCurl {
  void operator()(CURL* curl) const noexcept { curl_easy_cleanup(curl); }
};
struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

// One request on its way.
struct Transfer {
  CURL* curl = nullptr;
  const S3HttpRequest* request = nullptr;
  const Cancellation* cancellation = nullptr;
  S3HttpAnswer answer;
  std::size_t sent_bytes = 0;
  std::size_t header_bytes = 0;
  bool too_long = false;
};

// Bytes that are not this part of the answer's business end the transfer: nothing is stored, and 0 is returned.
std::size_t store_body(Transfer& transfer, const char* data, std::size_t size) {
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  const bool content = (status == 200 || status == 206) && !transfer.request->into.empty();
  S3HttpAnswer& answer = transfer.answer;
  const std::size_t room = content ? transfer.request->into.size() - answer.into_bytes
                                   : transfer.request->text_limit_bytes - answer.text.size();
  if (size > room) {
    transfer.too_long = true;
    return 0;
  }
  if (content) {
    std::memcpy(transfer.request->into.data() + answer.into_bytes, data, size);
    answer.into_bytes += size;
  } else {
    answer.text.append(data, size);
  }
  return size;
}

std::size_t store_header(Transfer& transfer, std::string_view line) {
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > kMostHeaderBytes) {
    transfer.too_long = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) transfer.answer.headers.clear();  // an answer after "100 Continue"
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    transfer.answer.headers[lower_ascii(trim(line.substr(0, colon)))] = std::string(trim(line.substr(colon + 1)));
  }
  return line.size();
}

// libcurl is C: no exception may pass through it. Running out of memory looks like a failed transfer.
template <class Action>
std::size_t guarded(const Action& action) noexcept {
  try {
    return action();
  } catch (const std::exception&) {
    return 0;
  }
}

extern "C" std::size_t wobackup_s3_body(char* data, std::size_t size, std::size_t count, void* transfer) {
  return guarded([&] { return store_body(*static_cast<Transfer*>(transfer), data, size * count); });
}

extern "C" std::size_t wobackup_s3_header(char* data, std::size_t size, std::size_t count, void* transfer) {
  return guarded([&] { return store_header(*static_cast<Transfer*>(transfer), {data, size * count}); });
}

extern "C" std::size_t wobackup_s3_send(char* to, std::size_t size, std::size_t count, void* transfer) {
  auto& sending = *static_cast<Transfer*>(transfer);
  const ByteSpan body = sending.request->body;
  const std::size_t bytes = std::min(size * count, body.size() - sending.sent_bytes);
  if (bytes > 0) std::memcpy(to, body.data() + sending.sent_bytes, bytes);
  sending.sent_bytes += bytes;
  return bytes;
}

// A kept connection turned out to be closed: libcurl begins again on a new one.
extern "C" int wobackup_s3_seek(void* transfer, curl_off_t offset, int origin) {
  auto& sending = *static_cast<Transfer*>(transfer);
  if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > sending.request->body.size()) {
    return CURL_SEEKFUNC_FAIL;
  }
  sending.sent_bytes = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

extern "C" int wobackup_s3_progress(void* transfer, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const Transfer*>(transfer)->cancellation->cancelled() ? 1 : 0;
}

HeaderList header_list(const S3HttpRequest& request) {
  HeaderList list;
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const auto& [name, value] : request.headers) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      throw Error(ErrorKind::usage, fmt::format("the header {} would be two", name));
    }
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  // libcurl's own: it would wait a second for servers that do not know it, and parts are small enough to send again.
  add("Expect:");
  if (!request.body.empty()) add("Content-Type: application/octet-stream");
  return list;
}

bool may_go_away(CURLcode code) noexcept {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_UPLOAD_FAILED:
      return true;
    default:
      return false;
  }
}

std::string hint_for(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return "for a server with a certificate of your own, name its CA's file (ca_file)";
    case CURLE_COULDNT_RESOLVE_HOST:
      return "is the endpoint right, and does this machine reach its DNS server?";
    case CURLE_COULDNT_CONNECT:
      return "is the endpoint right, and does the server run?";
    default:
      return {};
  }
}

// "https://host:port" of an URL, for messages.
std::string_view server_of(std::string_view url) {
  return url.substr(0, url.find('/', std::min(url.find("://") + 3, url.size())));
}

}  // namespace

struct HttpClient::Connection {
  std::unique_ptr<CURL, EndCurl> curl{curl_easy_init()};
};

HttpClient::HttpClient(std::string ca_file) : ca_file_(std::move(ca_file)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::take_connection() {
  const std::scoped_lock lock(mutex_);
  if (!idle_.empty()) {
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    curl_easy_reset(connection->curl.get());  // keeps what is connected
    return connection;
  }
  auto connection = std::make_unique<Connection>();
  if (!connection->curl) throw std::bad_alloc();
  return connection;
}

S3HttpAnswer HttpClient::send(const S3HttpRequest& request, const Cancellation& cancellation) {
  cancellation.check();
  std::unique_ptr<Connection> connection = take_connection();
  CURL* curl = connection->curl.get();
  Transfer transfer;
  transfer.curl = curl;
  transfer.request = &request;
  transfer.cancellation = &cancellation;
  const HeaderList headers = header_list(request);
  std::array<char, CURL_ERROR_SIZE> reason{};

  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "wobackup");
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file_.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file_.c_str());
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(request.connect_time.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall.count()));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, wobackup_s3_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, wobackup_s3_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, wobackup_s3_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  } else if (request.method == "PUT" || request.method == "POST") {
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, wobackup_s3_send);
    curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, wobackup_s3_seek);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());

  const CURLcode result = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  cancellation.check();
  const std::string server = printable(server_of(request.url));
  if (transfer.too_long) {
    throw Error(ErrorKind::verification, fmt::format("{} sends more than it was asked for", server));
  }
  if (result != CURLE_OK) {
    const std::string why = reason[0] != '\0' ? reason.data() : curl_easy_strerror(result);
    throw Error(ErrorKind::failed, fmt::format("no answer from {}: {}", server, printable(why)), hint_for(result),
                may_go_away(result));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  transfer.answer.status = static_cast<int>(status);
  const std::scoped_lock lock(mutex_);
  idle_.push_back(std::move(connection));
  return std::move(transfer.answer);
}

}  // namespace wobackup
