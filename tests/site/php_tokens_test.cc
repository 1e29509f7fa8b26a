// What is PHP in a file, and what only looks like it.
#include "site/php_tokens.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "site/told.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

using namespace std::string_view_literals;

// Tokens as "kind:value", with a blank between.
std::string tokens(std::string_view source) {
  std::string all;
  for (const PhpToken& token : php_tokens(source)) {
    if (!all.empty()) all += ' ';
    switch (token.kind) {
      case PhpToken::Kind::name:
        all += "n:";
        break;
      case PhpToken::Kind::variable:
        all += "v:";
        break;
      case PhpToken::Kind::text:
        all += "t:";
        break;
      case PhpToken::Kind::computed:
        all += "c:";
        break;
      case PhpToken::Kind::number:
        all += "#:";
        break;
      default:
        break;
    }
    all += token.value;
  }
  return all;
}

TEST(PhpTokens, EveryKind_IsTold) {
  EXPECT_EQ(tokens("<?php foo($bar, 'a', \"b\", \"$c\", 12, 0x1F, \\A\\b);"),
            "n:foo ( v:$bar , t:a , t:b , c: , #:12 , #:0x1F , n:\\A\\b ) ;");
}

TEST(PhpTokens, OnlyWhatIsBetweenTags_IsCode) {
  EXPECT_EQ(tokens("a 'b' <?php c ?> d <?php e"), "n:c ; n:e");
  EXPECT_EQ(tokens("<?= a ?> b"), "n:a ;");
  EXPECT_EQ(tokens("<?PHP\na"), "n:a");
  EXPECT_EQ(tokens("no php at all"), "");
  EXPECT_EQ(tokens("<? a"), "") << "the short tag is off";
  EXPECT_EQ(tokens("<?phpa"), "");
  EXPECT_EQ(tokens("<?xml version='1'?><?php a"), "n:a");
  EXPECT_EQ(tokens("<?php"), "");
  EXPECT_EQ(tokens(""), "");
}

TEST(PhpTokens, Comments_AreLeftOut) {
  EXPECT_EQ(tokens("<?php a // b\nc # d\ne /* f\ng */ h /** i */ j"), "n:a n:c n:e n:h n:j");
  EXPECT_EQ(tokens("<?php a // b\rc"), "n:a n:c") << "a carriage return ends a line, too";
  EXPECT_EQ(tokens("<?php a /* never closed"), "n:a");
  EXPECT_EQ(tokens("<?php /*/ a */ b"), "n:b");
  EXPECT_EQ(tokens("<?php a //"), "n:a");
}

TEST(PhpTokens, AClosingTag_EndsALineComment) {
  EXPECT_EQ(tokens("<?php a // b ?> c <?php d"), "n:a ; n:d");
  EXPECT_EQ(tokens("<?php a # b ?> c <?php d"), "n:a ; n:d");
  EXPECT_EQ(tokens("<?php /* ?> */ a"), "n:a") << "but not a block comment";
}

TEST(PhpTokens, AClosingTagInAString_EndsNothing) { EXPECT_EQ(tokens("<?php '?>' . \"?>\";"), "t:?> . t:?> ;"); }

TEST(PhpTokens, CommentSignsInStrings_AreText) {
  EXPECT_EQ(tokens("<?php '/* // #' . \"# // /*\";"), "t:/* // # . t:# // /* ;");
}

TEST(PhpTokens, Attributes_AreLeftOut) {
  EXPECT_EQ(tokens("<?php #[A(['x', ']'])] b"), "n:b");
  EXPECT_EQ(tokens("<?php #[A\n]\nb"), "n:b");
  EXPECT_EQ(tokens("<?php #[never closed\nb"), "n:b") << "then it is a comment";
}

TEST(PhpTokens, Heredocs_AreTexts) {
  EXPECT_EQ(tokens("<?php <<<E\na \"b\" \\x41\nE;"), "t:a \"b\" A ;");
  EXPECT_EQ(tokens("<?php <<<\"E\"\na\nE;"), "t:a ;");
  EXPECT_EQ(tokens("<?php <<<'E'\n\\x41 $a\nE;"), "t:\\x41 $a ;");
  EXPECT_EQ(tokens("<?php <<< \t E\n  a\n  E . b"), "t:a . n:b");
  EXPECT_EQ(tokens("<?php <<<E\na $b\nE;"), "c: ;");
  EXPECT_EQ(tokens("<?php <<<E\r\na\r\nE;"), "t:a ;");
  EXPECT_EQ(tokens("<?php <<<E\nE;"), "t: ;");
  EXPECT_EQ(tokens("<?php <<<E\nEND\nE;"), "t:END ;") << "a longer word does not end it";
  EXPECT_EQ(tokens("<?php <<<E\nnever closed"), "t:never closed");
  EXPECT_EQ(tokens("<?php 1 << 2"), "#:1 < < #:2");
}

TEST(PhpTokens, ShellCommands_AreComputed) { EXPECT_EQ(tokens("<?php `ls`;"), "c: ;"); }

TEST(PhpTokens, UnfinishedStrings_EndWithTheSource) {
  EXPECT_EQ(tokens("<?php 'abc"), "t:abc");
  EXPECT_EQ(tokens("<?php \"abc"), "t:abc");
  EXPECT_EQ(tokens("<?php '"), "t:");
  EXPECT_EQ(tokens("<?php 'a\\"), "t:a\\");
}

TEST(PhpTokens, AfterHaltCompiler_NothingIsCode) {
  EXPECT_EQ(tokens("<?php a; __HALT_Compiler(); b <?php c"), "n:a ; n:__HALT_Compiler");
}

TEST(PhpTokens, Lines_AreCounted) {
  const auto found = php_tokens("\n<?php\n/*\n*/ a\n'b\nc' d\n<<<E\nx\nE . e");
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0].line, 4U);
  EXPECT_EQ(found[1].line, 5U) << "a string is where it begins";
  EXPECT_EQ(found[2].line, 6U);
  EXPECT_EQ(found[3].line, 7U);
  EXPECT_EQ(found[5].line, 9U);
}

TEST(PhpTokens, MoreTokensThanTheLimit_AreRefused) {
  EXPECT_EQ(php_tokens("<?php a b c", 3).size(), 3U);
  EXPECT_EQ(test::told([] { static_cast<void>(php_tokens("<?php a b c d", 3)); }),
            "failed: its PHP source is longer than 3 tokens | ");
  EXPECT_THROW(static_cast<void>(php_tokens("<?php " + std::string(10'000'000, ';'))), Error);
}

// Each would take hours, or all the memory, if a part of it were looked at again and again.
TEST(PhpTokens, LargeHostileSources_AreReadOnce) {
  constexpr std::size_t kSize = 10'000'000;
  const auto repeated = [](std::string_view piece) {
    std::string source = "<?php ";
    while (source.size() < kSize) source += piece;
    return source;
  };
  const std::string_view pieces[] = {"// ", "/* ", "#",    "\n",     "?>",     "<?",    "\\",  "\"{$a[",
                                     "{$",  "#[ ", "#[\n", "/*?>*/", "<<<E\n", "'a\\'", "\0"sv};
  for (const std::string_view piece : pieces) {
    try {
      static_cast<void>(php_tokens(repeated(piece)));
    } catch (const Error& error) {
      EXPECT_TRUE(test::contains(error.message(), "longer than")) << error.message();
    }
  }
}

}  // namespace
}  // namespace wobackup
