// Every command on encrypted backups: with the key, without it, with a wrong one, and on what somebody changed.
#include <sys/stat.h>

#include "age/age_structure.h"
#include "age/made_age.h"
#include "age/recipient_list.h"
#include "cli/command_line.h"
#include "fakes/forged_tar.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"

namespace wobackup {
namespace {

namespace fs = std::filesystem;
using test::contains;
using test::Ran;

class EncryptedBackups : public test::CommandLine {
 protected:
  EncryptedBackups() {
    add_wordpress("a.example");
    write("www/a.example/htdocs/text", std::string(300'000, 'x'));
    std::string noise;
    for (std::uint32_t i = 0, state = 1; i < 900'000; ++i)
      noise += static_cast<char>((state = state * 1103515245 + 12345) >> 24U);
    write("www/a.example/htdocs/noise", noise);
    recipient_ = made_key("key.txt");
    write_config("[encryption]\nrecipients = [\"" + recipient_ + "\"]\n");
  }
  [[nodiscard]] std::string made_key(const std::string& name) const {
    const Ran ran = run({"key", "generate", (root() / name).string()});
    EXPECT_EQ(ran.exit_code, 0) << ran.both();
    return test::lines_of(ran.out).at(0);
  }
  [[nodiscard]] Ran with_key(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--identity", (root() / "key.txt").string()});
    return run(arguments);
  }
  void encrypt(const fs::path& from, const fs::path& to) const {
    test::AgeOutput output;
    AgeWriter writer(output, recipients_from({recipient_}), 0);
    writer.write(test::bytes_of_file(from));
    writer.finish();
    test::write_file(to, output.bytes);
  }
  // Where the chunks begin, behind header and nonce.
  [[nodiscard]] static std::size_t chunks_begin(const ByteVector& bytes) {
    return read_age_structure(test::MemoryFile(bytes)).chunks_begin;
  }
  // A changed copy in another folder, where no ledger knows it.
  [[nodiscard]] fs::path changed(const fs::path& archive, const std::function<void(ByteVector&)>& change) const {
    ByteVector bytes = test::bytes_of_file(archive);
    change(bytes);
    const fs::path copy = root() / "copies" / archive.filename();
    fs::create_directories(copy.parent_path());
    test::write_file(copy, bytes);
    return copy;
  }
  void expect_refused(const fs::path& archive, int exit_code, std::string_view message_part) const {
    for (const std::string command : {"info", "verify", "ls"}) {
      const Ran ran = with_key({command, archive.string()});
      EXPECT_EQ(ran.exit_code, exit_code) << command << ": " << ran.both();
      // verify goes on to what is left in front of a damaged end.
      const bool at_the_end = command == "verify" && contains(ran.err, "the end of the encrypted data is missing");
      EXPECT_TRUE(at_the_end || contains(ran.err, message_part)) << command << ": " << ran.err;
    }
    const fs::path target = root() / "refused";
    EXPECT_EQ(with_key({"restore", archive.string(), "--target", target.string()}).exit_code, exit_code);
    EXPECT_FALSE(fs::exists(target / "htdocs/noise"));
    fs::remove_all(target);
  }

  std::string recipient_;
};

TEST_F(EncryptedBackups, WithTheKey_EveryCommandWorksAsOnAPlainOne) {
  const fs::path archive = backed_up("a.example", {"--reason", "nightly"});
  EXPECT_TRUE(archive.string().ends_with(".tar.zst.age")) << archive;
  EXPECT_TRUE(test::text_of_file(archive).starts_with("age-encryption.org/v1\n-> X25519 "));
  EXPECT_EQ(test::text_of_file(archive).find(std::string(64, 'x')), std::string::npos);
  const fs::path plain = backed_up("a.example", {"--plain"});
  EXPECT_TRUE(plain.string().ends_with("0.tar.zst") || plain.extension() == ".zst") << plain;

  const Ran info = with_key({"--json", "info", archive.string()});
  ASSERT_EQ(info.exit_code, 0) << info.both();
  EXPECT_EQ(info.objects("summary").back()["encrypted"], true);
  EXPECT_EQ(info.objects("summary").back()["archive_size"], fs::file_size(archive));
  EXPECT_EQ(info.objects("summary").back()["backup_reason"], "nightly");

  EXPECT_TRUE(contains(with_key({"ls", archive.string(), "htdocs"}).out, "noise"));
  EXPECT_TRUE(contains(with_key({"find", "noise", "a.example"}).out, "htdocs/noise"));
  EXPECT_EQ(with_key({"diff", archive.string(), plain.string(), "--exit-code"}).exit_code, 0);
  EXPECT_EQ(with_key({"dump", archive.string(), "htdocs/text"}).out, std::string(300'000, 'x'));
  const Ran verified = with_key({"--json", "verify", archive.string()});
  EXPECT_EQ(verified.exit_code, 0) << verified.both();
  EXPECT_EQ(verified.objects("verified").back()["sum_compared"], true);
  EXPECT_EQ(verified.objects("verified").back()["decrypted"], true);
  // Whether PHP is there or not: it was restored aside.
  const Ran drilled = with_key({"--json", "verify", archive.string(), "--level", "drill"});
  EXPECT_GE(drilled.objects("verified").at(0)["drill"]["files"], 4) << drilled.both();
  const fs::path target = root() / "restored";
  ASSERT_EQ(with_key({"restore", archive.string(), "--target", target.string()}).exit_code, 0);
  EXPECT_EQ(test::bytes_of_file(target / "htdocs/noise"), test::bytes_of_file(www("a.example") / "htdocs/noise"));
  EXPECT_EQ(with_key({"restore", archive.string(), "--target", (root() / "one").string(), "--include", "htdocs/text"})
                .exit_code,
            0);

  // By the names that a user would use, with both kinds side by side.
  EXPECT_EQ(with_key({"info", "a.example/" + archive.filename().string()}).exit_code, 0);
}

TEST_F(EncryptedBackups, InPlace_IsRestoredAndUndone) {
  const fs::path archive = backed_up("a.example");
  write("www/a.example/htdocs/text", "hacked");
  const Ran restored = with_key({"restore", archive.string(), "--in-place", "--files", "--yes", "--no-check"});
  ASSERT_EQ(restored.exit_code, 0) << restored.both();
  EXPECT_EQ(test::text_of_file(www("a.example") / "htdocs/text"), std::string(300'000, 'x'));
  // What was displaced becomes an archive that is encrypted as all are.
  const Ran finished = run({"restore", "--finish", "a.example"});
  ASSERT_EQ(finished.exit_code, 0) << finished.both();
  const std::vector<Json> refs = run({"--json", "list", "a.example"}).objects("snapshot");
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0]["encrypted"], true);
  EXPECT_EQ(refs[0]["reason"], "pre-restore");
}

TEST_F(EncryptedBackups, WithoutAKey_ListAndSitesShowWhatWasMade) {
  const fs::path archive = backed_up("a.example", {"--reason", "nightly", "--files"});
  const Json ref = run({"--json", "list", "a.example"}).objects("snapshot").at(0);
  EXPECT_EQ(ref["archive"], archive.string());
  EXPECT_EQ(ref["encrypted"], true);
  EXPECT_EQ(ref["type"], "files");
  EXPECT_EQ(ref["reason"], "nightly");
  EXPECT_EQ(ref["state"], "complete");
  const Ran sites = run({"--json", "sites"});
  EXPECT_EQ(sites.objects("site").at(0)["last_backup_name"], ref["name"]);
}

TEST_F(EncryptedBackups, WithoutAKey_ReadingSaysWhatIsMissing) {
  const fs::path archive = backed_up("a.example");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"info", "a.example"},
                                             {"ls", "a.example"},
                                             {"verify", "a.example"},
                                             {"dump", "a.example", "htdocs/text"},
                                             {"restore", "a.example", "--target", (root() / "r").string()},
                                             {"restore", "a.example", "--in-place", "--files", "--yes"},
                                             {"verify", "a.example", "--level", "drill"}}) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.exit_code, 12) << command.front() << ran.both();
    EXPECT_TRUE(contains(ran.err, "is encrypted, and no identity was given"));
    EXPECT_TRUE(contains(ran.err, "--identity FILE"));
  }
  EXPECT_FALSE(fs::exists(root() / "r/htdocs"));
}

TEST_F(EncryptedBackups, WithoutAKey_QuickProvesSizeStructureAndSum) {
  const fs::path archive = backed_up("a.example");
  const Ran ran = run({"--json", "verify", "a.example", "--level", "quick"});
  ASSERT_EQ(ran.exit_code, 0) << ran.both();
  const Json verified = ran.objects("verified").back();
  EXPECT_EQ(verified["decrypted"], false);
  EXPECT_EQ(verified["sum_compared"], true);
  EXPECT_TRUE(contains(run({"verify", "a.example", "--level", "quick"}).out, "its sum is the recorded one"));

  const fs::path copy = changed(archive, [](ByteVector&) {});
  EXPECT_TRUE(contains(run({"verify", copy.string(), "--level", "quick"}).out, "no sum was recorded"));

  // One bit, in place.
  ByteVector bytes = test::bytes_of_file(archive);
  bytes[bytes.size() / 2] ^= std::byte{4};
  test::write_file(archive, bytes);
  const Ran changed_bit = run({"verify", "a.example", "--level", "quick"});
  EXPECT_EQ(changed_bit.exit_code, 21) << changed_bit.both();
  EXPECT_TRUE(contains(changed_bit.err, "its sum is another"));
  // Cut off: the list sees it, too.
  bytes.resize(bytes.size() - 70'000);
  test::write_file(archive, bytes);
  EXPECT_EQ(run({"verify", archive.string(), "--level", "quick"}).exit_code, 21);
  EXPECT_EQ(run({"--json", "list", "a.example"}).objects("snapshot").at(0)["state"], "damaged");
  EXPECT_EQ(run({"info", "a.example"}).exit_code, 10) << "no complete backup is left";
}

TEST_F(EncryptedBackups, WrongKey_IsNotTakenForDamage) {
  const fs::path archive = backed_up("a.example");
  static_cast<void>(made_key("other.txt"));
  for (const std::string level : {"quick", "data"}) {
    const Ran ran = run({"verify", archive.string(), "--level", level, "--identity", (root() / "other.txt").string()});
    EXPECT_EQ(ran.exit_code, 12) << ran.both();
    EXPECT_TRUE(contains(ran.err, "none of the 1 identity given opens it"));
  }
  const Json ref =
      run({"--json", "list", "a.example", "--identity", (root() / "other.txt").string()}).objects("snapshot").at(0);
  EXPECT_EQ(ref["state"], "complete");
}

TEST_F(EncryptedBackups, WhatSomebodyChanged_IsRefused) {
  const fs::path archive = backed_up("a.example");
  const std::size_t begin = chunks_begin(test::bytes_of_file(archive));
  const auto at = [](ByteVector& bytes, std::size_t offset) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  ASSERT_GT(fs::file_size(archive), begin + 4 * kSealedChunkBytes);

  expect_refused(changed(archive, [&](ByteVector& bytes) { bytes.resize(begin + 2 * kSealedChunkBytes); }), 21,
                 "it is cut off: its last chunk is missing");
  expect_refused(changed(archive, [&](ByteVector& bytes) { bytes.resize(bytes.size() - 5); }), 21,
                 "the encrypted data is damaged");
  expect_refused(changed(archive, [&](ByteVector& bytes) { bytes.resize(bytes.size() + 5); }), 21,
                 "the encrypted data is damaged");
  expect_refused(changed(archive,
                         [&](ByteVector& bytes) {
                           const ByteVector chunk(at(bytes, begin), at(bytes, begin + kSealedChunkBytes));
                           bytes.insert(at(bytes, begin), chunk.begin(), chunk.end());
                         }),
                 21, "the encrypted data is damaged");
  expect_refused(changed(archive, [&](ByteVector& bytes) { bytes[5] = std::byte{'X'}; }), 21, "its name says so");
  expect_refused(changed(archive,
                         [&](ByteVector& bytes) {
                           const std::string_view stanza = "-> x\n\n";
                           const std::string_view text = text_of(bytes);
                           bytes.insert(at(bytes, text.find("\n---") + 1), bytes_of(stanza).begin(),
                                        bytes_of(stanza).end());
                         }),
                 21, "its HMAC is wrong");
  expect_refused(changed(archive, [&](ByteVector& bytes) { bytes.resize(60); }), 21, "the age header is malformed");
}

// Anybody can encrypt to the recipient; only the record tells that it is another one.
TEST_F(EncryptedBackups, TarOfSomebodyElse_IsRefusedWhereverItWouldBeUsed) {
  const fs::path archive = backed_up("a.example");
  const fs::path forged = root() / archive.filename().stem();
  test::forge(forged, "a.example");
  encrypt(forged, archive);
  const std::string elsewhere = (root() / "elsewhere").string();
  fs::create_directories(elsewhere);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"verify", archive.string()},
                                             {"verify", archive.string(), "--level", "drill"},
                                             {"restore", archive.string(), "--in-place", "--yes"},
                                             {"copy", archive.string(), "--decrypt", "--to", elsewhere}}) {
    const Ran ran = with_key(words);
    EXPECT_EQ(ran.exit_code, 21) << words[0] << "\n" << ran.both();
    EXPECT_TRUE(contains(ran.both(), "not the archive that was made here")) << words[0];
  }
  EXPECT_TRUE(fs::exists(www("a.example") / "htdocs/noise"));
  EXPECT_FALSE(fs::exists(fs::path(elsewhere) / "a.example"));
}

TEST_F(EncryptedBackups, ChunksSwapped_AreFoundByVerify) {
  const fs::path archive = backed_up("a.example");
  const fs::path copy = changed(archive, [&](ByteVector& bytes) {
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(chunks_begin(bytes) + 4 * kSealedChunkBytes);
    const auto second = first + kSealedChunkBytes;
    std::swap_ranges(first, second, second);
  });
  const Ran ran = with_key({"verify", copy.string()});
  EXPECT_EQ(ran.exit_code, 21) << ran.both();
  EXPECT_TRUE(contains(ran.err, "is not the one that was written there"));
  // What lies in other frames comes back, and nothing of the one that holds the chunks: all small files.
  const Ran salvaged = with_key({"restore", copy.string(), "--target", (root() / "s").string(), "--salvage"});
  EXPECT_EQ(salvaged.exit_code, 3) << salvaged.both();
  EXPECT_TRUE(contains(test::text_of_file(root() / "s/vhost.json"), "a.example")) << salvaged.both();
  EXPECT_TRUE(contains(salvaged.both(), "restored 2 files")) << salvaged.both();  // and the database
  EXPECT_TRUE(contains(salvaged.err, "not restored: htdocs/noise: its frame is damaged"));
  EXPECT_FALSE(fs::exists(root() / "s/htdocs/noise"));
}

TEST_F(EncryptedBackups, OtherProgramsTars_EncryptedByWhomever_AreRead) {
  // A plain tar of another program, encrypted: streamed.
  write("foreign/2020-01-01_00-00-00/vhost.json", R"({"sitename":"a.example","backup_type":"full"})");
  write("foreign/2020-01-01_00-00-00/htdocs/index.html", "old");
  test::run_in(root() / "foreign", {"tar", "--zstd", "-cf", "x.tar.zst", "2020-01-01_00-00-00"});
  const fs::path archive = archives("a.example") / "2020-01-01_00-00-00.tar.zst.age";
  fs::create_directories(archive.parent_path());
  // Sealed by this program's own writer; tests/age has Debian's age do it.
  encrypt(root() / "foreign/x.tar.zst", archive);
  const Ran info = with_key({"--json", "info", archive.string()});
  ASSERT_EQ(info.exit_code, 0) << info.both();
  EXPECT_EQ(info.objects("summary").back()["indexed"], false);
  EXPECT_EQ(with_key({"dump", archive.string(), "htdocs/index.html"}).out, "old");
  EXPECT_EQ(with_key({"verify", archive.string()}).exit_code, 0);

  // Nobody wrote down what it is: unknown without the key, until a rescan with it.
  Json ref = run({"--json", "list", "a.example"}).objects("snapshot").at(0);
  EXPECT_EQ(ref["type"], nullptr);
  EXPECT_EQ(ref["state"], "complete");
  EXPECT_EQ(run({"list", "a.example", "--rescan"}).exit_code, 0);
  EXPECT_EQ(run({"--json", "list", "a.example"}).objects("snapshot").at(0)["type"], nullptr);
  const Ran rescanned = with_key({"list", "a.example", "--rescan"});
  EXPECT_TRUE(contains(rescanned.err, "a.example: 1 encrypted backup entered into the catalog")) << rescanned.both();
  EXPECT_EQ(run({"--json", "list", "a.example"}).objects("snapshot").at(0)["type"], "full");
}

TEST_F(EncryptedBackups, StateFolderLost_RescanKnowsThemByName) {
  const fs::path archive = backed_up("a.example");
  fs::remove_all(root() / "state");
  const Ran ran = run({"list", "a.example", "--rescan"});
  EXPECT_EQ(ran.exit_code, 0) << ran.both();
  EXPECT_TRUE(contains(ran.err, "1 encrypted backup entered"));
  EXPECT_TRUE(contains(run({"list", "a.example", "--rescan"}).err, "0 encrypted backups entered"));
  // No sum was recorded by that: what lies there now proves nothing.
  const Json verified = run({"--json", "verify", archive.string(), "--level", "quick"}).objects("verified").back();
  EXPECT_EQ(verified["sum_compared"], false);
}

TEST_F(EncryptedBackups, Passphrase_ComesFromFileCommandOrPerson) {
  write_config();
  const fs::path secret = root() / "passphrase";
  write("passphrase", "correct horse\n");
  ::chmod(secret.c_str(), 0600);
  const fs::path archive = backed_up("a.example", {"--passphrase-file", secret.string()});
  EXPECT_TRUE(contains(test::text_of_file(archive).substr(0, 100), "-> scrypt "));
  EXPECT_EQ(run({"info", "a.example"}).exit_code, 12);
  EXPECT_TRUE(contains(run({"info", "a.example"}).err, "is encrypted with a passphrase, and none was given"));
  EXPECT_EQ(run({"info", "a.example", "--passphrase-command", "printf %s\\n correct\\ horse"}).exit_code, 12);
  EXPECT_EQ(run({"info", "a.example", "--passphrase-command", R"(["echo", "correct horse"])"}).exit_code, 0);
  const Ran asked = run({"info", "a.example"}, {.at_terminal = true, .passphrase = "correct horse"});
  EXPECT_EQ(asked.exit_code, 0);
  EXPECT_TRUE(contains(asked.err, "Passphrase for " + archive.string()));
  const Ran wrong = run({"info", "a.example"}, {.at_terminal = true, .passphrase = "wrong horse"});
  EXPECT_EQ(wrong.exit_code, 12);
  EXPECT_TRUE(contains(wrong.err, "the passphrase does not open "));
  // A list asks nobody.
  EXPECT_FALSE(contains(run({"list"}, {.at_terminal = true, .passphrase = "x"}).err, "Passphrase"));
}

TEST_F(EncryptedBackups, WhatMakesNoSense_IsWrongUsageAndLeavesNothingPlain) {
  const auto expect_usage = [&](const std::vector<std::string>& more, std::string_view message) {
    std::vector<std::string> arguments{"create", "a.example"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << ran.both();
    EXPECT_TRUE(contains(ran.err, message));
  };
  const std::string secret = test::lines_of(test::text_of_file(root() / "key.txt")).at(2);
  expect_usage({"--recipient", secret}, "that is a secret key, not a recipient");
  EXPECT_FALSE(contains(run({"create", "a.example", "--recipient", secret}).both(), secret));
  expect_usage({"--identity", secret}, "--identity takes a file, not the key itself");
  expect_usage({"--recipient", "age1nonsense"}, "is no age recipient");
  expect_usage({"--recipient", recipient_, "--plain"}, "exclude each other");
  expect_usage({"--passphrase"}, "there is no terminal");
  expect_usage({"--recipients-file", (root() / "missing").string()}, "missing");
  write_config("[encryption]\nrecipients_file = \"" + (root() / "missing").string() + "\"\n");
  expect_usage({}, "missing");
  EXPECT_FALSE(fs::exists(archives("a.example")));
}

TEST_F(EncryptedBackups, SitesOwnRecipients_StandInsteadOfThoseForAll) {
  add_site("b.example");
  add_site("c.example");
  const std::string own = made_key("own.txt");
  write_config("[encryption]\nrecipients = [\"" + recipient_ +
               "\"]\n[site.\"a.example\".encryption]\nrecipients = [\"" + own +
               "\"]\n[site.\"c.example\".encryption]\nenabled = false\n");
  const fs::path a = backed_up("a.example"), b = backed_up("b.example"), c = backed_up("c.example");
  EXPECT_EQ(with_key({"info", a.string()}).exit_code, 12);
  EXPECT_EQ(run({"info", a.string(), "--identity", (root() / "own.txt").string()}).exit_code, 0);
  EXPECT_EQ(with_key({"info", b.string()}).exit_code, 0);
  EXPECT_EQ(c.extension(), ".zst");
  EXPECT_EQ(run({"key", "show"}).out, recipient_ + "\n" + own + "  a.example\n");
}

}  // namespace
}  // namespace wobackup
