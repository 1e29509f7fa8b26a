#include "wobackup/secret.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

namespace wobackup {
namespace {

// The kernel's flags for the pages at an address, such as " rd wr dd wf ".
std::string page_flags(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream range(line);
    if (range >> std::hex >> begin >> dash >> end && dash == '-') inside = begin <= wanted && wanted < end;
    if (inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return {};
}

TEST(Secret, Pages_StayOutOfCoreFilesAndChildren) {
  const Secret secret(std::string_view("swordfish"));
  const std::string flags = page_flags(secret.text().data());
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
  EXPECT_NE(flags.find(" wf "), std::string::npos) << flags;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
    ::_exit(std::all_of(secret.bytes().begin(), secret.bytes().end(), is_zero) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the child sees it";
  EXPECT_EQ(secret.text(), "swordfish");
}

TEST(Secret, Moved_LeavesNothingBehind) {
  Secret first(std::string_view("swordfish"));
  Secret second = std::move(first);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(second.text(), "swordfish");
  second = Secret(std::string_view("x"));
  EXPECT_EQ(second.text(), "x");
}

TEST(Secret, Shortened_HasWipedItsEnd) {
  Secret secret(std::string_view("swordfish"));
  const char* const begin = secret.text().data();
  secret.shorten(5);
  EXPECT_EQ(secret.text(), "sword");
  EXPECT_EQ(std::string_view(begin + 5, 4), std::string_view("\0\0\0\0", 4));
}

}  // namespace
}  // namespace wobackup
