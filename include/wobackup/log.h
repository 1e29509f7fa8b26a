// Where the library's remarks go. The library itself writes to no stream.
#pragma once

#include <functional>
#include <string_view>

namespace wobackup {

enum class LogLevel { debug, info, warning };

/// Called from any thread, one call at a time for one Service. Text is UTF-8, one line, without a newline; names
/// from a site are already escaped. An empty sink drops everything.
using LogSink = std::function<void(LogLevel level, std::string_view text)>;

}  // namespace wobackup
