#include "base/library_on_demand.h"

#include <gtest/gtest.h>

#include "wobackup/error.h"

namespace wobackup {
namespace {

TEST(LibraryOnDemand, Functions_AreFound) {
  LibraryOnDemand library("libm.so.6", "libc6");
  EXPECT_EQ(library.function<double(double)>("floor")(1.5), 1.0);
}

TEST(LibraryOnDemand, WhatIsMissing_IsSaidWithThePackage) {
  LibraryOnDemand no_library("libwobackup-none.so.1", "none-1");
  LibraryOnDemand no_function("libm.so.6", "libc6");
  for (auto* library : {&no_library, &no_function}) {
    try {
      static_cast<void>(library->function<void()>("wobackup_none"));
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::failed);
      EXPECT_NE(error.hint().find("install Debian's package"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace wobackup
