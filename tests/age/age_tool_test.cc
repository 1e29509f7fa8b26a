// Debian's age opens what is written here, and the other way round.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "age/made_age.h"
#include "age/unlock.h"
#include "fakes/memory_file.h"
#include "fakes/plain_tools.h"
#include "fakes/scratch_folder.h"
#include "wobackup/keys.h"

namespace wobackup {
namespace {

using test::bytes_of_file;
using test::run_in;

constexpr std::size_t kLengths[] = {0, 1, 65535, 65536, 65537, 131072, 7'654'321};

// age-keygen says the recipient on stderr, which `run_in` takes for a complaint.
void keygen(const std::filesystem::path& folder) { run_in(folder, {"sh", "-c", "age-keygen -o key.txt 2>recipient"}); }

TEST(AgeTool, WhatIsWrittenHere_IsOpenedByAge) {
  const test::ScratchFolder folder;
  keygen(folder.path());
  const std::string recipient = recipients_of(folder / "key.txt", Keys()).at(0);
  EXPECT_EQ(test::text_of_file(folder / "recipient"), "Public key: " + recipient + "\n");
  Recipients recipients;
  recipients.push_back(std::make_unique<const X25519Recipient>(X25519Recipient::parse(recipient).value()));
  for (const std::size_t length : kLengths) {
    for (const unsigned threads : {0U, 2U}) {
      SCOPED_TRACE(testing::Message() << length << " bytes, " << threads << " threads");
      const ByteVector plain = test::made_bytes(length);
      test::write_file(folder / "x.age", test::encrypted(plain, recipients, threads));
      std::filesystem::remove(folder / "x");
      run_in(folder.path(), {"age", "-d", "-i", "key.txt", "-o", "x", "x.age"});
      EXPECT_EQ(bytes_of_file(folder / "x"), plain);
    }
  }
}

TEST(AgeTool, WhatAgeWrote_IsOpenedHere) {
  const test::ScratchFolder folder;
  static_cast<void>(generate_identity(folder / "mine.txt"));
  keygen(folder.path());
  const std::string mine = recipients_of(folder / "mine.txt", Keys()).at(0),
                    other = recipients_of(folder / "key.txt", Keys()).at(0);
  for (const std::size_t length : kLengths) {
    SCOPED_TRACE(length);
    const ByteVector plain = test::made_bytes(length);
    test::write_file(folder / "x", plain);
    run_in(folder.path(), {"age", "-r", other, "-r", mine, "-o", "x.age", "x"});
    const test::MemoryFile file(bytes_of_file(folder / "x.age"));
    const AgeStructure structure = read_age_structure(file);
    const FileKey key = unlock(Keys({.identity_files = {folder / "mine.txt"}}), structure.header, file.name());
    const AgeRandomAccess access(file, structure, key);
    ByteVector bytes(static_cast<std::size_t>(access.size()));
    EXPECT_EQ(access.read(0, bytes), length);
    EXPECT_EQ(bytes, plain);
  }
}

TEST(AgeTool, IdentityMadeHere_IsUnderstoodByAgeKeygen) {
  const test::ScratchFolder folder;
  const std::string recipient = generate_identity(folder / "mine.txt");
  EXPECT_EQ(run_in(folder.path(), {"age-keygen", "-y", "mine.txt"}), recipient + "\n");
}

// age asks for passphrases at a terminal only; script gives it one.
TEST(AgeTool, Passphrase_WorksBothWays) {
  const test::ScratchFolder folder;
  const ByteVector plain = test::made_bytes(100'000);
  Recipients recipients;
  recipients.push_back(std::make_unique<const ScryptPassphrase>(Secret(std::string_view("swordfish"))));
  test::write_file(folder / "x.age", test::encrypted(plain, recipients));
  const std::string at_a_terminal = "sleep 1; echo swordfish; sleep 3";
  run_in(folder.path(), {"sh", "-c", "(" + at_a_terminal + ") | script -qec 'age -d -o x x.age' /dev/null >said 2>&1"});
  EXPECT_EQ(bytes_of_file(folder / "x"), plain) << test::text_of_file(folder / "said");

  run_in(folder.path(), {"sh", "-c",
                         "(sleep 1; echo swordfish; sleep 1; echo swordfish; sleep 3) | "
                         "script -qec 'age -p -o y.age x' /dev/null >said 2>&1"});
  const test::MemoryFile file(bytes_of_file(folder / "y.age"));
  const AgeStructure structure = read_age_structure(file);
  const FileKey key = unlock(Keys({.passphrase_command = {"echo", "swordfish"}}), structure.header, file.name());
  const AgeRandomAccess access(file, structure, key);
  ByteVector bytes(plain.size());
  EXPECT_EQ(access.read(0, bytes), plain.size());
  EXPECT_EQ(bytes, plain);
}

}  // namespace
}  // namespace wobackup
