#include "snapshot/selection.h"

#include <algorithm>

#include "wobackup/error.h"

namespace wobackup {

Selection::Selection(const Wish& wish)
    : include_(terms_of(wish.include)),
      exclude_(terms_of(wish.exclude)),
      files_(wish.files),
      database_(wish.database),
      everything_(include_.empty() && exclude_.empty() && files_ && database_) {}

std::vector<Selection::Term> Selection::terms_of(const std::vector<std::string>& texts) {
  std::vector<Term> terms;
  for (const std::string& text : texts) {
    Term term{text, text, std::nullopt, false};
    while (term.path.starts_with("./")) term.path.erase(0, 2);
    while (term.path.starts_with('/')) term.path.erase(0, 1);
    while (term.path.ends_with('/')) term.path.pop_back();
    if (term.path.empty()) throw Error(ErrorKind::usage, "an empty path was given");
    if (text.find_first_of("*?[") != std::string::npos) term.glob.emplace(text);
    terms.push_back(std::move(term));
  }
  return terms;
}

// The path itself, or a folder above it.
bool Selection::matches(const Term& term, std::string_view path, bool is_directory) {
  if (path.starts_with(term.path) && (path.size() == term.path.size() || path[term.path.size()] == '/')) return true;
  if (!term.glob) return false;
  if (term.glob->matches(path, is_directory)) return true;
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (term.glob->matches(path.substr(0, slash), true)) return true;
  }
  return false;
}

bool Selection::may_have(std::string_view path) const {
  return include_.empty() || std::any_of(include_.begin(), include_.end(), [path](const Term& term) {
           return matches(term, path, false) || matches(term, path, true);
         });
}

std::vector<PathRange> Selection::ranges() const {
  std::vector<PathRange> ranges;
  for (const Term& term : include_) {
    if (term.glob) return {};
    ranges.push_back(PathRange::below(term.path));
  }
  return united(std::move(ranges));
}

bool Selection::has(const ManifestEntry& listed) {
  if (everything_) return true;
  const std::string& path = listed.entry.path;
  const bool is_dump = !listed.database.is_null() || path == "databases";
  if (is_dump ? !database_ : !files_) return false;
  const bool is_directory = listed.entry.type == EntryType::directory;
  for (const Term& term : exclude_) {
    if (matches(term, path, is_directory)) return false;
  }
  bool wanted = include_.empty();
  for (Term& term : include_) {
    if (!matches(term, path, is_directory)) continue;
    term.met = true;
    wanted = true;
  }
  return wanted;
}

std::optional<std::string> Selection::unmet() const {
  for (const Term& term : include_) {
    if (!term.met) return term.text;
  }
  return std::nullopt;
}

}  // namespace wobackup
