#include "age/age_structure.h"

#include "wobackup/error.h"

namespace wobackup {

AgeStructure read_age_structure(const RandomAccess& file, AgeEnd end) {
  try {
    AgeStructure structure;
    structure.header = read_age_header(file);
    structure.chunks_begin = structure.header.bytes + kPayloadNonceBytes;
    if (structure.chunks_begin > file.size()) age_header_wrong("it is cut off: the payload's nonce is missing");
    const std::uint64_t sealed_bytes = file.size() - structure.chunks_begin;
    structure.shape =
        end == AgeEnd::required ? PayloadShape::of_sealed(sealed_bytes) : PayloadShape::of_what_is_left(sealed_bytes);
    return structure;
  } catch (const Error& error) {
    throw error.in(file.name());
  }
}

}  // namespace wobackup
