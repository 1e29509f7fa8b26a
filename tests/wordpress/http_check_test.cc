// Asking a web server for a page of a site, and judging the answer.
#include "wordpress/http_check.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "fakes/plain_tools.h"
#include "fakes/refusal.h"
#include "fakes/scratch_folder.h"
#include "fakes/web_server.h"

namespace wobackup {
namespace {

using test::WebServer;

const Cancellation kNever;

HttpRequest request_to(const WebServer& server) {
  HttpRequest request;
  request.host = "wp.example";
  request.http_port = request.https_port = server.port();
  return request;
}

TEST(HttpCheck, Page_IsAskedForByNamePastTheCache) {
  const WebServer server(
      [](const std::string&) { return WebServer::page("<html><TITLE>\n Caf\xc3\xa9 \x1b[2J</TITLE> hello"); });
  const HttpAnswer answer = http_check(request_to(server), kNever);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.title, "Caf\xc3\xa9 \\x1b[2J");
  EXPECT_EQ(answer.body_bytes, 39U);
  EXPECT_EQ(http_problem(answer, {}), std::nullopt);
  (void)http_check(request_to(server), kNever);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_TRUE(requests[0].starts_with("GET /?wobackup=")) << requests[0];
  EXPECT_NE(requests[0].find("\r\nHost: wp.example\r\n"), std::string::npos) << requests[0];
  EXPECT_NE(requests[0].substr(0, 60), requests[1].substr(0, 60));
}

TEST(HttpCheck, ProxyOfTheEnvironment_IsNotAsked) {
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const WebServer server([](const std::string&) { return WebServer::page("x"); });
  EXPECT_EQ(http_check(request_to(server), kNever).status, 200);
  ::unsetenv("http_proxy");
}

TEST(HttpCheck, RedirectsAmongItsOwnNames_AreFollowed) {
  const WebServer server([](const std::string& request) {
    if (request.find("Host: www.wp.example") == std::string::npos)
      return WebServer::redirect("http://www.wp.example/a");
    return request.starts_with("GET /a ") ? WebServer::redirect("/b") : WebServer::page("there");
  });
  const HttpAnswer answer = http_check(request_to(server), kNever);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.url, "http://www.wp.example/b");
}

TEST(HttpCheck, RedirectElsewhere_IsToldNotFollowed) {
  const WebServer trap([](const std::string&) { return WebServer::page("trapped"); });
  const std::string port = std::to_string(trap.port());
  for (const std::string& to :
       {"http://127.0.0.1:" + port + "/", "http://wp.example:" + port + "/", std::string("http://other.example/"),
        std::string("file:///etc/passwd"), std::string("http://wp.example@127.0.0.1/")}) {
    const WebServer server([&](const std::string&) { return WebServer::redirect(to); });
    const HttpAnswer answer = http_check(request_to(server), kNever);
    EXPECT_EQ(answer.status, 301) << to;
    EXPECT_EQ(answer.redirect_to, to);
    EXPECT_NE(http_problem(answer, {}).value_or("").find("was not followed"), std::string::npos) << to;
    EXPECT_EQ(server.requests().size(), 1U) << to;
  }
  EXPECT_TRUE(trap.requests().empty());
}

TEST(HttpCheck, RedirectLoop_Ends) {
  const WebServer server([](const std::string&) { return WebServer::redirect("/again"); });
  EXPECT_EQ(http_check(request_to(server), kNever).status, 301);
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST(HttpCheck, EndlessBody_IsCut) {
  const WebServer server([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(std::size_t{6} << 20U, 'x');
  });
  const HttpAnswer answer = http_check(request_to(server), kNever);
  EXPECT_TRUE(answer.body_cut);
  EXPECT_EQ(answer.body_bytes, std::uint64_t{4} << 20U);
}

TEST(HttpCheck, HttpsWithAnyCertificate_IsAskedBySitesName) {
  const test::ScratchFolder folder;
  test::run_in(folder.path(), {"sh", "-c",
                               "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=other -days 1 -keyout key "
                               "-out cert 2>/dev/null"});
  Command command;
  command.argv = {"openssl",
                  "s_server",
                  "-accept",
                  "127.0.0.1:0",
                  "-www",
                  "-key",
                  (folder / "key").string(),
                  "-cert",
                  (folder / "cert").string(),
                  "-servername",
                  "wp.example",
                  "-servername_fatal",
                  "-key2",
                  (folder / "key").string(),
                  "-cert2",
                  (folder / "cert").string()};
  const Subprocess server(command);
  std::string said;
  while (said.find("ACCEPT") == std::string::npos || said.back() != '\n') {
    std::array<char, 256> buffer{};
    const ssize_t count = ::read(server.out_fd(), buffer.data(), buffer.size());
    ASSERT_GT(count, 0) << said;
    said.append(buffer.data(), static_cast<std::size_t>(count));
  }
  HttpRequest request;
  request.host = "wp.example";
  request.https = true;
  request.https_port = static_cast<std::uint16_t>(std::stoi(said.substr(said.rfind(':') + 1)));
  EXPECT_EQ(http_check(request, kNever).status, 200);
  request.host = "unknown.example";  // the server insists on the name in the handshake
  EXPECT_NE(test::refusal([&] { (void)http_check(request, kNever); }, ErrorKind::failed), "");
}

TEST(HttpCheck, SilentServer_IsAnErrorInTime) {
  const WebServer server(
      [](const std::string&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"); });
  HttpRequest request = request_to(server);
  request.time = std::chrono::milliseconds(500);
  EXPECT_NE(test::refusal([&] { (void)http_check(request, kNever); }, ErrorKind::failed).find("no answer from"),
            std::string::npos);
  request.http_port = 1;  // nobody listens there
  EXPECT_NE(test::refusal([&] { (void)http_check(request, kNever); }, ErrorKind::failed), "");
}

TEST(HttpCheck, NameThatIsNone_IsRefused) {
  HttpRequest request;
  request.host = "a.example/../\r\nHost: b";
  EXPECT_NE(test::refusal([&] { (void)http_check(request, kNever); }, ErrorKind::usage), "");
}

TEST(HttpCheck, Cancelled_Ends) {
  const WebServer server([](const std::string&) { return WebServer::page("x"); });
  Cancellation cancellation;
  cancellation.cancel();
  EXPECT_NE(test::refusal([&] { (void)http_check(request_to(server), cancellation); }, ErrorKind::interrupted), "");
}

std::string problem_of(const std::string& response, const HttpExpectation& expectation = {}) {
  const WebServer server([&](const std::string&) { return response; });
  return http_problem(http_check(request_to(server), kNever), expectation).value_or("");
}

TEST(HttpProblem, ErrorsOfWordPressAndPhp_AreNamed) {
  const std::string error = "500 Internal Server Error";
  EXPECT_NE(problem_of(WebServer::page("Error establishing a database connection", error)).find("connect to the data"),
            std::string::npos);
  EXPECT_NE(problem_of(WebServer::page("<p>There has been a critical error on this website.", error)).find("critical"),
            std::string::npos);
  EXPECT_NE(problem_of(WebServer::page("<br />\n<b>Fatal error</b>:  Uncaught")).find("error of PHP"),
            std::string::npos);
  EXPECT_NE(problem_of(WebServer::page("")).find("empty page"), std::string::npos);
  EXPECT_NE(problem_of(WebServer::page("<title>Nope</title>", "404 Not Found")).find("404 (\"Nope\")"),
            std::string::npos);
}

TEST(HttpProblem, PostAboutErrors_IsNone) {
  EXPECT_EQ(problem_of(WebServer::page("How to fix \"Error establishing a database connection\"")), "");
}

TEST(HttpProblem, Maintenance_IsAProblemUnlessExpected) {
  const std::string page = WebServer::page("Briefly unavailable for scheduled maintenance.", "503 Service Unavailable");
  EXPECT_NE(problem_of(page).find("still in maintenance mode"), std::string::npos);
  EXPECT_EQ(problem_of(page, {.status = {}, .maintenance = true}), "");
  EXPECT_NE(problem_of(WebServer::page("hello"), {.status = {}, .maintenance = true}), "");
}

TEST(HttpProblem, StatusAsBefore_IsNone) {
  const std::string page = WebServer::page("password, please", "401 Unauthorized");
  EXPECT_NE(problem_of(page), "");
  EXPECT_EQ(problem_of(page, {.status = 401, .maintenance = false}), "");
  EXPECT_NE(problem_of(WebServer::page("open"), {.status = 401, .maintenance = false}), "");
}

}  // namespace
}  // namespace wobackup
