// What can be told of a tree, to compare it with its copy.
#pragma once

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crypto/sha256.h"

namespace wobackup::test {

/// Everything that lstat, readlink and the attributes tell of a tree.
inline std::map<std::string, std::string> facts_of(const std::filesystem::path& root) {
  std::map<std::string, std::string> facts;
  std::map<std::pair<dev_t, ino_t>, std::string> first_names;
  std::vector<std::filesystem::path> paths;
  for (const auto& item : std::filesystem::recursive_directory_iterator(root)) paths.push_back(item.path());
  std::sort(paths.begin(), paths.end());
  for (const auto& path : paths) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || S_ISSOCK(status.st_mode)) continue;
    const std::string name = path.lexically_relative(root);
    std::string fact = std::to_string(status.st_mode) + " " + std::to_string(status.st_uid) + ":" +
                       std::to_string(status.st_gid) + " " + std::to_string(status.st_mtim.tv_sec) + "." +
                       std::to_string(status.st_mtim.tv_nsec);
    if (S_ISREG(status.st_mode)) {
      fact += " size " + std::to_string(status.st_size) + " links " + std::to_string(status.st_nlink);
      fact += " first " + first_names.try_emplace({status.st_dev, status.st_ino}, name).first->second;
      if (status.st_size < 50'000'000) {
        std::ifstream file(path, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        fact += " " + hex(sha256(bytes_of(bytes)));
      }
    }
    if (S_ISLNK(status.st_mode)) fact += " -> " + std::filesystem::read_symlink(path).string();
    std::string list(4096, '\0');
    const ssize_t size = ::llistxattr(path.c_str(), list.data(), list.size());
    for (ssize_t at = 0; at < size;) {
      const std::string attribute = list.c_str() + at;
      std::string value(4096, '\0');
      const ssize_t length = ::lgetxattr(path.c_str(), attribute.c_str(), value.data(), value.size());
      value.resize(static_cast<std::size_t>(std::max<ssize_t>(0, length)));
      fact += " " + attribute + "=" + hex(bytes_of(value));
      at += static_cast<ssize_t>(attribute.size()) + 1;
    }
    facts[name] = fact;
  }
  return facts;
}

}  // namespace wobackup::test
