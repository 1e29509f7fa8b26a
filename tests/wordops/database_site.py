"""One MariaDB of the tests' own for a test module: its setUpModule and tearDownModule call start() and stop()."""

import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

import support

sys.path.insert(0, str(support.PROJECT / "bench"))
from private_mariadb import PrivateMariadb  # noqa: E402

SECRET = "Tr0ub4dor-and-3"

running = contextlib.ExitStack()
server = None


def start():
    global server
    data = tempfile.mkdtemp(prefix="wobackup-test-mariadb-")
    running.callback(shutil.rmtree, data, ignore_errors=True)
    server = running.enter_context(PrivateMariadb(pathlib.Path(data), 64 << 20))


def stop():
    running.close()


def sql(text, database="mysql"):
    ran = subprocess.run(server.client("mariadb", "--batch", "--skip-column-names", f"--execute={text}", database),
                         check=True, capture_output=True, text=True)
    return ran.stdout.strip()


class DatabaseTest(support.RealTest):
    """A WordOps site with a table `posts` of three rows in the database `shop`."""

    def setUp(self):
        super().setUp()
        sql("DROP DATABASE IF EXISTS shop; CREATE DATABASE shop CHARACTER SET utf8mb4;"
            f"CREATE OR REPLACE USER shop@localhost IDENTIFIED BY '{SECRET}';"
            "GRANT ALL ON shop.* TO shop@localhost")
        sql("CREATE TABLE posts (id INT PRIMARY KEY, title TEXT) ENGINE=InnoDB;"
            "INSERT INTO posts VALUES (1, 'one'), (2, 'Grüße'), (3, 'three')", "shop")
        host = f"localhost:{server.socket}"
        self.shop = self.make_site(site_type="mysql", db_name="shop", db_user="shop", db_password=SECRET,
                                   db_host=host)
        self.write("www/a.example/wo-config.php",
                   f"<?php\ndefine('DB_NAME', 'shop');\ndefine('DB_USER', 'shop');\n"
                   f"define('DB_PASSWORD', '{SECRET}');\ndefine('DB_HOST', '{host}');\n")
        defaults = self.write("my.cnf", f"[client]\nuser=root\nsocket={server.socket}\n", 0o600)
        self.write_config(f'[database]\ndefaults_file = "{defaults}"\n')
