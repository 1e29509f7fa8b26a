#include "wordpress/http_check.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "base/host_name.h"
#include "base/text.h"
#include "wobackup/error.h"
#include "wordpress/random_token.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostBodyBytes = std::size_t{4} << 20U;
constexpr int kMostRedirects = 5;

template <auto Function>
struct Ends {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};
using CurlHandle = std::unique_ptr<CURL, Ends<curl_easy_cleanup>>;
using CurlList = std::unique_ptr<curl_slist, Ends<curl_slist_free_all>>;
using CurlUrl = std::unique_ptr<CURLU, Ends<curl_url_cleanup>>;
using CurlText = std::unique_ptr<char, Ends<curl_free>>;

struct Page {
  int status = 0;
  std::string body;
  bool cut = false;
  std::string redirect;
};

extern "C" std::size_t wobackup_http_body(char* data, std::size_t size, std::size_t count, void* page) {
  auto& to = *static_cast<Page*>(page);
  const std::size_t room = kMostBodyBytes - to.body.size();
  const std::size_t bytes = size * count;
  to.cut = bytes > room;
  to.body.append(data, std::min(bytes, room));
  return to.cut ? 0 : bytes;  // 0 ends the transfer
}

extern "C" int wobackup_http_progress(void* cancellation, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const Cancellation*>(cancellation)->cancelled() ? 1 : 0;
}

// The names that are the site's own.
std::vector<std::string> own_names(const HttpRequest& request) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    const std::optional<std::string> host = host_name(name);
    if (!host) throw Error(ErrorKind::usage, fmt::format("not a host name: {}", printable(name)));
    names.push_back(*host);
  };
  add(request.host);
  if (!request.host.starts_with("www.")) add("www." + request.host);
  for (const std::string& alias : request.aliases) add(alias);
  return names;
}

CurlList routes(const HttpRequest& request, const std::vector<std::string>& names) {
  const bool is_v6 = request.address.find(':') != std::string::npos && request.address[0] != '[';
  const std::string address = is_v6 ? "[" + request.address + "]" : request.address;
  CurlList list;
  const auto add = [&](const std::string& name, int port, int to) {
    curl_slist* longer = curl_slist_append(list.get(), fmt::format("{}:{}:{}:{}", name, port, address, to).c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const std::string& name : names) {
    add(name, 80, request.http_port);
    add(name, 443, request.https_port);
  }
  return list;
}

// Whether a redirect stays on the site: http or https, one of its names, the usual port. No other address is asked.
bool stays(const std::string& url, const std::vector<std::string>& names) {
  const CurlUrl parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return false;
  const auto part = [&](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return std::string{};
    const CurlText owned(text);
    return lower_ascii(text);
  };
  const std::string scheme = part(CURLUPART_SCHEME);
  const std::string port = part(CURLUPART_PORT);
  if (!(scheme == "http" && port == "80") && !(scheme == "https" && port == "443")) return false;
  return std::find(names.begin(), names.end(), part(CURLUPART_HOST)) != names.end();
}

CurlHandle new_handle() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CurlHandle handle(curl_easy_init());
  if (!handle) throw std::bad_alloc();
  return handle;
}

// What holds for all requests of one check.
void configure(CURL* curl, curl_slist* routes_list, const Cancellation& cancellation) {
  curl_easy_setopt(curl, CURLOPT_CONNECT_TO, routes_list);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "wobackup");
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl, CURLOPT_COOKIEFILE, "");  // in memory: some sites set one and redirect
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, wobackup_http_body);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, wobackup_http_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<Cancellation*>(&cancellation));
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

Page get(CURL* curl, const std::string& url, std::chrono::milliseconds time, const Cancellation& cancellation) {
  Page page;
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &page);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, time.count())));
  const CURLcode result = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  cancellation.check();
  if (result != CURLE_OK && !page.cut) {
    const std::string why = reason[0] != '\0' ? reason.data() : curl_easy_strerror(result);
    throw Error(ErrorKind::failed, fmt::format("no answer from {}: {}", printable(url), printable(why)),
                "is the web server of this machine running?", true);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  page.status = static_cast<int>(status);
  const char* redirect = nullptr;
  curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
  if (redirect != nullptr) page.redirect = redirect;
  return page;
}

}  // namespace

HttpAnswer http_check(const HttpRequest& request, const Cancellation& cancellation) {
  const std::vector<std::string> names = own_names(request);
  const CurlList list = routes(request, names);
  const CurlHandle curl = new_handle();
  configure(curl.get(), list.get(), cancellation);
  const auto deadline = std::chrono::steady_clock::now() + request.time;
  std::string url = fmt::format("{}://{}{}{}wobackup={}", request.https ? "https" : "http", names.front(), request.path,
                                request.path.find('?') == std::string::npos ? '?' : '&', random_token());
  Page page;
  for (int redirects = 0;; ++redirects) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    page = get(curl.get(), url, left, cancellation);
    if (page.redirect.empty() || redirects == kMostRedirects || !stays(page.redirect, names)) break;
    url = page.redirect;
  }
  HttpAnswer answer;
  answer.status = page.status;
  answer.url = printable(url);
  answer.redirect_to = printable(page.redirect);
  answer.body_bytes = page.body.size();
  answer.body_cut = page.cut;
  answer.title = page_title(page.body);
  answer.signs = page_signs(page.body);
  return answer;
}

std::optional<std::string> http_problem(const HttpAnswer& answer, const HttpExpectation& expectation) {
  const bool good_status = answer.status >= 200 && answer.status < 300;
  const bool as_expected = expectation.status ? answer.status == *expectation.status : good_status;
  if (expectation.maintenance) {
    if (answer.status == 503 && answer.signs.maintenance) return std::nullopt;
    return fmt::format("{} answers with status {} instead of the maintenance page", answer.url, answer.status);
  }
  // Pages that are an error as a whole carry an error's status; PHP's own texts come with 200 when it had begun to
  // print.
  if (answer.signs.php_error) return fmt::format("{} shows an error of PHP (status {})", answer.url, answer.status);
  if (as_expected && good_status) {
    if (answer.body_bytes == 0 && answer.status == 200) return fmt::format("{} is an empty page", answer.url);
    return std::nullopt;
  }
  if (answer.signs.database_error) return fmt::format("{}: WordPress cannot connect to the database", answer.url);
  if (answer.signs.critical_error) return fmt::format("{}: WordPress reports a critical error", answer.url);
  if (answer.signs.maintenance) return fmt::format("{} is still in maintenance mode", answer.url);
  if (as_expected) return std::nullopt;
  if (!answer.redirect_to.empty()) {
    return fmt::format("{} redirects to {}, which was not followed", answer.url, answer.redirect_to);
  }
  return fmt::format("{} answers with status {}{}", answer.url, answer.status,
                     answer.title.empty() ? "" : fmt::format(" (\"{}\")", answer.title));
}

}  // namespace wobackup
