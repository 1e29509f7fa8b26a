// Settings found in a wp-config.php, and those that only look like one.
#include "site/wp_config.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "site/told.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using namespace std::string_literals;

// The value of a constant, "(why it has none)", or "-" if there is no such constant.
std::string value(std::string_view source, std::string_view name = "DB_NAME") {
  const PhpSettings settings = wp_config_settings(source);
  const auto place = settings.find(name);
  if (place == settings.end()) return "-";
  return place->second.text.value_or("(" + place->second.why + ")");
}

constexpr std::string_view kComputed = "(is computed by PHP)";

TEST(WpConfig, TheUsualFile_IsRead) {
  const std::string_view source = R"(<?php
/**
 * The base configuration for WordPress: define( 'DB_NAME', 'in_a_comment' );
 */
// ** Database settings ** //
define( 'DB_NAME', 'example_com' );
/** Database username */
define( 'DB_USER', 'examplecom123' );
define( 'DB_PASSWORD', 'p\'a\\s"s$x' );
define( 'DB_HOST', 'localhost' );
define( 'DB_CHARSET', 'utf8mb4' );
$table_prefix = 'wp_';
define( 'WP_DEBUG', false );
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
)";
  EXPECT_EQ(value(source), "example_com");
  EXPECT_EQ(value(source, "DB_USER"), "examplecom123");
  EXPECT_EQ(value(source, "DB_PASSWORD"), R"(p'a\s"s$x)");
  EXPECT_EQ(value(source, "DB_HOST"), "localhost");
  EXPECT_EQ(value(source, "$table_prefix"), "wp_");
  EXPECT_EQ(value(source, "ABSPATH"), kComputed);
  EXPECT_EQ(value(source, "WP_DEBUG"), kComputed);
  EXPECT_EQ(wp_config_settings(source).at("DB_NAME").line, 6U);
}

TEST(WpConfig, Define_InAnySpelling) {
  for (const char* line :
       {"define('DB_NAME','a');", "DEFINE ( \"DB_NAME\" , \"a\" ) ;", "Define\n(\n'DB_NAME'\n,\n'a'\n);",
        "\\define('DB_NAME', 'a');", "define(/* x */'DB_NAME'/* y */,/* z */'a'/* w */);",
        "define('DB_NAME', 'a', false);", "@define('DB_NAME', 'a');", "define('DB_' . 'NAME', 'a');",
        "define(\"DB\\x5fNAME\", \"\\x61\");", "define('DB_NAME', <<<E\na\nE);",
        "define('DB_NAME', <<<'E'\n  a\n  E\n);", "define(// 'DB_NAME', 'b')\n'DB_NAME', # 'c'\n'a');"}) {
    EXPECT_EQ(value("<?php "s + line), "a") << line;
  }
}

TEST(WpConfig, Const_IsRead) {
  EXPECT_EQ(value("<?php const DB_NAME = 'a';"), "a");
  EXPECT_EQ(value("<?php CONST DB_NAME=\"a\" ;"), "a");
  EXPECT_EQ(value("<?php const A = 'x', DB_NAME = 'a', B = 'y';"), "a");
}

TEST(WpConfig, Const_AfterAComputedOneInItsList_IsRead) {
  EXPECT_EQ(value("<?php const A = PHP_VERSION, DB_NAME = 'a';"), "a");
  EXPECT_EQ(value("<?php const A = 'x' . B, DB_NAME = 'a';"), "a");
  EXPECT_EQ(value("<?php const A = ['x', DB_NAME => 'y'], DB_NAME = 'a';"), "a");
  EXPECT_EQ(value("<?php const A = [1, 2]; define('DB_NAME', 'a');"), "a");
}

TEST(WpConfig, ConstOfAClass_IsNoSetting) {
  EXPECT_EQ(value("<?php class A { const DB_NAME = 'a'; }"), "-");
  EXPECT_EQ(value("<?php class A { public const DB_NAME = 'a'; } const DB_NAME = 'b';"), "b");
}

TEST(WpConfig, NamesOfConstants_KeepTheirCase) {
  EXPECT_EQ(value("<?php define('db_name', 'a');"), "-");
  EXPECT_EQ(value("<?php define('XDB_NAME', 'a'); define('DB_NAME2', 'b');"), "-");
}

TEST(WpConfig, WhatOnlyLooksLikeADefine_IsNone) {
  for (const char* source : {"<?php // define('DB_NAME', 'a');",
                             "<?php # define('DB_NAME', 'a');",
                             "<?php /* define('DB_NAME', 'a'); */",
                             "<?php $x = \"define('DB_NAME', 'a');\";",
                             "<?php $x = 'define(\"DB_NAME\", \"a\");';",
                             "<?php $x = <<<E\ndefine('DB_NAME', 'a');\nE;\n",
                             "<?php $x = <<<'E'\n  define('DB_NAME', 'a');\n  E;\n",
                             "<?php ?> define('DB_NAME', 'a');",
                             "define('DB_NAME', 'a');",
                             "<?php // ?> define('DB_NAME', 'a');",
                             "<?php __halt_compiler(); define('DB_NAME', 'a');",
                             "<?php $x->define('DB_NAME', 'a');",
                             "<?php X::define('DB_NAME', 'a');",
                             "<?php $x?->define('DB_NAME', 'a');",
                             "<?php redefine('DB_NAME', 'a');",
                             "<?php defined('DB_NAME') or die;",
                             "<?php $define('DB_NAME', 'a');",
                             "<?php new define('DB_NAME', 'a');",
                             "<?php #[A(define('DB_NAME', 'a'))] function f() {}",
                             "<?php `define('DB_NAME', 'a')`;",
                             "<?php define;",
                             "<?php define('DB_NAME'",
                             "<?php define("}) {
    EXPECT_EQ(value(source), "-") << source;
  }
}

TEST(WpConfig, ComputedValues_AreSaidToBe) {
  for (const char* expression : {"getenv('DB_NAME')",
                                 "$_ENV['DB_NAME']",
                                 "$_SERVER[\"X\"]",
                                 "__DIR__",
                                 "__DIR__ . '/a'",
                                 "'a' . getenv('B')",
                                 "'a' . B",
                                 "B",
                                 "\"a$b\"",
                                 "\"{$b}\"",
                                 "<<<E\n$b\nE",
                                 "`cat /etc/passwd`",
                                 "('a')",
                                 "true ? 'a' : 'b'",
                                 "'a' ?: 'b'",
                                 "str_rot13('a')",
                                 "1",
                                 "null",
                                 "['a'][0]",
                                 "'a'[0]",
                                 "'a' === 'b'",
                                 "(function () { return 'a'; })()",
                                 "file_get_contents('/run/secret')",
                                 ""}) {
    EXPECT_EQ(value("<?php define('DB_NAME', "s + expression + ");"), kComputed) << expression;
    EXPECT_EQ(value("<?php const DB_NAME = "s + expression + ";"), kComputed) << expression;
  }
}

TEST(WpConfig, AFunctionsDefine_AfterTheFile_IsStillSeen) {
  EXPECT_EQ(value("<?php function f() { define('DB_NAME', 'a'); }"), "a");
  EXPECT_EQ(value("<?php if (X) { define('DB_NAME', 'a'); }"), "a");
}

TEST(WpConfig, TheFirstUnconditionalDefine_Holds) {
  EXPECT_EQ(value("<?php define('DB_NAME', 'a'); define('DB_NAME', 'b');"), "a");
  EXPECT_EQ(value("<?php const DB_NAME = 'a'; define('DB_NAME', getenv('B'));"), "a");
  EXPECT_EQ(value("<?php define('DB_NAME', getenv('B')); define('DB_NAME', 'a');"), kComputed);
  EXPECT_EQ(value("<?php define('DB_NAME', 'a'); if (X) { define('DB_NAME', 'b'); }"), "a");
  EXPECT_EQ(value("<?php if (X) { y(); } define('DB_NAME', 'a'); define('DB_NAME', 'b');"), "a");
  EXPECT_EQ(value("<?php ?><?php define('DB_NAME', 'a'); define('DB_NAME', 'b');"), "a");
}

TEST(WpConfig, DifferentValuesInBranches_AreUnknown) {
  const std::string_view why = "(is defined differently in lines 2 and 3)";
  for (const char* source :
       {"<?php\nif (X) { define('DB_NAME', 'a'); }\nelse { define('DB_NAME', 'b'); }",
        "<?php\nif (X) define('DB_NAME', 'a');\nelse define('DB_NAME', 'b');",
        "<?php\nif (X): define('DB_NAME', 'a');\nelse: define('DB_NAME', 'b'); endif;",
        "<?php\nX and define('DB_NAME', 'a');\ndefine('DB_NAME', 'b');",
        "<?php\nX && define('DB_NAME', 'a');\ndefine('DB_NAME', 'b');",
        "<?php\ndefined('DB_NAME') || define('DB_NAME', 'a');\ndefine('DB_NAME', 'b');",
        "<?php\nX ? define('DB_NAME', 'a') : 0;\ndefine('DB_NAME', 'b');",
        "<?php\nif (X) { define('DB_NAME', 'a'); }\ndefine('DB_NAME', 'b');",
        "<?php\nfunction f() { define('DB_NAME', 'a'); }\ndefine('DB_NAME', 'b');",
        "<?php\nif (define('DB_NAME', 'a')) { }\ndefine('DB_NAME', 'b');",
        "<?php\nswitch (X) { case 1: define('DB_NAME', 'a'); break;\ncase 2: define('DB_NAME', 'b'); }",
        "<?php\nif (X) : ?><?php define('DB_NAME', 'a');\nelse : define('DB_NAME', 'b'); endif;",
        "<?php\nif (X) goto end; define('DB_NAME', 'a'); end:\ndefine('DB_NAME', 'b');",
        "<?php\nif (X) { define('DB_NAME', 'a'); }\ndefine('DB_NAME', getenv('Y'));"}) {
    EXPECT_EQ(value(source), why) << source;
  }
}

TEST(WpConfig, TheSameValueInBranches_IsKnown) {
  EXPECT_EQ(value("<?php if (X) { define('DB_NAME', 'a'); } else { define('DB_NAME', \"a\"); }"), "a");
}

TEST(WpConfig, BracesInStringsAndComments_AreNoBlocks) {
  EXPECT_EQ(value("<?php $x = '{'; // {\n/* { */ define('DB_NAME', 'a'); define('DB_NAME', 'b');"), "a");
  EXPECT_EQ(value("<?php $x = \"{$y['}']}\"; if (X) { $x = '}'; define('DB_NAME', 'a'); } define('DB_NAME', 'b');"),
            "(is defined differently in lines 1 and 1)");
}

TEST(WpConfig, TablePrefix) {
  EXPECT_EQ(value("<?php $table_prefix='a_';", "$table_prefix"), "a_");
  EXPECT_EQ(value("<?php $table_prefix = 'a_' . getenv('B');", "$table_prefix"), kComputed);
  EXPECT_EQ(value("<?php if ($table_prefix == 'a_') { }", "$table_prefix"), "-");
  EXPECT_EQ(value("<?php // $table_prefix = 'a_';", "$table_prefix"), "-");
  EXPECT_EQ(value("<?php $table_prefix_old = 'a_';", "$table_prefix"), "-");
  EXPECT_EQ(value("<?php $table_prefix = 'a_'; $table_prefix = 'b_';", "$table_prefix"),
            "(is defined differently in lines 1 and 1)");
}

TEST(WpConfig, ByteOrderMarkAndCarriageReturns_MakeNoDifference) {
  EXPECT_EQ(value("\xEF\xBB\xBF<?php\r\ndefine('DB_NAME', 'a');\r\n// define('DB_NAME', 'c');\r\n"), "a");
  EXPECT_EQ(value("<?php\rdefine('DB_NAME', 'a');\r"), "a");
  EXPECT_EQ(value("<?php\r// b\rdefine('DB_NAME', 'a');\r"), "a");
}

TEST(WpConfig, ZeroBytes_EndNothing) {
  EXPECT_EQ(value("<?php define('DB_NAME', 'a\0b');"s), "a\0b"s);
  EXPECT_EQ(value("<?php \0 define('DB_NAME', 'a');"s), "a");
  EXPECT_EQ(value("\0<?php define('DB_NAME', 'a');"s), "a");
}

TEST(WpConfig, ValuesAreBytes) {
  EXPECT_EQ(value("<?php define('DB_NAME', '\xff\xc3\xa9; DROP TABLE x; \n../../etc');"),
            "\xff\xc3\xa9; DROP TABLE x; \n../../etc");
}

TEST(WpConfig, ALargeFile_IsReadToItsEnd) {
  const std::string comment = "// " + std::string(10'000'000, 'x') + "\n";
  EXPECT_EQ(value("<?php\n" + comment + "define('DB_NAME', 'a');"), "a");
  const std::string text = "$x = '" + std::string(10'000'000, 'x') + "';";
  EXPECT_EQ(value("<?php " + text + "define('DB_NAME', 'a');"), "a");
}

TEST(WpConfig, AnAbsurdNumberOfTokens_IsRefused) {
  std::string source = "<?php ";
  for (int i = 0; i < 200'000; ++i) source += "$a;";
  EXPECT_EQ(test::told([&] { static_cast<void>(wp_config_settings(source)); }),
            "failed: its PHP source is longer than 200000 tokens | ");
}

// Each would take hours if a part of it were looked at again and again.
TEST(WpConfig, HostileNesting_IsReadOnce) {
  for (const char* piece :
       {"define(", "const A=", "'a'.", "define('a'.", "{", "const A='a',", "const A=[", "$table_prefix="}) {
    std::string source = "<?php const DB_USER = ";
    while (source.size() < 5'000'000) source += piece;
    try {
      static_cast<void>(wp_config_settings(source.substr(0, 190'000)));
      static_cast<void>(wp_config_settings(source));
    } catch (const Error& error) {
      EXPECT_TRUE(test::contains(error.message(), "longer than 200000 tokens")) << error.message();
    }
  }
}

TEST(WpConfig, OtherValues_ReplaceLiteralsAndNothingElse) {
  const std::string source =
      "<?php // DB_NAME 'old'\n"
      "define( 'DB_NAME' , \"ol\" . 'd' );\n"
      "if (X) { define('DB_USER', 'same'); } else { define('DB_USER', 'same'); }\n"
      "const DB_PASSWORD = <<<'E'\nse'cret\nE;\n"
      "define('DB_HOST', getenv('H'));\n"
      "$x = 'old';\n";
  const std::string changed = with_wp_config_settings(
      source, {{"DB_NAME", "a'\\"}, {"DB_USER", "u"}, {"DB_PASSWORD", "p"}, {"DB_HOST", "h"}, {"DB_CHARSET", "x"}});
  EXPECT_EQ(changed,
            "<?php // DB_NAME 'old'\n"
            "define( 'DB_NAME' , 'a\\'\\\\' );\n"
            "if (X) { define('DB_USER', 'u'); } else { define('DB_USER', 'u'); }\n"
            "const DB_PASSWORD = 'p';\n"
            "define('DB_HOST', getenv('H'));\n"
            "$x = 'old';\n");
  const PhpSettings settings = wp_config_settings(changed);
  EXPECT_EQ(settings.find("DB_NAME")->second.text, "a'\\");
}

TEST(WpConfig, DefinedDifferentlyInBranches_StaysAsItIs) {
  const std::string source = "<?php if (X) { define('DB_NAME', 'a'); } else { define('DB_NAME', 'b'); }";
  EXPECT_EQ(with_wp_config_settings(source, {{"DB_NAME", "c"}}), source);
}

}  // namespace
}  // namespace wobackup
