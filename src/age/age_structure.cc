#include "age/age_structure.h"

#include "wobackup/error.h"

namespace wobackup {

AgeStructure read_age_structure(const RandomAccess& file) {
  try {
    AgeStructure structure;
    structure.header = read_age_header(file);
    structure.chunks_begin = structure.header.bytes + kPayloadNonceBytes;
    if (structure.chunks_begin > file.size()) age_header_wrong("it is cut off: the payload's nonce is missing");
    structure.shape = PayloadShape::of_sealed(file.size() - structure.chunks_begin);
    return structure;
  } catch (const Error& error) {
    throw error.in(file.name());
  }
}

}  // namespace wobackup
