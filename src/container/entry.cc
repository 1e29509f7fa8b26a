#include "container/entry.h"

#include <array>
#include <utility>

namespace wobackup {
namespace {
constexpr std::array<std::pair<EntryType, std::string_view>, 7> kTypes{{{EntryType::file, "file"},
                                                                        {EntryType::directory, "dir"},
                                                                        {EntryType::symlink, "symlink"},
                                                                        {EntryType::hardlink, "hardlink"},
                                                                        {EntryType::fifo, "fifo"},
                                                                        {EntryType::character_device, "chardev"},
                                                                        {EntryType::block_device, "blockdev"}}};
}  // namespace

std::string_view name_of(EntryType type) noexcept {
  for (const auto& [value, name] : kTypes) {
    if (value == type) return name;
  }
  return "file";
}

std::optional<EntryType> entry_type_from(std::string_view name) noexcept {
  for (const auto& [value, word] : kTypes) {
    if (word == name) return value;
  }
  return std::nullopt;
}

}  // namespace wobackup
