#include "age/age_base64.h"

namespace wobackup {

std::string age_base64(ByteSpan bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<ByteVector> from_age_base64(std::string_view text) {
  if (text.find('=') != std::string_view::npos) return std::nullopt;
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  const std::optional<std::string> decoded = from_base64(padded);
  if (!decoded) return std::nullopt;
  const ByteSpan bytes = bytes_of(*decoded);
  if (age_base64(bytes) != text) return std::nullopt;
  return ByteVector(bytes.begin(), bytes.end());
}

}  // namespace wobackup
