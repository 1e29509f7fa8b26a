"""scripts/one-definition: a type of one name in two files is found, what is anonymous is not."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/one-definition"

ONE = """
#pragma once
// struct Comment {
namespace wobackup {
struct Answer;  // only named
/* } */
struct [[nodiscard]] Answer { int a = 1'000; };
template <class T, class U = std::vector<T>>
class Either final : public Base<T> { struct Inner {}; const char* text = "}"; };
enum class Kind : int { one };
constexpr const char* kText = R"x(struct Raw {)x";
struct stat status() { struct stat status {}; return status; }
namespace { struct Own {}; }
}  // namespace wobackup
"""


class OneDefinition(unittest.TestCase):
    def run_on(self, **files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                pathlib.Path(folder, name + ".h").write_text(text, encoding="utf-8")
            ran = subprocess.run([SCRIPT, folder], capture_output=True, text=True, check=False)
            return ran.returncode, [line.split(" is defined")[0] for line in ran.stdout.splitlines() if line[0] != " "]

    def test_the_project_has_none(self):
        ran = subprocess.run([SCRIPT], capture_output=True, text=True, check=False)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""))

    def test_alone_it_is_fine(self):
        self.assertEqual(self.run_on(one=ONE), (0, []))

    def test_two_are_found(self):
        two = "namespace wobackup { class Answer { long b; }; struct Either : A {}; enum Kind { two }; }"
        self.assertEqual(self.run_on(one=ONE, two=two),
                         (1, ["wobackup::Answer", "wobackup::Either", "wobackup::Kind"]))

    def test_nested_namespaces_are_spelt_both_ways(self):
        one = "namespace wobackup::cli { struct Column { int a; }; }"
        two = "namespace wobackup { namespace cli { struct Column { long a; }; } struct Other {}; }"
        self.assertEqual(self.run_on(one=one, two=two), (1, ["wobackup::cli::Column"]))

    def test_anonymous_nested_and_other_names_are_let_alone(self):
        two = """namespace wobackup { namespace { struct Answer {}; } namespace test { struct Answer {}; }
                 struct Raw {}; struct Comment {}; struct Own {}; struct Outer { struct Either {}; }; class Kind; }"""
        self.assertEqual(self.run_on(one=ONE, two=two), (0, []))

    def test_no_files_are_an_error(self):
        self.assertEqual(self.run_on()[0], 1)


if __name__ == "__main__":
    unittest.main()
