#include "base/host_name.h"

#include <algorithm>

#include "base/text.h"

namespace wobackup {
namespace {

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' || label.back() == '_') {
    return false;
  }
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

}  // namespace

std::optional<std::string> host_name(std::string_view text) {
  std::string name = lower_ascii(text);
  if (name.empty() || name.size() > 253) return std::nullopt;
  const auto labels = split(name, '.');
  if (!std::all_of(labels.begin(), labels.end(), is_label)) return std::nullopt;
  return name;
}

}  // namespace wobackup
