// What a site's code cannot do while it is run.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <fstream>

#include "base/unique_fd.h"
#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "wordpress/probe/installed_wordpress.h"
#include "wordpress/wordpress_answer.h"

namespace wobackup {
namespace {

const Cancellation kNever;

class WordPressIsolation : public test::WordPressSiteTest {
 protected:
  // What the planted plugin has put into the global `seen`.
  static std::string seen(bool isolated) {
    WordPressRun request = run();
    request.limits.isolated = isolated;
    return answer_text(run_wordpress(request, "return array('seen' => $GLOBALS['seen']);", kNever).answer, "seen");
  }
};

// A TCP port of this machine that takes connections.
class ListeningPort {
 public:
  ListeningPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* general = reinterpret_cast<sockaddr*>(&address);
    if (::bind(fd_.get(), general, size) != 0 || ::listen(fd_.get(), 8) != 0 ||
        ::getsockname(fd_.get(), general, &size) != 0) {
      throw std::runtime_error("no port");
    }
    number_ = ::ntohs(address.sin_port);
  }
  [[nodiscard]] std::string number() const { return std::to_string(number_); }

 private:
  UniqueFd fd_;
  int number_ = 0;
};

TEST_F(WordPressIsolation, Isolated_ReachesNoPortOfThisMachine) {
  const ListeningPort port;
  plant_plugin("$seen = @fsockopen('127.0.0.1', " + port.number() + ", $code, $text, 3) ? 'connected' : $text;");
  EXPECT_EQ(seen(false), "connected");
  EXPECT_EQ(seen(true), "Network is unreachable");
}

TEST_F(WordPressIsolation, FilesOfRoot_StayClosed) {
  const test::ScratchFolder folder;
  ::chmod(folder.path().c_str(), 0755);
  const auto secret = folder.write("secret", "geheim");
  plant_plugin("$seen = (string) @file_get_contents('" + secret.string() + "');");
  EXPECT_EQ(seen(true), "geheim");  // with the usual mode
  ::chmod(secret.c_str(), 0600);
  EXPECT_EQ(seen(true), "");
}

TEST_F(WordPressIsolation, RunsAsTheSitesUserAlone) {
  plant_plugin(
      "$seen = posix_getuid() . ' ' . posix_getgid() . ' ' . implode(',', posix_getgroups()) . ' ' . umask();");
  EXPECT_EQ(seen(true), "33 33  63");
}

TEST_F(WordPressIsolation, EnvironmentAndDescriptors_HoldNothingOfOurs) {
  ASSERT_EQ(::setenv("WOBACKUP_SECRET", "geheim", 1), 0);
  plant_plugin("$seen = implode(' ', array_keys(getenv()));");
  const std::string names = seen(true);
  ::unsetenv("WOBACKUP_SECRET");
  EXPECT_NE(names.find("PATH"), std::string::npos);
  EXPECT_EQ(names.find("WOBACKUP"), std::string::npos) << names;
}

TEST_F(WordPressIsolation, Mail_GoesNowhere) {
  const std::string marker = (site_->site() / "htdocs/sent").string();
  plant_plugin("$seen = wp_mail('a@b.example', 'x', 'y') || @mail('a@b.example', 'x', 'y') ? 'sent' : 'not sent';");
  EXPECT_EQ(seen(true), "not sent");
}

TEST_F(WordPressIsolation, LongFiles_AreNotWritten) {
  plant_plugin(
      "$file = fopen(ABSPATH . 'long', 'w'); fseek($file, 100 << 20);\n"
      "$seen = @fwrite($file, 'x') ? 'written' : 'refused'; unlink(ABSPATH . 'long');");
  EXPECT_EQ(seen(false), "written");
  EXPECT_EQ(seen(true), "refused");
}

TEST_F(WordPressIsolation, Root_IsRefused) {
  WordPressRun request = run();
  for (const SiteUser user : {SiteUser{0, 33}, SiteUser{33, 0}}) {
    request.user = user;
    EXPECT_EQ(test::refusal([&] { (void)run_wordpress(request, "return array();", kNever); }, ErrorKind::failed),
              "no site's code is run as root");
  }
}

TEST_F(WordPressIsolation, Passwords_AreInNoArgument) {
  plant_plugin("$seen = str_replace(\"\\0\", ' ', file_get_contents('/proc/self/cmdline')) . implode(' ', getenv());");
  WordPressRun request = run();
  request.start.database = site_->login("wp");
  const Json answer = run_wordpress(request, "return array('seen' => $GLOBALS['seen']);", kNever).answer;
  const std::string seen_text = answer_text(answer, "seen");
  EXPECT_NE(seen_text.find("/dev/fd/"), std::string::npos) << seen_text;
  EXPECT_EQ(seen_text.find("se'cret"), std::string::npos) << seen_text;
}

}  // namespace
}  // namespace wobackup
