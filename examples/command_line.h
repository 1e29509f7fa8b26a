// What a program around the library needs, whatever it does: its arguments, its log, errors told as wobackup tells
// them.
#pragma once

#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wobackup/wobackup.h"

namespace example {

/// PROGRAM [--config FILE] WORD... [-- COMMAND ARG...]
struct Arguments {
  std::optional<std::filesystem::path> config;
  std::vector<std::string> words;
  std::vector<std::string> command;
};

inline Arguments arguments_from(const std::vector<std::string>& given) {
  Arguments arguments;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given[i] == "--") {
      arguments.command.assign(given.begin() + static_cast<std::ptrdiff_t>(i) + 1, given.end());
      break;
    }
    if (given[i] == "--config" && i + 1 < given.size()) {
      arguments.config = given[++i];
    } else {
      arguments.words.push_back(given[i]);
    }
  }
  return arguments;
}

/// The body of main: `work` gets the service and the arguments, and returns the exit code. It throws Error for its own
/// wrong usage, too.
template <class Work>
int run(int argc, char** argv, const char* usage, const Work& work) {
  const auto print_warnings = [](wobackup::LogLevel level, std::string_view text) {
    if (level == wobackup::LogLevel::warning) {
      std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    }
  };
  const Arguments arguments = arguments_from({argv + 1, argv + argc});
  if (arguments.words.empty()) {
    std::fprintf(stderr, "usage: %s   (wobackup %s)\n", usage, wobackup::version());
    return wobackup::exit_code(wobackup::ErrorKind::usage);
  }
  try {
    wobackup::Service service(wobackup::Config::load(arguments.config), print_warnings);
    return work(service, arguments);
  } catch (const wobackup::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    if (!error.hint().empty()) std::fprintf(stderr, "Hint: %s\n", error.hint().c_str());
    return wobackup::exit_code(error.kind());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

}  // namespace example
