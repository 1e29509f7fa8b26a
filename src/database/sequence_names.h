// Which sequences a column counts by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wobackup {

struct SequenceName {
  std::string schema;  ///< empty if the text names none
  std::string name;
};

/// Those in NEXTVAL, LASTVAL and SETVAL of a default or a CREATE TABLE, as servers write them, in their order.
[[nodiscard]] std::vector<SequenceName> sequences_in(std::string_view text);

}  // namespace wobackup
