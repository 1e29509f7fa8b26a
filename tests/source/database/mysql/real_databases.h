// Databases as real ones are, as scripts for the mariadb client.
#pragma once

namespace wobackup::test {

// One of each kind.
inline constexpr const char* kEverything = R"SQL(
CREATE TABLE emoji (id INT PRIMARY KEY, t TEXT) CHARSET utf8mb4;
INSERT INTO emoji VALUES (1, '😀 it''s \\ fine'), (2, '\n-- Dump completed\n'), (3, '\'); INSERT INTO `x` VALUES (1);--'), (4, NULL);
CREATE TABLE latin (t VARCHAR(50)) CHARSET latin1; INSERT INTO latin VALUES ('ÄÖÜ'), ('é');
CREATE TABLE bytes (id INT PRIMARY KEY, b BLOB, bits BIT(9), v VARBINARY(20)); INSERT INTO bytes VALUES (1, 0x0027225C0A1A, b'101010101', 0xFF00);
CREATE TABLE made (a INT, b INT GENERATED ALWAYS AS (a * 2) VIRTUAL, c INT GENERATED ALWAYS AS (a + 1) STORED);
INSERT INTO made (a) VALUES (1), (2), (3);
CREATE TABLE mine (id INT, t TEXT) ENGINE=MyISAM; INSERT INTO mine VALUES (1, 'x'), (2, 'y');
CREATE TABLE aria (id INT) ENGINE=Aria; INSERT INTO aria VALUES (7);
CREATE TABLE parts (id INT) PARTITION BY HASH (id) PARTITIONS 4; INSERT INTO parts VALUES (1), (2), (3), (4), (5);
CREATE TABLE nokey (a INT, b INT); INSERT INTO nokey VALUES (1, 1), (1, 1), (2, 3);
CREATE TABLE `odd na;me.with ``tick`` "quote'` (`co``l` INT); INSERT INTO `odd na;me.with ``tick`` "quote'` VALUES (9);
CREATE TABLE parent (id INT PRIMARY KEY); CREATE TABLE child (id INT, FOREIGN KEY (id) REFERENCES parent (id));
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1);
CREATE TABLE empty_one (id INT);
CREATE TABLE moments (d DATETIME(6), ts TIMESTAMP NULL, j JSON, e ENUM('a', 'b'), dec1 DECIMAL(30, 10), dbl DOUBLE);
INSERT INTO moments VALUES ('2025-01-02 03:04:05.678901', '2025-01-02 03:04:05', '{"a": [1, "x"]}', 'b', 123456789.0123456789, 0.1);
CREATE VIEW a_view AS SELECT id FROM emoji; CREATE VIEW on_view AS SELECT id FROM a_view;
CREATE DEFINER='gone'@'nowhere' VIEW no_definer AS SELECT id FROM emoji;
CREATE SEQUENCE seq START WITH 100 INCREMENT BY 5; SELECT NEXTVAL(seq);
DELIMITER ;;
CREATE TRIGGER trig BEFORE INSERT ON emoji FOR EACH ROW BEGIN SET NEW.t = CONCAT(NEW.t, ';'); END;;
CREATE PROCEDURE proc(IN x INT) BEGIN SELECT 'DELIMITER ;', x; END;;
CREATE FUNCTION func(x INT) RETURNS INT DETERMINISTIC RETURN x + 1;;
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM nokey WHERE a = 99; END;;
DELIMITER ;
)SQL";

// Names, values and definitions that a dump program, or who follows its output, may stumble over.
inline constexpr const char* kOddThings = R"SQL(
SET NAMES utf8mb4;
CREATE TABLE `名前` (`spalte ä` INT); INSERT INTO `名前` VALUES (1);
CREATE TABLE old_emoji (t TEXT) CHARSET utf8mb3; INSERT INTO old_emoji VALUES ('€ ä');
CREATE TABLE latin_all (b TINYINT UNSIGNED PRIMARY KEY, t CHAR(1) CHARACTER SET latin1);
INSERT INTO latin_all SELECT seq, CONVERT(CHAR(seq) USING latin1) FROM seq_128_to_255;
CREATE TABLE wide (t VARCHAR(20)) CHARSET utf16; INSERT INTO wide VALUES ('😀');
CREATE TABLE all_bytes (id INT PRIMARY KEY, b BLOB, l LONGBLOB);
INSERT INTO all_bytes SELECT seq, UNHEX(LPAD(HEX(seq), 2, '0')), UNHEX(REPEAT(LPAD(HEX(seq), 2, '0'), 1000)) FROM seq_0_to_255;
CREATE TABLE bits (a BIT(1), b BIT(64), c BIT(8)); INSERT INTO bits VALUES (b'1', b'1000000000000000000000000000000000000000000000000000000000000001', 0x27), (0, NULL, 0x5C);
CREATE TABLE marks (id INT PRIMARY KEY, t LONGTEXT);
INSERT INTO marks VALUES (1, '\n-- Dump completed on 2025-01-01  0:00:00\n'), (2, '*/; DROP TABLE marks; /*'),
  (3, 'DELIMITER ;;\n'), (4, '/*M!999999\\- enable the sandbox mode */'), (5, '\\! touch /tmp/pwned\n'), (6, '\\'), (7, '`"'''''),
  (8, ';\n/*!50003 CREATE TRIGGER x */;;\n'), (9, 'UNLOCK TABLES;\n'), (10, '\0\Z\t\r\n'), (11, '');
CREATE TABLE `comment */; DROP TABLE marks; --` (id INT COMMENT '*/ -- Dump completed') COMMENT '\n-- Dump completed\n';
CREATE TABLE `-- Dump completed` (`;` INT DEFAULT 1); INSERT INTO `-- Dump completed` VALUES (2);
CREATE TABLE `a.b` (id INT) ENGINE=MyISAM; CREATE TABLE `a``b` (id INT); CREATE TABLE `a\'b"c` (id INT); CREATE TABLE `a\\b` (id INT);
INSERT INTO `a.b` VALUES (1); INSERT INTO `a``b` VALUES (2); INSERT INTO `a\'b"c` VALUES (3); INSERT INTO `a\\b` VALUES (4);
CREATE TABLE by_range (id INT, d DATE) PARTITION BY RANGE (YEAR(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
  (PARTITION old VALUES LESS THAN (2000), PARTITION new VALUES LESS THAN MAXVALUE);
INSERT INTO by_range VALUES (1, '1999-12-31'), (2, '2025-01-01'), (3, NULL);
CREATE TABLE hidden (a INT, b INT INVISIBLE DEFAULT 5, CHECK (a < 10)); INSERT INTO hidden (a) VALUES (1); INSERT INTO hidden (a, b) VALUES (2, 6);
CREATE TABLE counted (id INT AUTO_INCREMENT PRIMARY KEY, UNIQUE KEY (id)) AUTO_INCREMENT = 5000; INSERT INTO counted VALUES (NULL), (NULL);
CREATE TABLE texts (id INT PRIMARY KEY, t TEXT, FULLTEXT (t)); INSERT INTO texts VALUES (1, 'words');
CREATE TABLE places (p POINT NOT NULL, SPATIAL INDEX (p)) ENGINE=MyISAM; INSERT INTO places VALUES (POINT(1.5, -2.25));
CREATE TABLE odd_dates (d DATE, t TIME(3), y YEAR, u UUID, i INET6, big BIGINT UNSIGNED, r DOUBLE);
SET sql_mode = ''; INSERT INTO odd_dates VALUES ('0000-00-00', '-838:59:59', 0, UUID(), '::1', 18446744073709551615, 1.7976931348623157e308);
CREATE TABLE zero (id INT AUTO_INCREMENT PRIMARY KEY); SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'; INSERT INTO zero VALUES (0), (7); SET sql_mode = DEFAULT;
CREATE TABLE circle_a (id INT PRIMARY KEY, b INT); CREATE TABLE circle_b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES circle_a (id));
ALTER TABLE circle_a ADD FOREIGN KEY (b) REFERENCES circle_b (id); INSERT INTO circle_a VALUES (1, NULL); INSERT INTO circle_b VALUES (1, 1); UPDATE circle_a SET b = 1;
CREATE SEQUENCE `odd se``q` START WITH -5 INCREMENT BY -2 MINVALUE -1000 MAXVALUE 0 CYCLE; SELECT NEXTVAL(`odd se``q`);
CREATE VIEW `v 1; --` AS SELECT 1 AS `a``b`, '-- Dump completed' AS t; CREATE VIEW a_first AS SELECT * FROM `v 1; --`;
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW checked AS SELECT a FROM hidden WHERE a > 0 WITH CASCADED CHECK OPTION;
DELIMITER $$
CREATE TRIGGER `t;1` AFTER INSERT ON marks FOR EACH ROW BEGIN SET @x = '$$ ;; -- Dump completed'; END$$
CREATE TRIGGER t2 AFTER INSERT ON marks FOR EACH ROW FOLLOWS `t;1` SET @y = 1$$
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'$$
CREATE PROCEDURE "odd ""proc"() BEGIN SELECT '\', "a" FROM hidden; /* ; */ END$$
SET sql_mode = DEFAULT$$
CREATE FUNCTION `f``g`(s TEXT CHARSET utf8mb4) RETURNS TEXT CHARSET utf8mb4 DETERMINISTIC COMMENT 'ü' RETURN CONCAT(s, '😀;')$$
SET sql_mode = ORACLE$$
CREATE PACKAGE pack AS FUNCTION one RETURN INT; END$$
CREATE PACKAGE BODY pack AS FUNCTION one RETURN INT AS BEGIN RETURN 1; END; END$$
SET sql_mode = DEFAULT$$
CREATE EVENT `e;1` ON SCHEDULE AT '2035-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'x''y' DO SELECT 1$$
DELIMITER ;
)SQL";

}  // namespace wobackup::test
