// Asking the web server of this machine for a page of a site.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "wordpress/page_signs.h"

namespace wobackup {

/// Which page, and where the server is. The name is not looked up: it goes to this address whatever DNS says.
struct HttpRequest {
  std::string host;                  ///< the site's name
  std::vector<std::string> aliases;  ///< other names of the site; www.<host> is always one
  bool https = false;
  std::string path = "/";
  std::string address = "127.0.0.1";
  std::uint16_t http_port = 80;
  std::uint16_t https_port = 443;
  std::chrono::milliseconds time{30'000};  ///< for all redirects together
};

/// What the server answered. It comes from the site's code: printable, and no more to be trusted.
struct HttpAnswer {
  int status = 0;
  std::string url;          ///< the last one asked for
  std::string redirect_to;  ///< where it leads when that was not followed: another host, or too many in a row
  std::uint64_t body_bytes = 0;
  bool body_cut = false;  ///< longer than 4 MiB; the rest was not read
  std::string title;
  PageSigns signs;
};

/// Follows up to five redirects among the site's own names. A random query keeps page caches from answering, and the
/// certificate is not verified: the server is this machine's own. Throws Error failed if there is no answer.
[[nodiscard]] HttpAnswer http_check(const HttpRequest& request, const Cancellation& cancellation);

/// What an answer should be.
struct HttpExpectation {
  std::optional<int> status;  ///< exactly this, e.g. what the site answered before; default 200 to 299
  bool maintenance = false;   ///< the maintenance page is what should be seen
};

/// What is wrong with an answer, for people; nothing if it is as expected.
[[nodiscard]] std::optional<std::string> http_problem(const HttpAnswer& answer, const HttpExpectation& expectation);

}  // namespace wobackup
