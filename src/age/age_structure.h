// What an age file tells without any key.
#pragma once

#include <cstdint>

#include "age/age_header.h"
#include "age/payload.h"

namespace wobackup {

struct AgeStructure {
  AgeHeader header;
  std::uint64_t chunks_begin = 0;  ///< in the file, behind header and payload nonce
  PayloadShape shape;              ///< by the file's length: not proven
};

/// Reads the header, and does the arithmetic of the chunks. Throws Error verification, with the file's name.
[[nodiscard]] AgeStructure read_age_structure(const RandomAccess& file);

}  // namespace wobackup
