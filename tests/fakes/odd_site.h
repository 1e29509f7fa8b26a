// A website's files with everything that can be odd about them.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "fakes/plain_tools.h"

namespace wobackup::test {

/// Fills an existing folder. Needs root.
inline void make_odd_site(const std::filesystem::path& htdocs) {
  const auto write = [](const std::filesystem::path& folder, const std::string& name, std::string_view text = "x") {
    std::filesystem::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  write(htdocs, "empty", "");
  std::filesystem::create_directory(htdocs / "empty folder");
  write(htdocs, std::string(255, 'n'));
  write(htdocs, "new\nline 'quote\" \\back");
  write(htdocs, "bad\xff\xfeutf8");
  std::string deep = ".";
  for (int i = 0; i < 12; ++i) deep += "/" + std::string(100, static_cast<char>('a' + i));
  write(htdocs, deep + "/file", "deep");
  write(htdocs, std::string(200, 'd') + "/" + std::string(90, 'f'), "over 255");
  std::string noise(9'000'000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 2654435761U >> 13U);
  write(htdocs, "large", noise);
  write(htdocs, "linked", "hard");
  std::filesystem::create_hard_link(htdocs / "linked", htdocs / "a-link");
  std::filesystem::create_symlink("nowhere", htdocs / "dangling");
  std::filesystem::create_symlink("/etc/" + std::string(150, 'x'), htdocs / "long-link");
  ::mkfifo((htdocs / "fifo").c_str(), 0640);
  write(htdocs, "owned");
  ASSERT_EQ(::chown((htdocs / "owned").c_str(), 3'000'000, 54321), 0);
  ::chmod((htdocs / "owned").c_str(), 06755);
  write(htdocs, "old");
  const timespec old_times[2] = {{0, 0}, {-1000000, 123456789}};
  ::utimensat(AT_FDCWD, (htdocs / "old").c_str(), old_times, 0);
  write(htdocs, "attributes");
  ::setxattr((htdocs / "attributes").c_str(), "user.a=b%c", "v\0\n", 3, 0);
  run_in(htdocs, {"setfacl", "-m", "u:12345:r,g:54321:rw", "attributes"});
  run_in(htdocs, {"setfacl", "-d", "-m", "u:12345:rwx", "empty folder"});
  write(htdocs, "sparse", "");
  const UniqueFd sparse(::open((htdocs / "sparse").c_str(), O_WRONLY));
  ASSERT_EQ(::ftruncate(sparse.get(), 9'000'000'000), 0);
  ASSERT_EQ(::pwrite(sparse.get(), "data", 4, 8'700'000'000), 4);
  write(htdocs, "small sparse", "");
  ASSERT_EQ(::truncate((htdocs / "small sparse").c_str(), 100'000), 0);
}

}  // namespace wobackup::test
