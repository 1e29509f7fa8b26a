#include "target/swap/object_arranger.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/text.h"
#include "database/sequence_names.h"
#include "target/swap/schema_reader.h"
#include "target/swap/stand_ins.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using ObjectName = std::pair<ObjectKind, std::string>;

bool is_routine(ObjectKind kind) {
  return kind == ObjectKind::procedure || kind == ObjectKind::function || kind == ObjectKind::package;
}

// SET STATEMENT, since a table with history refuses to be altered otherwise.
std::string default_statement(const SavedSchema& content, const SavedDefault& column, const std::string& schema,
                              const std::string& expression) {
  const SavedTable* table = content.table(column.table);
  const bool versioned = table != nullptr && table->versioned;
  return fmt::format("{}ALTER TABLE {}.{} ALTER COLUMN {} SET DEFAULT ({})",
                     versioned ? "SET STATEMENT system_versioning_alter_history = KEEP FOR " : "", quoted_name(schema),
                     quoted_name(column.table), quoted_name(column.column), expression);
}

// One database: what is in it, and what shall be.
class Place {
 public:
  Place(SwapSession& session, const SwapPlan& plan, const std::string& schema, const SavedSchema* content)
      : session_(session), plan_(plan), schema_(schema), content_(content) {
    look();
  }

  // Objects of either content that are not this place's.
  [[nodiscard]] std::vector<ObjectName> strangers() const {
    std::vector<ObjectName> found;
    for (const SavedSchema* content : {&plan_.old_content, &plan_.new_content}) {
      for (const SavedObject& object : content->objects) {
        const bool wanted = content_ != nullptr && content_->object(object.kind, object.name) != nullptr;
        if (!wanted && is_present(object)) found.emplace_back(object.kind, object.name);
      }
    }
    return found;
  }

  [[nodiscard]] std::vector<const SavedObject*> wrong(const auto& of_kind) const {
    std::vector<const SavedObject*> found;
    if (content_ == nullptr) return found;
    for (const SavedObject& object : content_->objects) {
      if (object.only_live && !is_live()) continue;
      if (of_kind(object.kind) && !is_right(object)) found.push_back(&object);
    }
    return found;
  }

  // Tables whose triggers are not all as they should be. Their order counts, so they are made again together.
  [[nodiscard]] std::set<std::string> tables_with_wrong_triggers() const {
    std::set<std::string> tables;
    for (const SavedObject* trigger : wrong([](ObjectKind kind) { return kind == ObjectKind::trigger; })) {
      tables.insert(trigger->table);
    }
    return tables;
  }

  [[nodiscard]] std::vector<const SavedDefault*> wrong_defaults() const {
    std::vector<const SavedDefault*> found;
    if (content_ == nullptr) return found;
    for (const SavedDefault& column : content_->defaults) {
      const std::string now = first_value(
          session_.connection(),
          fmt::format(
              "SELECT COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} "
              "AND COLUMN_NAME = {}",
              quoted_text(schema_), quoted_text(column.table), quoted_text(column.column)));
      if (now != expression_here(column)) found.push_back(&column);
    }
    return found;
  }

  // What was broken before; and in shadow, which nobody uses, what uses a view that is made in live alone.
  [[nodiscard]] bool may_lack(const SavedObject& object) const {
    if (object.broken) return true;
    return object.kind == ObjectKind::view && schema_ == plan_.shadow &&
           std::any_of(content_->objects.begin(), content_->objects.end(),
                       [](const SavedObject& other) { return other.only_live; });
  }

  void remove_strangers() {
    for (const auto& [kind, name] : strangers()) drop(kind, name);
  }

  void make(std::vector<std::string>& notes) {
    if (content_ == nullptr) return;
    StandIns(session_.connection(), plan_, schema_).drop();  // of a killed run
    for (const SavedObject* object : wrong(is_routine)) create(*object);
    look();  // a package that is made again has lost its body
    for (const SavedObject* object : wrong([](ObjectKind kind) { return kind == ObjectKind::package_body; })) {
      create(*object);
    }
    for (const std::string& table : tables_with_wrong_triggers()) make_triggers(table);
    for (const SavedDefault* column : wrong_defaults()) set_default(*column);
    make_views(notes);
    for (const SavedObject* object : wrong([](ObjectKind kind) { return kind == ObjectKind::event; })) create(*object);
  }

 private:
  [[nodiscard]] bool is_live() const { return schema_ == plan_.live; }

  // Where a former database is kept. The site's user has no rights there, and the server makes no view that uses what
  // its owner may not: all of it belongs to us, and the saved definitions know the owners.
  [[nodiscard]] bool is_keep() const { return schema_ == plan_.safety || (!is_live() && plan_.undo); }

  [[nodiscard]] Placement placement() const {
    Placement placement{content_->schema, schema_, std::nullopt, session_.connection().is_mariadb(),
                        schema_ == plan_.safety};
    if (is_live() && content_ == &plan_.new_content) placement.definer = plan_.site_user;
    if (is_keep()) placement.definer = session_.account();
    return placement;
  }

  void look() {
    SchemaNames names = read_names(session_.connection(), schema_);
    present_ = std::move(names.others);
    for (const std::string& view : names.views) present_.emplace(ObjectKind::view, view);
    triggers_ = std::move(names.triggers);
  }

  // Another table's trigger of the same name is another object.
  [[nodiscard]] bool is_present(const SavedObject& object) const {
    return object.kind == ObjectKind::trigger ? triggers_.contains({object.table, object.name})
                                              : present_.contains({object.kind, object.name});
  }

  // With the status that an event gets here.
  [[nodiscard]] SavedObject wanted(const SavedObject& object) const {
    SavedObject here = object;
    const auto status = plan_.event_status.find(object.name);
    if (is_live() && content_ == &plan_.new_content && status != plan_.event_status.end()) here.status = status->second;
    return here;
  }

  [[nodiscard]] bool is_right(const SavedObject& object) const {
    if (!is_present(object)) return false;
    const SavedObject now = read_object(session_, schema_, object.kind, object.name);
    if (object.only_live && unusable(object)) return false;
    Placement there = placement();
    Placement here{schema_, schema_, std::nullopt, there.or_replace, false};
    if (is_keep()) here.definer = there.definer;  // whoever of us it was
    return comparable_statement(now, here) == comparable_statement(wanted(object), there) &&
           now.sql_mode == object.sql_mode && now.character_set_client == object.character_set_client;
  }

  // What its owner may not read, a view must not keep: it would do so with our rights once it is displaced. Only
  // prepared, so that nothing of the view runs as us.
  [[nodiscard]] std::optional<std::string> unusable(const SavedObject& view) const {
    DatabaseConnection& connection = session_.connection();
    const std::string select = "SELECT 1 FROM " + quoted_name(schema_) + "." + quoted_name(view.name);
    auto refused = connection.error_of("PREPARE wobackup_view FROM " + quoted_text(select));
    if (!refused) connection.execute("DEALLOCATE PREPARE wobackup_view");
    return refused;
  }

  void drop(ObjectKind kind, const std::string& name) {
    const std::string sql =
        fmt::format("DROP {} IF EXISTS {}.{}", sql_word(kind), quoted_name(schema_), quoted_name(name));
    const bool package = kind == ObjectKind::package || kind == ObjectKind::package_body;
    package ? session_.execute_in_mode("ORACLE", sql) : session_.connection().execute(sql);
  }

  void create(const SavedObject& object) {
    session_.use(schema_);
    const bool replaced = session_.connection().is_mariadb() && object.kind != ObjectKind::event;
    if (!replaced) {
      session_.connection().execute(
          fmt::format("DROP {} IF EXISTS {}", sql_word(object.kind), quoted_name(object.name)));
    }
    const std::string sql = create_statement(wanted(object), placement());
    try {
      try {
        session_.execute_as(object, sql);
      } catch (const Error& error) {
        if (!is_orphan(object, error)) throw;
        drop(object.kind, object.name);
        session_.execute_as(object, sql);
      }
    } catch (const Error& error) {
      throw error.in(fmt::format("{} {}", lower_ascii(sql_word(object.kind)), printable(object.name)));
    }
  }

  // A server that is killed while it drops a trigger can leave the name of it taken, by a trigger of no table. Dropping
  // the name removes that (MariaDB 10.11); a trigger of another table must not be dropped by mistake.
  [[nodiscard]] bool is_orphan(const SavedObject& object, const Error& error) const {
    if (object.kind != ObjectKind::trigger || !error.message().ends_with("(1359)")) return false;
    const SchemaNames now = read_names(session_.connection(), schema_);
    return std::none_of(now.triggers.begin(), now.triggers.end(),
                        [&](const auto& trigger) { return trigger.second == object.name; });
  }

  struct FailedView {
    const SavedObject* view = nullptr;
    Error error;
  };

  // A view may use others: whatever works is made, until nothing more does.
  std::vector<FailedView> try_views(std::vector<const SavedObject*> left) {
    std::vector<FailedView> failed;
    for (bool progress = true; progress && !left.empty();) {
      std::vector<const SavedObject*> later;
      failed.clear();
      for (const SavedObject* view : left) {
        try {
          create(*view);
          if (const auto why = view->only_live ? unusable(*view) : std::nullopt) {
            throw Error(ErrorKind::dump, fmt::format("view {}: {}", printable(view->name), *why));
          }
        } catch (const Error& error) {
          if (error.kind() != ErrorKind::dump || is_lock_wait(error)) throw;
          later.push_back(view);
          failed.push_back({view, error});
        }
      }
      progress = later.size() < left.size();
      left = std::move(later);
    }
    return failed;
  }

  void make_views(std::vector<std::string>& notes) {
    std::vector<FailedView> failed = try_views(wrong([](ObjectKind kind) { return kind == ObjectKind::view; }));
    std::erase_if(failed, [this](const FailedView& one) { return !one.view->broken && may_lack(*one.view); });
    for (const FailedView& one : failed) {
      if (!one.view->broken) throw Error(one.error);
    }
    if (failed.empty()) return;
    failed = try_over_stand_ins(failed);
    for (const FailedView& one : failed) {
      std::string note = fmt::format("in {}: {}; it was broken before, and cannot be made again. It was: {}",
                                     printable(schema_), one.error.message(), printable(one.view->create));
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
    }
  }

  std::vector<FailedView> try_over_stand_ins(const std::vector<FailedView>& failed) {
    std::vector<const SavedObject*> left;
    left.reserve(failed.size());
    for (const FailedView& one : failed) left.push_back(one.view);
    // Also of broken views that are there already: others may use them.
    std::vector<std::string> texts;
    std::set<std::string> views;
    for (const SavedObject& object : content_->objects) {
      if (object.kind != ObjectKind::view) continue;
      views.insert(object.name);
      if (object.broken) texts.push_back(create_statement(object, placement()));
    }
    StandIns stand_ins(session_.connection(), plan_, schema_);
    stand_ins.make(texts, views);
    std::vector<FailedView> still = try_views(std::move(left));
    stand_ins.drop();
    return still;
  }

  void make_triggers(const std::string& table) {
    const auto each = [&](const auto& visit) {
      for (const SavedObject& object : content_->objects) {
        if (object.kind == ObjectKind::trigger && object.table == table) visit(object);
      }
    };
    each([&](const SavedObject& trigger) {
      if (!is_present(trigger)) return;
      session_.connection().execute(
          fmt::format("DROP TRIGGER IF EXISTS {}.{}", quoted_name(schema_), quoted_name(trigger.name)));
    });
    each([&](const SavedObject& trigger) { create(trigger); });
  }

  void set_default(const SavedDefault& column) {
    session_.connection().execute(default_statement(*content_, column, schema_, expression_here(column)));
  }

  // A sequence of live that is missing there, or that stays while its table goes, is what the column goes on naming: it
  // does not exist elsewhere.
  [[nodiscard]] std::string expression_here(const SavedDefault& column) const {
    const std::vector<SequenceName> sequences = sequences_in(column.expression);
    const bool come_along = std::all_of(sequences.begin(), sequences.end(), [this](const SequenceName& sequence) {
      return sequence.schema != content_->schema || content_->table(sequence.name) != nullptr;
    });
    if (content_->schema == plan_.live && !come_along) return column.expression;
    return with_schema(column.expression, content_->schema, schema_);
  }

  SwapSession& session_;
  const SwapPlan& plan_;
  const std::string& schema_;
  const SavedSchema* content_;    // nothing belongs here if null
  std::set<ObjectName> present_;  // but triggers
  std::set<std::pair<std::string, std::string>> triggers_;
};

// Live first: visitors wait there.
std::vector<Place> places(SwapSession& session, const SwapPlan& plan, SwapSide side) {
  std::vector<Place> all;
  const bool after = side == SwapSide::after;
  all.emplace_back(session, plan, plan.live, after ? &plan.new_content : &plan.old_content);
  all.emplace_back(session, plan, after ? plan.safety : plan.shadow, after ? &plan.old_content : &plan.new_content);
  all.emplace_back(session, plan, after ? plan.shadow : plan.safety, nullptr);
  return all;
}

}  // namespace

void arrange_objects(SwapSession& session, const SwapPlan& plan, SwapSide side, std::vector<std::string>& notes) {
  for (Place& place : places(session, plan, side)) {
    place.remove_strangers();
    place.make(notes);
  }
}

void prepare_defaults(SwapSession& session, const SwapPlan& plan) {
  for (const SavedDefault& column : plan.new_content.defaults) {
    const std::string& shadow = plan.shadow;
    static_cast<void>(session.connection().error_of(
        default_statement(plan.new_content, column, shadow, with_schema(column.expression, shadow, plan.live))));
  }
}

bool objects_arranged(SwapSession& session, const SwapPlan& plan, SwapSide side) {
  for (const Place& place : places(session, plan, side)) {
    if (!place.strangers().empty() || !place.wrong_defaults().empty()) return false;
    for (const SavedObject* object : place.wrong([](ObjectKind) { return true; })) {
      if (!place.may_lack(*object)) return false;
    }
  }
  return true;
}

}  // namespace wobackup
