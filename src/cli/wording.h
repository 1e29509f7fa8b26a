// Numbers and notes in messages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output.h"
#include "wobackup/snapshot.h"

namespace wobackup::cli {

/// "12,345"
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1 file", "12,345 files"
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view word);

/// With -v: that an archive without an index was read as a stream, with what that means.
void note_if_unindexed(bool indexed, const std::filesystem::path& archive, Output& output);

/// [{"path", "path_b64" if it is not UTF-8, "what"}]
[[nodiscard]] Json notes_json(const std::vector<PathNote>& notes);
/// The first of them as warnings, and how many more there are. `more`: where to see those.
void show_notes(const std::vector<PathNote>& notes, std::uint64_t count, std::string_view before, std::string_view more,
                Output& output);

}  // namespace wobackup::cli
