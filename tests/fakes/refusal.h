// Expecting errors.
#pragma once

#include <gtest/gtest.h>

#include <string>
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

/// The message of the error of this kind that `action` throws.
template <class Action>
std::string refusal(const Action& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(name_of(error.kind()), name_of(kind)) << error.message();
    return error.message();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace wobackup::test
