#include "target/database/program_loader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "target/database/program_text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr const char* kView = "view ";

template <class List>
bool holds(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// A range with the object it belongs to.
struct Part {
  const DumpObject* object = nullptr;
  ByteRange range;
};

std::vector<Part> in_order(std::vector<Part> parts) {
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.range.begin < b.range.begin; });
  return parts;
}

std::vector<Part> parts_of(const std::vector<DumpObject>& objects) {
  std::vector<Part> parts;
  for (const DumpObject& object : objects) {
    for (const ByteRange& range : object.ranges) parts.push_back({&object, range});
  }
  return in_order(std::move(parts));
}

// Of views: the last range is the view itself, those before it put something in its place.
std::vector<Part> view_parts(const std::vector<DumpObject>& views, bool stand_ins) {
  std::vector<Part> parts;
  for (const DumpObject& view : views) {
    for (std::size_t i = 0; i < view.ranges.size(); ++i) {
      if ((i + 1 < view.ranges.size()) == stand_ins) parts.push_back({&view, view.ranges[i]});
    }
  }
  return in_order(std::move(parts));
}

class Programs {
 public:
  Programs(LoadSession& session, const LoadOptions& options, LoadResult& result)
      : session_(session), options_(options), notes_(result.notes), event_status_(result.event_status) {}

  void load(const Part& part, StatementKind kind, const char* word) {
    const std::string& name = part.object->name;
    const std::string shown = std::string(word) + printable(name);
    try {
      session_.read(part.range, [&](const JudgedStatement& judged, const DumpStatement& statement) {
        if (judged.kind == StatementKind::skipped)
          note(shown + " was made under another character set of the database");
        if (judged.kind == StatementKind::nothing || judged.kind == StatementKind::skipped) return;
        const bool stand_in = kind == StatementKind::create_view && judged.kind == StatementKind::create_table;
        const bool fits = judged.kind == StatementKind::set ||
                          (judged.kind == StatementKind::drop && name.ends_with(judged.object)) ||
                          ((judged.kind == kind || stand_in) && judged.object == name);
        if (!fits) {
          throw Error(
              ErrorKind::verification,
              fmt::format("the dump has a statement in the definition of {} that does not belong there (byte {}: "
                          "{})",
                          shown, statement.offset, beginning_of(statement.text)));
        }
        if (judged.kind == StatementKind::create_event && options_.events_disabled)
          return load_event(judged, statement);
        if (judged.kind != kind) return session_.send(judged.text(), statement.offset);
        send_owned(judged.text(), statement.offset);
      });
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::failed) throw error.in(shown);
      throw;
    }
  }

  void note(std::string text) {
    if (!holds(notes_, text)) notes_.push_back(std::move(text));
  }

  [[nodiscard]] std::size_t definers() const { return definers_; }

  // The view that was refused just now.
  [[nodiscard]] ForeignView refused(const DumpObject& view) {
    const std::vector<SqlRow> rows =
        session_.connection().rows("SELECT @@character_set_client, @@collation_connection");
    if (rows.empty() || rows[0].size() < 2) throw Error(ErrorKind::failed, "the server does not tell its variables");
    return {view.name, last_create_, rows[0][0].value_or(""), rows[0][1].value_or("")};
  }

 private:
  void send_owned(std::string_view create, std::uint64_t offset) {
    if (options_.definer == DefinerPolicy::keep) return session_.send(create, offset);
    const std::string text = without_definer(create, session_.quotes());
    if (options_.leave_foreign_views) last_create_ = text;
    session_.send(text, offset);
    if (text.size() != create.size() && !is_owners(create)) ++definers_;
  }

  // DEFINER=`wp`@`localhost`, as servers write it.
  [[nodiscard]] bool is_owners(std::string_view create) const {
    constexpr std::string_view kDefiner = "DEFINER=";
    const std::size_t at = create.find(kDefiner);
    if (at == std::string_view::npos || options_.owner.empty()) return false;
    std::string definer;
    for (const char c : create.substr(at + kDefiner.size())) {
      if (c == ' ' || c == '*') break;
      if (c != '`' && c != '\'' && c != '"') definer += c;
    }
    return definer == options_.owner;
  }

  void load_event(const JudgedStatement& judged, const DumpStatement& statement) {
    const DisabledEvent event = as_disabled_event(judged.text(), session_.quotes());
    send_owned(event.text, statement.offset);
    event_status_.emplace(judged.object, event.status);
  }

  LoadSession& session_;
  const LoadOptions& options_;
  std::vector<std::string>& notes_;
  std::map<std::string, std::string>& event_status_;
  std::size_t definers_ = 0;
  std::string last_create_;
};

// For a table, a column, a database, a routine.
bool lacks_rights(const Error& error) {
  const std::string& text = error.message();
  return error.kind() == ErrorKind::failed &&
         (text.ends_with("(1142)") || text.ends_with("(1143)") || text.ends_with("(1044)") || text.ends_with("(1370)"));
}

// A dump has them by their names, and a view may need what another one really is: WITH CHECK OPTION on a view whose
// place is still held by a stand-in is refused. So whatever works is made, until nothing more does.
void load_views(Programs& programs, const DumpLayout& layout, const LoadOptions& options, LoadResult& result) {
  std::vector<Part> left = view_parts(layout.views, false);
  std::vector<Error> errors;
  for (bool progress = true; progress && !left.empty();) {
    std::vector<Part> later;
    errors.clear();
    for (const Part& part : left) {
      try {
        programs.load(part, StatementKind::create_view, kView);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::failed) throw;
        const DumpObject& view = *part.object;
        if (options.leave_foreign_views && view.ranges.size() > 1 && is_utf8(view.name) && lacks_rights(error)) {
          result.foreign_views.push_back(programs.refused(view));
          // Others may use it.
          for (std::size_t i = 0; i + 1 < view.ranges.size(); ++i) {
            programs.load({&view, view.ranges[i]}, StatementKind::create_view, kView);
          }
          continue;
        }
        later.push_back(part);
        errors.push_back(error);
      }
    }
    progress = later.size() < left.size();
    left = std::move(later);
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!holds(layout.broken_views, left[i].object->name)) throw Error(errors[i]);
    programs.note(errors[i].message());
  }
}

}  // namespace

void load_programs(LoadSession& session, const DumpLayout& layout, const LoadOptions& options, LoadResult& result) {
  Programs programs(session, options, result);
  const bool all = options.only_tables.empty();
  if (options.views && all) {
    for (const Part& part : view_parts(layout.views, true)) programs.load(part, StatementKind::create_view, kView);
  }
  if (options.routines && all) {
    for (const Part& part : parts_of(layout.routines)) programs.load(part, StatementKind::create_routine, "");
  }
  if (options.views && all) {
    load_views(programs, layout, options, result);
    for (const std::string& view : layout.broken_views)
      programs.note("view " + printable(view) + " was broken already and is not in the dump");
  }
  if (options.triggers) {
    for (const Part& part : parts_of(layout.triggers)) {
      if (all || holds(options.only_tables, part.object->table)) {
        programs.load(part, StatementKind::create_trigger, "trigger ");
      }
    }
  }
  if (options.events && all) {
    for (const Part& part : parts_of(layout.events)) programs.load(part, StatementKind::create_event, "event ");
  }
  if (programs.definers() > 0) {
    programs.note(
        fmt::format("{} now {} to the user who made {}, not to the former DEFINER: {} of the views, routines, triggers "
                    "and events",
                    programs.definers() == 1 ? "one" : "some", programs.definers() == 1 ? "belongs" : "belong",
                    programs.definers() == 1 ? "it" : "them", programs.definers()));
  }
}

}  // namespace wobackup
