#include "source/files/sorted_names.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/file_io.h"

namespace wobackup {
namespace {

std::vector<std::string> drain(SortedNames& names) {
  std::vector<std::string> all;
  names.sort();
  while (const auto name = names.next()) all.emplace_back(*name);
  return all;
}

UniqueFd no_spool() { throw std::logic_error("nothing should be spooled"); }

TEST(SortedNames, ComeInBytewiseOrder) {
  SortedNames names(1 << 20, no_spool);
  for (const char* name : {"b", "a/", "a-b", "a", "\xff", "Z"}) names.add(name);
  EXPECT_EQ(drain(names), (std::vector<std::string>{"Z", "a", "a-b", "a/", "b", "\xff"}));
}

TEST(SortedNames, NoNames_GiveNothing) {
  SortedNames names(1 << 20, no_spool);
  EXPECT_TRUE(drain(names).empty());
}

TEST(SortedNames, MoreThanFitsInMemory_GoThroughTheSpoolInOrder) {
  const UniqueFd folder(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int spools = 0;
  SortedNames names(20'000, [&] {
    ++spools;
    return unnamed_file(folder.get(), "/tmp");
  });
  std::mt19937 random(1);
  std::vector<std::string> expected;
  for (int i = 0; i < 50'000; ++i) {
    expected.push_back(std::string(random() % 40 + 1, static_cast<char>('a' + random() % 26)) + std::to_string(i));
    names.add(expected.back());
    ASSERT_LT(names.memory_bytes(), 4'000'000U);
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(drain(names), expected);
  EXPECT_EQ(spools, 1);
}

}  // namespace
}  // namespace wobackup
