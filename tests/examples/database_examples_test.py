"""The examples that change a database, on a MariaDB of the tests' own."""

import pathlib

import examples_test
import database_site  # of tests/wordops, which examples_test has made known

setUpModule = database_site.start
tearDownModule = database_site.stop


class DatabaseExamples(examples_test.ExampleTest, database_site.DatabaseTest):
    def setUp(self):
        super().setUp()
        self.register(self.shop)
        self.client = database_site.server.client("mariadb")
        self.give_to_the_sites_user()

    def rows(self):
        return database_site.sql("SELECT count(*) FROM posts", "shop")

    def test_a_change_of_the_database_is_behind_a_backup_of_it(self):
        for run in self.languages():
            said = run("pre_database_change", "a.example", "--", *self.client, "shop",
                       "--execute=INSERT INTO posts SELECT max(id) + 1, 'new' FROM posts")
            info = self.info(self.archive_of(said))
            self.assertEqual((info["backup_type"], info["backup_reason"]), ("db", "pre-db-update"))
            self.assertEqual((info["operation"], info["db_name"]), ("database_update", "shop"))
        self.assertEqual(self.rows(), "5")

    def test_one_that_fails_is_taken_back(self):
        for run in self.languages():
            run("pre_database_change", "a.example", "--", *self.client, "shop",
                "--execute=DELETE FROM posts; SELECT * FROM no_such_table", exit_code=22)
            self.assertEqual(self.rows(), "3")

    def test_an_update_that_fails_takes_back_files_and_database(self):
        page = pathlib.Path(self.shop.site_path, "htdocs/index.html")
        for run in self.languages():
            run("pre_update", "a.example", "--", "sh", "-c", 'echo broken > "$1"; shift; "$@"; exit 1', "-", page,
                *self.client, "shop", "--execute=DELETE FROM posts", exit_code=22)
            self.assertEqual((self.rows(), page.read_text()), ("3", "hello"))
