// What is signed: a request cannot be read as another one, whatever is in its key, query and headers.
#include "backend/s3/signature.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "fuzz/require.h"

using namespace wobackup;

namespace {

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    test::require(i + 2 < text.size(), "%XX is whole");
    out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}

void require_unreserved(std::string_view text, std::string_view others) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    test::require(plain || others.find(c) != std::string_view::npos, "only unreserved characters stay");
  }
}

}  // namespace

// Lines of the input are names and values in turn.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(test::bytes_at(data, size));
  require_unreserved(uri_encoded(text, false), "-._~%");
  require_unreserved(uri_encoded(text, true), "-._~%/");
  test::require(decoded(uri_encoded(text, false)) == text, "encoding loses nothing");
  test::require(decoded(uri_encoded(text, true)) == text, "encoding loses nothing");

  const std::vector<std::string_view> lines = split(text, '\n');
  TextPairs query;
  for (std::size_t i = 0; i + 1 < lines.size(); i += 2) query.emplace_back(lines[i], lines[i + 1]);
  const std::string canonical = canonical_query(query);
  TextPairs again;
  if (!query.empty()) {
    for (const std::string_view pair : split(canonical, '&')) {
      const std::size_t equals = pair.find('=');
      test::require(equals != std::string_view::npos, "each name has a value");
      again.emplace_back(decoded(pair.substr(0, equals)), decoded(pair.substr(equals + 1)));
    }
  }
  test::require(canonical_query(again) == canonical, "a query has one form");
  std::sort(query.begin(), query.end());
  std::sort(again.begin(), again.end());
  test::require(query == again, "a query loses nothing");

  SignableRequest request{"GET", "/" + uri_encoded(text, true), query, {{"host", "h"}, {"x-amz-date", "d"}}, "p"};
  const std::string whole = canonical_request(request);
  test::require(std::count(whole.begin(), whole.end(), '\n') == 7, "a request keeps its lines");
  test::require(authorization(request, {"id", std::string(text), ""}, "r", {}).find('\n') == std::string::npos,
                "a header is one line");
  return 0;
}
