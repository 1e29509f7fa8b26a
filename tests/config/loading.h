// Loading a config file from text.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "fakes/scratch_folder.h"
#include "wobackup/config.h"
#include "wobackup/error.h"

namespace wobackup::test {

/// The settings of a config file with this text and mode.
[[nodiscard]] inline Config load(const ScratchFolder& folder, std::string_view text, unsigned mode = 0600) {
  const auto file = folder.write("wobackup.toml", text);
  ::chmod(file.c_str(), mode);
  return Config::load(file);
}

/// The error that loading it gives, as "message | hint" with the file's folder left out; "no error" if there is none.
/// A kind other than usage stands in front.
[[nodiscard]] inline std::string refusal(const ScratchFolder& folder, std::string_view text, unsigned mode = 0600) {
  try {
    static_cast<void>(load(folder, text, mode));
  } catch (const Error& error) {
    std::string told = error.message() + " | " + error.hint();
    const std::string prefix = folder.path().string() + "/";
    while (told.find(prefix) != std::string::npos) told.replace(told.find(prefix), prefix.size(), "");
    return (error.kind() == ErrorKind::usage ? "" : std::string(name_of(error.kind())) + ": ") + told;
  }
  return "no error";
}

}  // namespace wobackup::test
