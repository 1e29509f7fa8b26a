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

/// Whether a file without its end is still one: then only what is left of it is there to be read.
enum class AgeEnd { required, may_be_missing };

/// Reads the header, and does the arithmetic of the chunks. Throws Error verification, with the file's name.
[[nodiscard]] AgeStructure read_age_structure(const RandomAccess& file, AgeEnd end = AgeEnd::required);

}  // namespace wobackup
