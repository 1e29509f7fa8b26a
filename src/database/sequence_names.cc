#include "database/sequence_names.h"

#include <optional>

#include "database/sql_cursor.h"

namespace wobackup {
namespace {

bool is_identifier(const std::optional<SqlPiece>& piece) {
  return piece && (piece->kind == SqlPiece::Kind::name || piece->kind == SqlPiece::Kind::word);
}

}  // namespace

std::vector<SequenceName> sequences_in(std::string_view text) {
  std::vector<SequenceName> found;
  SqlCursor cursor(text, {});
  std::optional<SqlPiece> piece = cursor.next();
  while (piece) {
    const bool counts = piece->is_word("NEXTVAL") || piece->is_word("LASTVAL") || piece->is_word("SETVAL");
    piece = cursor.next();
    if (!counts || !piece || !piece->is_symbol('(')) continue;
    piece = cursor.next();
    if (!is_identifier(piece)) continue;
    SequenceName sequence{{}, piece->value()};
    piece = cursor.next();
    if (piece && piece->is_symbol('.')) {
      piece = cursor.next();
      if (!is_identifier(piece)) continue;
      sequence = {sequence.name, piece->value()};
      piece = cursor.next();
    }
    found.push_back(std::move(sequence));
  }
  return found;
}

}  // namespace wobackup
