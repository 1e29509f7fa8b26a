// Running the tools that users have.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/subprocess.h"

namespace wobackup::test {

/// Runs a program in a folder; returns its output. Throws if it fails, or complains on stderr.
inline std::string run_in(const std::filesystem::path& folder, const std::vector<std::string>& argv) {
  Command command;
  command.argv = {"env", "-C", folder.string()};
  command.argv.insert(command.argv.end(), argv.begin(), argv.end());
  const Collected result = run_collecting(command, std::chrono::minutes(2), std::size_t{64} << 20U);
  if (!result.status.success() || !result.err.empty()) {
    throw std::runtime_error(argv.front() + ": " + result.status.text() + "\n" + result.err);
  }
  return result.out;
}

inline ByteVector bytes_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const ByteSpan bytes = bytes_of(text);
  return {bytes.begin(), bytes.end()};
}

inline std::string text_of_file(const std::filesystem::path& path) { return std::string(text_of(bytes_of_file(path))); }

inline void write_file(const std::filesystem::path& path, ByteSpan bytes) {
  std::ofstream(path, std::ios::binary).write(text_of(bytes).data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace wobackup::test
