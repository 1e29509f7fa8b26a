// What a message must have in it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace wobackup::test {

[[nodiscard]] inline ::testing::AssertionResult says(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "no \"" << part << "\" in:\n" << text;
}

}  // namespace wobackup::test
