// A connection on which parts of a dump run. Part of the loader.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/cancellation.h"
#include "base/random_access.h"
#include "database/connection.h"
#include "target/database/dump_layout.h"
#include "target/database/dump_loader.h"
#include "target/database/section_reader.h"
#include "target/database/statement_policy.h"

namespace wobackup {

/// What all sessions of a load share.
struct LoadSource {
  const RandomAccess& dump;
  const DumpLayout& layout;
  const Cancellation& cancellation;

  /// What statements may have at most: as long as the layout says, 64 MiB if it does not.
  [[nodiscard]] std::uint64_t longest() const;
};

/// Has run the dump's prelude. Each section begins with the session's variables as the prelude left them, whatever the
/// section before did. Rows go into a transaction. Used from one thread.
class LoadSession {
 public:
  using Visit = std::function<void(const JudgedStatement&, const DumpStatement&)>;

  /// Throws Error failed if the server does not take statements of the dump's length, verification if the prelude does
  /// more than setting variables.
  LoadSession(const LoadSource& source, const LoadTarget& target);

  /// Gives each statement of the range once it is judged. Sends nothing by itself.
  void read(const ByteRange& range, const Visit& visit);
  /// Sends a statement that was judged, or made of one. Throws Error failed with the offset.
  void send(std::string_view sql, std::uint64_t offset);
  void commit();
  /// Leaves this session out of the binary log if the login may.
  void skip_binary_log();

  [[nodiscard]] DatabaseConnection& connection() { return connection_; }
  /// How the session reads quotes at this moment.
  [[nodiscard]] const QuoteRules& quotes() const { return policy_.quotes(); }

 private:
  void require_packet();
  void run_prelude();

  const LoadSource& source_;
  DatabaseConnection connection_;
  StatementPolicy policy_;
  std::string reset_;  // one SET statement
};

}  // namespace wobackup
