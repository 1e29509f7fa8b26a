#include "target/database/table_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

#include "base/text.h"
#include "database/sequence_names.h"
#include "database/single_value.h"
#include "target/database/table_indexes.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// Below this, one more statement costs more than building the indexes afterwards saves.
constexpr std::uint64_t kWorthSplitting = std::uint64_t{2} << 20U;
constexpr unsigned kMostThreads = 16;
// A long transaction costs its undo log, short ones a sync each.
constexpr std::uint64_t kCommitBytes = std::uint64_t{16} << 20U;

std::uint64_t length_of(const ByteRange& range) { return range.end - range.begin; }

Error misplaced(const DumpStatement& statement, const std::string& where) {
  return Error(ErrorKind::verification,
               fmt::format("the dump has a statement in {} that does not belong there (byte {}: {})", where,
                           statement.offset, beginning_of(statement.text)));
}

// What CREATE TABLE needs besides the sequences that were made before.
void make_sequences(LoadSession& session, std::string_view create, const DumpTable& table, const DumpLayout& layout,
                    const LoadOptions& options, std::vector<std::string>& notes) {
  const bool whole = options.only_tables.empty();
  if (!whole && options.lock_tables) return;
  for (const SequenceName& sequence : sequences_in(create)) {
    const auto named = [&](const DumpObject& object) { return object.name == sequence.name; };
    if (whole && std::any_of(layout.sequences.begin(), layout.sequences.end(), named)) continue;
    session.send("CREATE SEQUENCE IF NOT EXISTS " + quoted_name(sequence.name), table.section.schema.begin);
    if (!whole) continue;
    notes.push_back(fmt::format("the table {} counts by the sequence {}, which is not in the dump: it was made new",
                                printable(table.name), printable(sequence.name)));
  }
}

std::string create_table(LoadSession& session, const DumpTable& table, const DumpLayout& layout,
                         const LoadOptions& options, std::vector<std::string>& notes) {
  std::string indexes;
  bool created = false;
  session.read(table.section.schema, [&](const JudgedStatement& judged, const DumpStatement& statement) {
    const bool of_table = judged.object == table.name;
    switch (judged.kind) {
      case StatementKind::nothing:
      case StatementKind::skipped:
        return;
      case StatementKind::create_table:
        if (created || !of_table) break;
        created = true;
        make_sequences(session, judged.text(), table, layout, options, notes);
        if (length_of(table.section.data) >= kWorthSplitting) {
          TableInTwoParts parts = split_table(judged.text(), session.quotes());
          indexes = std::move(parts.indexes);
          return session.send(parts.create, statement.offset);
        }
        return session.send(judged.text(), statement.offset);
      case StatementKind::drop:
        if (!of_table) break;
        return session.send(judged.text(), statement.offset);
      case StatementKind::set:
        return session.send(judged.text(), statement.offset);
      default:
        break;
    }
    throw misplaced(statement, "the definition of table " + printable(table.name));
  });
  if (!created) {
    throw Error(ErrorKind::verification,
                "the dump does not define table " + printable(table.name) + " where it should");
  }
  return indexes;
}

void create_sequence(LoadSession& session, const DumpObject& sequence) {
  for (const ByteRange& range : sequence.ranges) {
    session.read(range, [&](const JudgedStatement& judged, const DumpStatement& statement) {
      if (judged.kind == StatementKind::nothing || judged.kind == StatementKind::skipped) return;
      const bool of_sequence = judged.kind == StatementKind::drop || judged.kind == StatementKind::create_sequence ||
                               judged.kind == StatementKind::set_value;
      const bool fits = judged.kind == StatementKind::set || (of_sequence && judged.object == sequence.name);
      if (!fits) throw misplaced(statement, "the definition of sequence " + printable(sequence.name));
      session.send(judged.text(), statement.offset);
    });
  }
}

// Its rows are those of the tables that it shows.
bool is_merge_table(DatabaseConnection& connection, const std::string& database, const std::string& table) {
  return first_value(connection, "SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = " +
                                     quoted_text(database) + " AND TABLE_NAME = " + quoted_text(table)) == "MRG_MyISAM";
}

// What several threads share while they fill tables.
class Filling {
 public:
  Filling(std::vector<CreatedTable> tables, const LoadSource& source, const LoadTarget& target,
          const LoadOptions& options)
      : tables_(std::move(tables)), source_(source), target_(target), options_(options) {
    for (const CreatedTable& table : tables_) total_ += length_of(table.table->section.data);
  }

  std::map<std::string, std::uint64_t> run() {
    const auto wanted = static_cast<unsigned>(std::min<std::size_t>(options_.threads, tables_.size()));
    const unsigned count = std::clamp(wanted, 1U, kMostThreads);
    {
      const std::stop_callback outer(source_.cancellation.token(), [this] { cancellation_.cancel(); });
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    }
    if (error_) std::rethrow_exception(error_);
    return std::move(rows_);
  }

 private:
  void work() noexcept {
    try {
      const LoadSource source{source_.dump, source_.layout, cancellation_};
      LoadSession session(source, target_);
      if (options_.skip_binary_log) session.skip_binary_log();
      for (std::size_t i = next_++; i < tables_.size(); i = next_++) fill(session, tables_[i]);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      cancellation_.cancel();
    }
  }

  void fill(LoadSession& session, const CreatedTable& created) {
    const DumpTable& table = *created.table;
    // Deleting or counting them would be the other tables'.
    const bool own_rows = table.section.rows > 0 || !is_merge_table(session.connection(), target_.database, table.name);
    const bool locks = options_.lock_tables && own_rows;
    if (locks) {
      session.send("LOCK TABLES " + quoted_name(table.name) + " WRITE", table.section.schema.begin);
      session.send("DELETE FROM " + quoted_name(table.name), table.section.schema.begin);
    }
    const std::uint64_t read = table.section.data.end == 0 ? 0 : load_rows(session, table);
    session.commit();
    if (!created.indexes.empty()) session.send(created.indexes, table.section.schema.begin);
    const std::uint64_t rows =
        options_.count_rows && own_rows ? count_rows(session.connection(), target_.database, table.name) : read;
    if (read != table.section.rows || rows != table.section.rows) {
      throw Error(ErrorKind::verification,
                  fmt::format("table {} should have {} rows; the dump has {}, and {} were loaded",
                              printable(table.name), table.section.rows, read, rows));
    }
    if (locks) session.send("UNLOCK TABLES", table.section.data.end);
    const std::lock_guard lock(mutex_);
    rows_[table.name] = rows;
  }

  // Nobody uses a shadow table yet, so its rows need not come in one transaction. The first statement has one of its
  // own: MariaDB (since 10.6, with unique checks off) fills an empty table in another way for as long as the
  // transaction lasts, and while it does, its purge threads try in vain to get at the table: that took more processor
  // time than the loading.
  std::uint64_t load_rows(LoadSession& session, const DumpTable& table) {
    std::uint64_t rows = 0, since_commit = kCommitBytes;
    session.read(table.section.data, [&](const JudgedStatement& judged, const DumpStatement& statement) {
      if (judged.kind == StatementKind::nothing || judged.kind == StatementKind::skipped) return;
      const bool of_table = judged.kind == StatementKind::rows || judged.kind == StatementKind::keys;
      if (judged.kind != StatementKind::set && (!of_table || judged.object != table.name)) {
        throw misplaced(statement, "the rows of table " + printable(table.name));
      }
      session.send(judged.text(), statement.offset);
      rows += judged.rows;
      since_commit += statement.end - statement.offset;
      if (!options_.lock_tables && judged.rows > 0 && since_commit >= kCommitBytes) {
        session.commit();
        since_commit = 0;
      }
      advance(statement.end - statement.offset);
    });
    return rows;
  }

  void advance(std::uint64_t bytes) {
    if (!options_.on_progress) return;
    const std::lock_guard lock(mutex_);
    done_ += bytes;
    options_.on_progress(done_, total_);
  }

  const std::vector<CreatedTable> tables_;
  const LoadSource& source_;
  const LoadTarget& target_;
  const LoadOptions& options_;
  Cancellation cancellation_;  // of all threads
  std::atomic<std::size_t> next_{0};

  std::mutex mutex_;  // guards what follows
  std::exception_ptr error_;
  std::map<std::string, std::uint64_t> rows_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

std::vector<CreatedTable> create_tables(LoadSession& session, const LoadSource& source, const LoadOptions& options,
                                        std::vector<std::string>& notes) {
  const std::set<std::string_view> only(options.only_tables.begin(), options.only_tables.end());
  if (only.empty()) {
    for (const DumpObject& sequence : source.layout.sequences) create_sequence(session, sequence);
  }
  std::vector<CreatedTable> created;
  for (const DumpTable& table : source.layout.tables) {
    if (only.empty() || only.contains(table.name)) created.push_back({&table, {}});
  }
  if (!only.empty() && created.size() != only.size()) {
    throw Error(ErrorKind::not_found, "the dump does not have all of the tables that were asked for");
  }
  std::sort(created.begin(), created.end(), [](const CreatedTable& a, const CreatedTable& b) {
    return a.table->section.schema.begin < b.table->section.schema.begin;
  });
  for (CreatedTable& table : created) {
    table.indexes = create_table(session, *table.table, source.layout, options, notes);
  }
  return created;
}

std::map<std::string, std::uint64_t> fill_tables(std::vector<CreatedTable> tables, const LoadSource& source,
                                                 const LoadTarget& target, const LoadOptions& options) {
  std::sort(tables.begin(), tables.end(), [](const CreatedTable& a, const CreatedTable& b) {
    return length_of(a.table->section.data) > length_of(b.table->section.data);
  });
  if (tables.empty()) return {};
  return Filling(std::move(tables), source, target, options).run();
}

}  // namespace wobackup
