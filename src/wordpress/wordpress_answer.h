// What a WordPress that was run says, or why it says nothing. It comes from code that may be hostile.
#pragma once

#include <string>
#include <string_view>

#include "base/watched_run.h"
#include "wobackup/json.h"
#include "wordpress/php_run.h"

namespace wobackup {

/// The answer: a JSON object. Throws Error verification that names the cause ("a plugin ended it" with the file), with
/// everything from the site made printable.
[[nodiscard]] Json wordpress_answer(const Watched& run, std::string_view token, const PhpLimits& limits);

/// A text of an answer, made printable and cut to a sensible length; empty if it is missing or no text or number.
[[nodiscard]] std::string answer_text(const Json& answer, const char* key);
/// A list of such texts, at most 1,000.
[[nodiscard]] std::vector<std::string> answer_texts(const Json& answer, const char* key);

}  // namespace wobackup
