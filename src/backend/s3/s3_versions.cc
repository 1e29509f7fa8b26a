#include "backend/s3/s3_versions.h"

#include <fmt/format.h>

#include <array>
#include <pugixml.hpp>

#include "base/text.h"

namespace wobackup {
namespace {

constexpr std::size_t kMostAnswerBytes = std::size_t{4} << 20U;
constexpr std::size_t kLongestId = 1024;

// Nothing for a refusal, and for a server that does not know the question: both are answers.
std::optional<std::string> asked(S3Client& client, TextPairs query, const Cancellation& cancellation) {
  S3Request request;
  request.method = "GET";
  request.query = std::move(query);
  request.text_limit_bytes = kMostAnswerBytes;
  request.accepted = {400, 403, 404, 405, 501};
  request.purpose = fmt::format("cannot ask {} what it keeps", client.name());
  S3HttpAnswer answer = client.send(request, cancellation);
  return answer.status == 200 ? std::optional(std::move(answer.text)) : std::nullopt;
}

pugi::xml_node root_of(pugi::xml_document& document, const std::string& text, std::string_view name) {
  constexpr unsigned kOptions = pugi::parse_cdata | pugi::parse_escapes;
  if (!document.load_buffer(text.data(), text.size(), kOptions, pugi::encoding_utf8)) return {};
  const pugi::xml_node root = document.document_element();
  return root.name() == name ? root : pugi::xml_node();
}

}  // namespace

S3Versioning s3_versioning(S3Client& client, const Cancellation& cancellation) {
  const std::optional<std::string> text = asked(client, {{"versioning", ""}}, cancellation);
  pugi::xml_document document;
  const pugi::xml_node root = text ? root_of(document, *text, "VersioningConfiguration") : pugi::xml_node();
  if (!root) return S3Versioning::unknown;
  const std::string_view status = root.child("Status").text().get();
  if (status == "Enabled") return S3Versioning::enabled;
  if (status == "Suspended") return S3Versioning::suspended;
  return status.empty() ? S3Versioning::off : S3Versioning::unknown;
}

std::optional<std::string> s3_default_lock(S3Client& client, const Cancellation& cancellation) {
  const std::optional<std::string> text = asked(client, {{"object-lock", ""}}, cancellation);
  pugi::xml_document document;
  const pugi::xml_node root = text ? root_of(document, *text, "ObjectLockConfiguration") : pugi::xml_node();
  if (std::string_view(root.child("ObjectLockEnabled").text().get()) != "Enabled") return std::nullopt;
  const pugi::xml_node rule = root.child("Rule").child("DefaultRetention");
  const std::string mode = rule.child("Mode").text().get();
  if (mode.empty()) return std::string();
  for (const char* unit : {"Days", "Years"}) {
    const std::string count = rule.child(unit).text().get();
    if (!count.empty()) return printable(fmt::format("{}, {} {}", mode, count, lower_ascii(unit)).substr(0, 100));
  }
  return printable(mode.substr(0, 100));
}

std::optional<std::vector<std::string>> s3_versions_of(S3Client& client, const std::string& key,
                                                       const Cancellation& cancellation) {
  const std::string full = client.full_key(key);
  const std::optional<std::string> text =
      asked(client, {{"versions", ""}, {"max-keys", "1000"}, {"prefix", full}}, cancellation);
  pugi::xml_document document;
  const pugi::xml_node root = text ? root_of(document, *text, "ListVersionsResult") : pugi::xml_node();
  if (!root) return std::nullopt;
  std::vector<std::string> versions;
  for (const char* kind : {"Version", "DeleteMarker"}) {
    for (const pugi::xml_node& node : root.children(kind)) {
      std::string id = node.child("VersionId").text().get();
      if (node.child("Key").text().get() == full && !id.empty() && id.size() <= kLongestId) {
        versions.push_back(std::move(id));
      }
    }
  }
  return versions;
}

bool remove_s3_version(S3Client& client, const std::string& key, const std::string& version,
                       const Cancellation& cancellation) {
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"versionId", version}};
  request.accepted = {400, 403, 405, 409, 501};
  request.purpose = fmt::format("cannot remove a version of {}/{}", client.name(), printable(key));
  return client.send(request, cancellation).status < 300;
}

}  // namespace wobackup
