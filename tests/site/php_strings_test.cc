// What PHP's literals mean; the expected values are those that PHP 8.2 prints.
#include "site/php_strings.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace wobackup {
namespace {

using namespace std::string_view_literals;

std::string doubled(std::string_view raw) { return php_double_quoted(raw, '"').value_or("(computed)"); }

TEST(PhpStrings, SingleQuoted_KnowsTwoEscapesOnly) {
  EXPECT_EQ(php_single_quoted(R"(it\'s)"), "it's");
  EXPECT_EQ(php_single_quoted(R"(a\\b)"), R"(a\b)");
  EXPECT_EQ(php_single_quoted(R"(\n\t\x41\$a\")"), R"(\n\t\x41\$a\")");
  EXPECT_EQ(php_single_quoted(R"(\\\')"), R"(\')");
  EXPECT_EQ(php_single_quoted(R"(\\n)"), R"(\n)") << "the second backslash escapes nothing";
  EXPECT_EQ(php_single_quoted("$a {$b}"), "$a {$b}");
  EXPECT_EQ(php_single_quoted(R"(ends with \)"), R"(ends with \)");
}

TEST(PhpStrings, DoubleQuoted_KnowsTheSimpleEscapes) {
  EXPECT_EQ(doubled(R"(\n\r\t\v\e\f\\\$\")"), "\n\r\t\v\x1b\f\\$\"");
  EXPECT_EQ(doubled(R"(\'\8\q\ )"), R"(\'\8\q\ )") << "no escapes: the backslash stays";
  EXPECT_EQ(doubled(R"(\\n)"), R"(\n)");
  EXPECT_EQ(doubled(R"(ends with \)"), R"(ends with \)");
}

TEST(PhpStrings, OctalEscapes_HaveUpToThreeDigitsAndWrapAround) {
  EXPECT_EQ(doubled(R"(\101\1012\60)"), "AA20");
  EXPECT_EQ(doubled(R"(\0)"), "\0"sv);
  EXPECT_EQ(doubled(R"(\400)"), "\0"sv);
  EXPECT_EQ(doubled(R"(\18)"),
            "\x01"
            "8");
}

TEST(PhpStrings, HexEscapes_HaveOneOrTwoDigits) {
  EXPECT_EQ(doubled(R"(\x41\X42\x4g)"), "AB\x04g");
  EXPECT_EQ(doubled(R"(\x414)"), "A4");
  EXPECT_EQ(doubled(R"(\xfF)"), "\xff");
  EXPECT_EQ(doubled(R"(\xg\x)"), R"(\xg\x)") << "no digit: no escape";
}

TEST(PhpStrings, UnicodeEscapes_BecomeUtf8) {
  EXPECT_EQ(doubled(R"(\u{41})"), "A");
  EXPECT_EQ(doubled(R"(\u{e9}\u{20AC})"), "\u00e9\u20ac");
  EXPECT_EQ(doubled(R"(\u{1F600})"), "\U0001F600");
  EXPECT_EQ(doubled(R"(\u{00000041})"), "A");
  EXPECT_EQ(doubled(R"(\u{10FFFF})"), "\U0010FFFF");
  EXPECT_EQ(doubled(R"(\u0041)"), R"(\u0041)") << "braces are needed";
}

TEST(PhpStrings, UnicodeEscapesThatPhpRefuses_StayAsTheyAre) {
  for (const char* raw : {R"(\u{110000})", R"(\u{})", R"(\u{41)", R"(\u{4G})", R"(\u{ffffffffffffffffff})", R"(\u{)"}) {
    EXPECT_EQ(doubled(raw), raw);
  }
}

TEST(PhpStrings, Variables_MakeAStringComputed) {
  for (const char* raw : {"$a", "x$_b", "${c}", "{$d}", "$\xc3\xa9", "\\\\$a", "\\{$a}", "a$b['c']"}) {
    EXPECT_EQ(doubled(raw), "(computed)") << raw;
  }
}

TEST(PhpStrings, ADollarWithoutAName_IsADollar) {
  EXPECT_EQ(doubled("$"), "$");
  EXPECT_EQ(doubled("$1 $ $. $$"), "$1 $ $. $$");
  EXPECT_EQ(doubled(R"(\$a {\$b} { $)"), "$a {$b} { $");
}

TEST(PhpStrings, Heredocs_NeedNoEscapedQuote) {
  EXPECT_EQ(php_double_quoted(R"(a "b" \" \x41)", '\0'), R"(a "b" \" A)");
  EXPECT_FALSE(php_double_quoted("a $b", '\0'));
}

TEST(PhpStrings, TheEndOfAString_IsItsUnescapedQuote) {
  EXPECT_EQ(php_string_end(R"(abc" x)", 0, '"'), 3U);
  EXPECT_EQ(php_string_end(R"(a\"c" x)", 0, '"'), 4U);
  EXPECT_EQ(php_string_end(R"(a\\" x)", 0, '"'), 3U);
  EXPECT_EQ(php_string_end(R"(ab)", 0, '"'), 2U) << "unfinished";
  EXPECT_EQ(php_string_end(R"(ab\)", 0, '"'), 3U) << "unfinished, with a backslash at the end";
  EXPECT_EQ(php_string_end("ls \"a\"`", 0, '`'), 6U) << "in a command, the other quote is a character";
}

TEST(PhpStrings, StringsWithinAString_DoNotEndIt) {
  for (const std::string_view source : {R"({$a["b"]}")", R"({$a["}"]}")", R"({$a['"}']}")", R"({$a["{$b["c"]}"]}")",
                                        "{$a /* \"} */ }\"", "{$a // \"}\n}\"", "${a[\"b\"]}\""}) {
    EXPECT_EQ(php_string_end(source, 0, '"'), source.size() - 1) << source;
  }
}

TEST(PhpStrings, StringsNestedWithoutEnd_NeedNoStack) {
  std::string source;
  for (int i = 0; i < 1'000'000; ++i) source += "{$a[\"";
  EXPECT_EQ(php_string_end(source, 0, '"'), source.size());
}

TEST(PhpStrings, HeredocBodies_LoseTheLastNewlineAndTheIndentation) {
  EXPECT_EQ(php_heredoc_body("a\nb\n", 0), "a\nb");
  EXPECT_EQ(php_heredoc_body("a\r\n", 0), "a");
  EXPECT_EQ(php_heredoc_body("  a\n    b\n\n  c\n", 2), "a\n  b\n\nc");
  EXPECT_EQ(php_heredoc_body("\ta\n", 1), "a");
  EXPECT_EQ(php_heredoc_body("", 4), "");
  EXPECT_EQ(php_heredoc_body("a\n\n", 0), "a\n") << "one newline only";
}

}  // namespace
}  // namespace wobackup
