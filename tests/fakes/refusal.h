// Expecting Error verification.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "wobackup/error.h"

namespace wobackup::test {

/// Whether `action` throws Error verification with this in its message.
template <class Action>
::testing::AssertionResult refuses(const Action& action, std::string_view message_part = {}) {
  try {
    action();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) {
      return ::testing::AssertionFailure() << "another kind of error: " << error.message();
    }
    if (error.message().find(message_part) == std::string::npos) {
      return ::testing::AssertionFailure() << "another message: " << error.message();
    }
    return ::testing::AssertionSuccess();
  }
  return ::testing::AssertionFailure() << "nothing was thrown";
}

}  // namespace wobackup::test
