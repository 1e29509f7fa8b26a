#include "cli/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "cli/table.h"

namespace wobackup::cli {
namespace {

constexpr std::size_t kBarCells = 20;
constexpr std::size_t kLeastOfName = 8;
constexpr std::size_t kMostRemembered = 1000;

std::string duration_text(std::chrono::seconds time) {
  const auto seconds = time.count();
  if (seconds >= 3600) return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
}

// Messages quote names that a site's owner chose. Their writers make them printable; this is the last door before the
// screen, and lets nothing but line ends through.
std::string printable_lines(std::string_view text) {
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    if (!out.empty()) out += '\n';
    out += printable(line);
  }
  return out;
}

// Whether a message tells which site it is about: by its name, not by a path with the name in it.
bool names_site(std::string_view message, std::string_view site) {
  constexpr std::string_view kBetweenWords = " :,;\"'()";
  for (std::size_t at = 0; (at = message.find(site, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + site.size();
    if ((at == 0 || kBetweenWords.find(message[at - 1]) != std::string_view::npos) &&
        (end == message.size() || kBetweenWords.find(message[end]) != std::string_view::npos)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string json_text(std::string_view bytes) { return is_utf8(bytes) ? std::string(bytes) : printable(bytes); }

std::string Output::coloured(std::string_view text, const char* code) const {
  if (!terminal_.colours || !terminal_.out_is_terminal) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string Output::error_word(const char* word, const char* code) const {
  if (!terminal_.colours || !terminal_.err_is_terminal) return word;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, word);
}

void Output::object(std::string_view message_type, const Json& fields) {
  Json object;
  object["message_type"] = message_type;
  for (const auto& [key, value] : fields.items()) {
    // An archive's metadata may have any key.
    if (key != "message_type") object[key] = value;
  }
  const std::scoped_lock lock(mutex_);
  // All in ASCII: what steers a terminal beyond ASCII (C1 controls, direction of text) is escaped, too.
  terminal_.out << object.dump(-1, ' ', true, Json::error_handler_t::replace) << '\n' << std::flush;
}

void Output::line(std::string_view text) {
  if (json() || quiet()) return;
  const std::scoped_lock lock(mutex_);
  clear_locked();
  terminal_.out << text << '\n';
}

void Output::remark(std::string_view text) {
  if (json() || quiet()) return;
  const std::scoped_lock lock(mutex_);
  clear_locked();
  terminal_.err << printable_lines(text) << '\n' << std::flush;
}

void Output::warning(std::string_view text) {
  if (quiet() || json()) return;
  const std::scoped_lock lock(mutex_);
  warn_locked(text);
}

void Output::warn_locked(std::string_view text) {
  clear_locked();
  terminal_.err << error_word("warning", "33") << ": " << printable_lines(text) << '\n' << std::flush;
}

void Output::error(const Error& error, std::string_view site) {
  if (json()) {
    Json fields;
    if (!site.empty()) fields["site"] = site;
    fields["kind"] = name_of(error.kind());
    fields["message"] = error.message();
    fields["hint"] = error.hint();
    fields["exit_code"] = exit_code(error.kind());
    fields["retryable"] = error.retryable();
    object("error", fields);
    return;
  }
  const std::scoped_lock lock(mutex_);
  clear_locked();
  terminal_.err << error_word("error", "31") << ": ";
  if (!site.empty() && !names_site(error.message(), site)) terminal_.err << printable(site) << ": ";
  terminal_.err << printable_lines(error.message());
  if (!error.hint().empty()) terminal_.err << "\nHint: " << printable_lines(error.hint());
  terminal_.err << '\n' << std::flush;
}

void Output::log(LogLevel level, std::string_view text) {
  if (level == LogLevel::warning) {
    const std::scoped_lock lock(mutex_);
    if (quiet()) return;
    // A command may read the registry once for every site.
    if (said_.size() < kMostRemembered && !said_.emplace(text).second) return;
    warn_locked(text);
    return;
  }
  const int needed = level == LogLevel::info ? 1 : 2;
  if (verbosity_.level < needed) return;
  const std::scoped_lock lock(mutex_);
  clear_locked();
  terminal_.err << printable_lines(text) << '\n' << std::flush;
}

void Output::progress(const Progress& progress) {
  if (!wants_progress()) return;
  const std::optional<double> done = progress.fraction_done();
  const auto remaining = progress.remaining();
  if (json()) {
    Json fields;
    fields["site"] = progress.site;
    fields["phase"] = progress.phase;
    fields["percent_done"] = done ? Json(std::round(*done * 10000) / 10000) : Json(0.0);
    fields["bytes_done"] = progress.bytes_done;
    if (progress.bytes_total) fields["bytes_total"] = *progress.bytes_total;
    fields["files_done"] = progress.files_done;
    if (progress.files_total) fields["files_total"] = *progress.files_total;
    fields["bytes_written"] = progress.bytes_written;
    fields["seconds_elapsed"] = static_cast<double>(progress.elapsed.count()) / 1000;
    if (remaining) fields["seconds_remaining"] = remaining->count();
    object("status", fields);
    return;
  }
  const double seconds = std::max(0.001, std::chrono::duration<double>(progress.elapsed).count());
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(progress.bytes_done) / seconds);
  std::string text;
  if (done) {
    const auto filled = static_cast<std::size_t>(*done * kBarCells);
    text = fmt::format("[{}{}] {:3.0f} %  ", std::string(filled, '#'), std::string(kBarCells - filled, '.'),
                       std::floor(*done * 100));
  }
  text += fmt::format("{}  {}/s", human_size(progress.bytes_done), human_size(rate));
  if (done && *done >= 1) {
    text += "  finishing";  // all is read; what is left is to be written and synced
  } else if (remaining) {
    text += fmt::format("  {} left", duration_text(*remaining));
  }
  const std::size_t room = std::max(20U, terminal_.width) - 1;
  const std::size_t taken = display_width(text) + 2;
  std::string whole = text;
  if (room >= taken + kLeastOfName) whole = cut_to_width(progress.site, room - taken) + "  " + text;
  const std::scoped_lock lock(mutex_);
  terminal_.err << "\r\x1b[K" << cut_to_width(whole, room) << std::flush;
  bar_shown_ = true;
}

void Output::clear_progress() {
  const std::scoped_lock lock(mutex_);
  clear_locked();
}

void Output::clear_locked() {
  if (!bar_shown_) return;
  terminal_.err << "\r\x1b[K" << std::flush;
  bar_shown_ = false;
}

void Output::bytes(std::string_view bytes) {
  {
    const std::scoped_lock lock(mutex_);
    clear_locked();
    terminal_.out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  require_open();
}

void Output::require_open() {
  if (terminal_.interrupted && terminal_.interrupted()) throw Error(ErrorKind::interrupted, "interrupted");
  const std::scoped_lock lock(mutex_);
  if (terminal_.out) return;
  if (terminal_.out_closed()) throw ClosedOutput{};
  throw Error(ErrorKind::failed, "cannot write to standard output");
}

void Output::flush() {
  const std::scoped_lock lock(mutex_);
  terminal_.out.flush();
  if (!terminal_.out && !terminal_.out_closed()) throw Error(ErrorKind::failed, "cannot write to standard output");
}

}  // namespace wobackup::cli
