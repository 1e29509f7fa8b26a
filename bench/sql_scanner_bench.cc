// How fast the scanner follows a dump: it reads every byte on the way to the archive.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "database/sql_scanner.h"

namespace wobackup {
namespace {

constexpr std::size_t kDumpBytes = std::size_t{32} << 20U;
constexpr std::size_t kPieceBytes = std::size_t{256} << 10U;  // what a read from the dump program's pipe may bring
constexpr std::size_t kInsertBytes = std::size_t{1} << 20U;   // the dump program's net buffer

// Rows of one table as the dump program writes them, seeded.
template <class Row>
std::string dump_of(const std::string& table, Row row) {
  std::mt19937 random(2025);
  std::string dump = "CREATE TABLE `" + table + "` (`id` int);\nLOCK TABLES `" + table + "` WRITE;\n";
  for (unsigned id = 1; dump.size() < kDumpBytes;) {
    dump += "INSERT INTO `" + table + "` VALUES\n";
    const std::size_t stop = dump.size() + kInsertBytes;
    for (; dump.size() < stop; ++id) {
      row(dump, id, random);
      dump += ",\n";
    }
    dump.replace(dump.size() - 2, 2, ";\n");
  }
  return dump + "UNLOCK TABLES;\n-- Dump completed\n";
}

// wp_postmeta: short rows, three of four bytes between or next to quotes.
std::string postmeta_dump() {
  return dump_of("wp_postmeta", [](std::string& out, unsigned id, std::mt19937& random) {
    out += "(" + std::to_string(id) + "," + std::to_string(random() % 100'000) + ",'_wp_attached_file','2025/0" +
           std::to_string(random() % 9 + 1) + "/image-" + std::to_string(random()) + ".jpg')";
  });
}

// wp_posts: paragraphs of block markup, with an escape every 60 bytes or so.
std::string posts_dump() {
  return dump_of("wp_posts", [](std::string& out, unsigned id, std::mt19937& random) {
    out += "(" + std::to_string(id) + ",1,'2025-01-20 14:25:30','2025-01-20 14:25:30','";
    for (auto paragraphs = random() % 12 + 1; paragraphs > 0; --paragraphs) {
      out += "<!-- wp:paragraph {\\\"align\\\":\\\"left\\\"} -->\\n<p>It\\'s the ";
      out.append(random() % 400, 'w');
      out += "</p>\\n<!-- /wp:paragraph -->\\n\\n";
    }
    out += "','Title','','publish','open','open','','post-name','','',0,'https://example.com/?p=" + std::to_string(id) +
           "',0,'post','',0)";
  });
}

// Binary columns, written with --hex-blob.
std::string blob_dump() {
  return dump_of("wp_blobs", [](std::string& out, unsigned id, std::mt19937& random) {
    out += "(" + std::to_string(id) + ",0x";
    out.append(random() % 4'000, 'A');
    out += ")";
  });
}

void scan(benchmark::State& state, const std::string& dump) {
  for (auto _ : state) {
    std::uint64_t rows = 0;
    SqlScanner scanner([&rows](const SqlStatement& statement) { rows += statement.rows; });
    for (std::size_t at = 0; at < dump.size(); at += kPieceBytes) {
      scanner.feed(bytes_of(std::string_view(dump).substr(at, kPieceBytes)));
    }
    scanner.finish();
    if (!scanner.completed()) state.SkipWithError("the dump was not understood");
    benchmark::DoNotOptimize(rows);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(dump.size()));
}

void BM_ShortRows(benchmark::State& state) { scan(state, postmeta_dump()); }
void BM_LongTexts(benchmark::State& state) { scan(state, posts_dump()); }
void BM_HexBlobs(benchmark::State& state) { scan(state, blob_dump()); }
BENCHMARK(BM_ShortRows)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_LongTexts)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_HexBlobs)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace wobackup
