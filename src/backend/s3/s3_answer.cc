#include "backend/s3/s3_answer.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <pugixml.hpp>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// More than a server may send in one page, whatever we asked for.
constexpr std::size_t kMostListed = 10'000;

Error contradicts(std::string_view what) {
  return Error(ErrorKind::verification, fmt::format("the S3 server's answer has {}", what));
}

// The document's one element. pugixml neither looks at document types nor resolves entities but the five of XML, and
// uses no more memory than a few times the text's length.
pugi::xml_node root_of(pugi::xml_document& document, std::string_view text) {
  constexpr unsigned kOptions = pugi::parse_cdata | pugi::parse_escapes;
  if (!document.load_buffer(text.data(), text.size(), kOptions, pugi::encoding_utf8)) return {};
  return document.document_element();
}

pugi::xml_node expected_root(pugi::xml_document& document, std::string_view text, std::string_view name) {
  const pugi::xml_node root = root_of(document, text);
  if (root.name() == name) return root;
  throw contradicts(fmt::format("no {}", name));
}

std::string text_in(const pugi::xml_node& node, const char* name) { return node.child(name).text().get(); }

bool says_true(const pugi::xml_node& node, const char* name) { return text_in(node, name) == "true"; }

std::optional<std::uint64_t> number_from(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string url_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(std::min(i + 1, text.size()), 2);
    if (digits.size() != 2 || digits.find_first_not_of("0123456789abcdefABCDEF") != std::string_view::npos) {
      throw contradicts("a name that is not encoded as it says");
    }
    std::from_chars(digits.data(), digits.data() + 2, value, 16);
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

// With encoding-type=url names are encoded, where the server knows that.
class Names {
 public:
  explicit Names(const pugi::xml_node& root) : encoded_(text_in(root, "EncodingType") == "url") {}
  [[nodiscard]] std::string in(const pugi::xml_node& node, const char* name) const {
    std::string text = text_in(node, name);
    return encoded_ ? url_decoded(text) : text;
  }

 private:
  bool encoded_;
};

std::chrono::sys_seconds time_in(const pugi::xml_node& node, const char* name) {
  const std::optional<std::chrono::sys_seconds> time = s3_time(text_in(node, name));
  if (!time) throw contradicts(fmt::format("no time in {}", name));
  return *time;
}

}  // namespace

std::optional<S3Fault> s3_fault(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = root_of(document, text);
  if (std::string_view(root.name()) != "Error") return std::nullopt;
  return S3Fault{text_in(root, "Code"), text_in(root, "Message"), text_in(root, "Region")};
}

S3ObjectPage s3_object_page(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = expected_root(document, text, "ListBucketResult");
  const Names names(root);
  S3ObjectPage page;
  for (const pugi::xml_node& node : root.children("Contents")) {
    const std::optional<std::uint64_t> size = number_from(text_in(node, "Size"));
    if (!size || *size > std::numeric_limits<std::int64_t>::max()) throw contradicts("no size of an object");
    if (page.objects.size() == kMostListed) throw contradicts("more names than were asked for");
    page.objects.push_back({names.in(node, "Key"), *size, time_in(node, "LastModified"), text_in(node, "ETag")});
  }
  if (says_true(root, "IsTruncated")) {
    page.next = text_in(root, "NextContinuationToken");
    if (page.next.empty()) throw contradicts("no token for the next page");
  }
  return page;
}

S3UploadPage s3_upload_page(std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_node root = expected_root(document, text, "ListMultipartUploadsResult");
  const Names names(root);
  S3UploadPage page;
  for (const pugi::xml_node& node : root.children("Upload")) {
    if (page.uploads.size() == kMostListed) throw contradicts("more uploads than were asked for");
    page.uploads.push_back({names.in(node, "Key"), text_in(node, "UploadId"), time_in(node, "Initiated")});
  }
  if (says_true(root, "IsTruncated")) {
    page.next_key = names.in(root, "NextKeyMarker");
    page.next_id = text_in(root, "NextUploadIdMarker");
    if (page.next_key.empty()) throw contradicts("no marker for the next page");
  }
  return page;
}

std::string s3_upload_id(std::string_view text) {
  pugi::xml_document document;
  std::string id = text_in(expected_root(document, text, "InitiateMultipartUploadResult"), "UploadId");
  if (id.empty() || id.size() > 4096) throw contradicts("no id of an upload");
  return id;
}

std::string s3_completed_etag(std::string_view text) {
  pugi::xml_document document;
  return text_in(expected_root(document, text, "CompleteMultipartUploadResult"), "ETag");
}

std::string s3_complete_body(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = static_cast<unsigned long long>(i) + 1;
    part.append_child("ETag").text() = etags[i].c_str();
  }
  struct Text final : pugi::xml_writer {
    std::string text;
    void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
  } out;
  document.save(out, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return std::move(out.text);
}

std::optional<std::chrono::sys_seconds> s3_time(std::string_view text) {
  // 2024-01-31T12:00:00, then fractions and "Z", or "+00:00"
  if (text.size() < 20 || text[10] != 'T') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) -> std::optional<int> {
    const std::optional<std::uint64_t> value = number_from(text.substr(at, size));
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
  };
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (!year || !month || !day || !hour || !minute || !second || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
      text[16] != ':' || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<ContentRange> content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto first = number_from(text.substr(0, dash));
  const auto last = number_from(text.substr(dash + 1, slash - dash - 1));
  const auto size = number_from(text.substr(slash + 1));
  if (!first || !last || !size || *first > *last || *last >= *size ||
      *size > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  }
  return ContentRange{*first, *last, *size};
}

}  // namespace wobackup
