// Seeing an error as text.
#pragma once

#include <string>

#include "wobackup/error.h"

namespace wobackup::test {

/// The error that `action` throws, as "kind: message | hint"; "no error" if there is none.
template <class Action>
[[nodiscard]] std::string told(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(name_of(error.kind())) + ": " + error.message() + " | " + error.hint();
  }
  return "no error";
}

[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace wobackup::test
