#include "age/recipient_list.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "age/x25519_key.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "wobackup/keys.h"

namespace wobackup {
namespace {

using test::refusal;

const std::string kOne = X25519Identity::generate().recipient(), kTwo = X25519Identity::generate().recipient();

TEST(RecipientList, FileWithComments_IsRead) {
  const test::ScratchFolder folder;
  const auto file = folder.write("recipients", "# office\r\n" + kOne + "\r\n\n  " + kTwo + "  \n");
  ::chmod(file.c_str(), 0644);
  EXPECT_EQ(recipients_in_file(file), (std::vector<std::string>{kOne, kTwo}));
}

TEST(RecipientList, FileThatOthersCanChange_IsNotUsed) {
  const test::ScratchFolder folder;
  const auto file = folder.write("recipients", kOne);
  ::chmod(file.c_str(), 0664);
  EXPECT_NE(refusal([&] { static_cast<void>(recipients_in_file(file)); }, ErrorKind::usage).find("other users"),
            std::string::npos);
}

TEST(RecipientList, WrongLine_IsNamed) {
  const test::ScratchFolder folder;
  const auto file = folder.write("recipients", kOne + "\nage1nonsense\n");
  const std::string message = refusal([&] { static_cast<void>(recipients_in_file(file)); }, ErrorKind::usage);
  EXPECT_NE(message.find("recipients:2: \"age1nonsense\" is no age recipient"), std::string::npos) << message;
}

TEST(RecipientList, SecretKey_IsNotRepeated) {
  const std::string secret(X25519Identity::generate().text().text());
  const std::string message = refusal([&] { check_recipient(secret); }, ErrorKind::usage);
  EXPECT_EQ(message, "that is a secret key, not a recipient");
}

TEST(RecipientList, SameRecipientTwice_IsOne) { EXPECT_EQ(recipients_from({kOne, kTwo, kOne}).size(), 2U); }

TEST(RecipientList, OneMistypedLetter_IsFound) {
  std::string text = kOne;
  text[20] = text[20] == 'q' ? 'p' : 'q';
  EXPECT_THROW(check_recipient(text), Error);
}

}  // namespace
}  // namespace wobackup
