// What servers and networks do to requests: the object is whole in the end, or there is a clear error and no debris.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "backend/conformance.h"
#include "backend/retrying_backend.h"
#include "backend/s3_place.h"
#include "fakes/fault_proxy.h"
#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

class S3Faults : public ::testing::Test {
 protected:
  S3Faults() : place(server.settings()), backend(place.connect_s3(never)) {}

  // With the wrapper that repeats what is not part of an upload.
  std::unique_ptr<RetryingBackend> patient() {
    return std::make_unique<RetryingBackend>(place.connect_s3(never), Retry({}, place.pause(), never));
  }
  std::string error_of(const std::function<void()>& action, ErrorKind kind = ErrorKind::failed) {
    try {
      action();
    } catch (const Error& error) {
      EXPECT_EQ(name_of(error.kind()), name_of(kind)) << error.message();
      hint = error.hint();
      return error.message();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
  }
  void expect_no_debris() {
    EXPECT_TRUE(server.state()["uploads"].empty());
    EXPECT_EQ(server.state()["faults_left"], 0);
  }
  void expect_whole(const std::string& key, const ByteVector& bytes) {
    EXPECT_TRUE(content_of(*backend, key) == bytes);
    expect_no_debris();
  }

  StrictS3& server = fresh_strict_s3();
  Cancellation never;
  S3PlaceForTests place;
  std::unique_ptr<S3Backend> backend;
  const ByteVector large = noise(17'000'000);
  std::string hint;
};

TEST_F(S3Faults, PartsThatFail_AreSentAgain) {
  server.fault({{"method", "PUT"},
                {"query", "partNumber"},
                {"do", "refuse"},
                {"status", 503},
                {"code", "SlowDown"},
                {"times", 3}});
  server.fault(
      {{"method", "PUT"}, {"query", "partNumber"}, {"do", "refuse"}, {"status", 500}, {"code", "InternalError"}});
  server.fault({{"method", "PUT"}, {"query", "partNumber"}, {"do", "refuse"}, {"status", 429}});
  server.fault({{"method", "PUT"}, {"query", "partNumber"}, {"do", "reset"}, {"times", 2}});
  server.fault({{"method", "PUT"}, {"query", "partNumber"}, {"do", "lose_answer"}});
  server.fault({{"method", "PUT"}, {"query", "partNumber"}, {"do", "refuse"}, {"status", 400}, {"code", "BadDigest"}});
  ASSERT_TRUE(put(*backend, "k", large));
  expect_whole("k", large);
  EXPECT_GT(place.pause().waited().count(), 0);
}

TEST_F(S3Faults, EveryOtherRequestOfAnUploadIsRepeatedToo) {
  server.fault({{"method", "POST"}, {"query", "uploads"}, {"do", "refuse"}, {"status", 503}, {"code", "SlowDown"}});
  server.fault({{"method", "HEAD"}, {"do", "reset"}});
  server.fault(
      {{"method", "POST"}, {"query", "uploadId"}, {"do", "refuse"}, {"status", 500}, {"code", "InternalError"}});
  server.fault({{"method", "POST"},
                {"query", "uploadId"},
                {"do", "say"},
                {"text", "<Error><Code>InternalError</Code></Error>"}});
  ASSERT_TRUE(put(*backend, "k", large));
  expect_whole("k", large);
}

TEST_F(S3Faults, LostAnswerToTheCompletion_IsFoundOut) {
  server.fault({{"method", "POST"}, {"query", "uploadId"}, {"do", "lose_answer"}});
  ASSERT_TRUE(put(*backend, "k", large));
  expect_whole("k", large);
  server.fault({{"method", "POST"}, {"query", "uploadId"}, {"do", "lose_answer"}});
  ASSERT_TRUE(put(*backend, "k", noise(17'000'000, 2), {.size_hint_bytes = {}, .replace = true}));
  expect_whole("k", noise(17'000'000, 2));
}

TEST_F(S3Faults, SmallObjectIsSentAgain) {
  server.fault({{"method", "PUT"}, {"do", "lose_answer"}});
  server.fault({{"method", "PUT"}, {"do", "refuse"}, {"status", 503}, {"code", "SlowDown"}});
  ASSERT_TRUE(put(*backend, "k", noise(100)));
  expect_whole("k", noise(100));
}

TEST_F(S3Faults, ServerThatStaysDown_IsGivenUp) {
  place.retry().attempts = 4;
  server.fault({{"method", "PUT"},
                {"query", "partNumber"},
                {"do", "refuse"},
                {"status", 503},
                {"code", "SlowDown"},
                {"times", 1000}});
  const std::string message = error_of([&] { put(*place.connect_s3(never), "k", large); });
  EXPECT_NE(message.find("SlowDown"), std::string::npos) << message;
  EXPECT_NE(message.find("place"), std::string::npos) << message;
  EXPECT_TRUE(server.state()["uploads"].empty());
  EXPECT_TRUE(server.state()["objects"].empty());
}

TEST_F(S3Faults, RefusalIsNotRepeated) {
  server.fault({{"method", "PUT"},
                {"query", "partNumber"},
                {"do", "refuse"},
                {"status", 403},
                {"code", "AccessDenied"},
                {"times", 1000}});
  EXPECT_NE(error_of([&] { put(*backend, "k", large); }).find("AccessDenied"), std::string::npos);
  EXPECT_NE(hint, "");
  EXPECT_EQ(place.pause().waits().size(), 0U);
  EXPECT_TRUE(server.state()["uploads"].empty());
}

TEST_F(S3Faults, FullServerIsSaid) {
  server.fault({{"method", "PUT"}, {"do", "refuse"}, {"status", 507}, {"code", "XMinioStorageFull"}, {"times", 1000}});
  error_of([&] { put(*backend, "k", noise(10)); }, ErrorKind::no_space);
}

TEST_F(S3Faults, CompletionThatIsRefused_IsAnError) {
  server.fault({{"method", "POST"}, {"query", "uploadId"}, {"do", "refuse"}, {"status", 400}, {"code", "InvalidPart"}});
  EXPECT_NE(error_of([&] { put(*backend, "k", large); }).find("InvalidPart"), std::string::npos);
  expect_no_debris();
  EXPECT_FALSE(backend->stat("k"));
}

TEST_F(S3Faults, CompletionThatOnlySaysSo_IsFoundOut) {
  server.fault({{"method", "POST"},
                {"query", "uploadId"},
                {"do", "say"},
                {"text", "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>"}});
  EXPECT_NE(error_of([&] { put(*backend, "k", large); }).find("did not put its parts together"), std::string::npos);
  expect_no_debris();
}

TEST_F(S3Faults, ReadingIsRepeated) {
  ASSERT_TRUE(put(*backend, "k", large));
  const auto again = patient();
  server.fault({{"method", "GET"}, {"do", "truncate"}, {"times", 2}});
  server.fault({{"method", "GET"}, {"do", "reset"}, {"times", 2}});
  server.fault({{"method", "GET"}, {"do", "refuse"}, {"status", 503}, {"code", "SlowDown"}});
  server.fault({{"method", "HEAD"}, {"do", "refuse"}, {"status", 503}});
  EXPECT_TRUE(content_of(*again, "k") == large);
  EXPECT_EQ(keys_of(*again), std::vector<std::string>{"k"});
  expect_no_debris();
}

TEST_F(S3Faults, AnswersThatDoNotFit_AreRefused) {
  ASSERT_TRUE(put(*backend, "k", noise(100'000)));
  const auto object = backend->open("k", {});
  ByteVector part(1'000);
  server.fault({{"method", "GET"}, {"do", "shift"}});
  EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(5'000, part)); }, "other bytes"));
  server.fault({{"method", "GET"}, {"do", "too_long"}});
  EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(5'000, part)); }, "more than it was asked for"));
  server.fault({{"method", "GET"}, {"do", "say"}, {"text", std::string(1'000, 'x')}});
  EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(5'000, part)); }));
  EXPECT_EQ(object->read(5'000, part), part.size());
}

TEST_F(S3Faults, WrongBytesInASmallObject_AreFoundOut) {
  ASSERT_TRUE(put(*backend, "k", noise(1'000)));
  server.fault({{"method", "GET"}, {"do", "corrupt"}});
  EXPECT_TRUE(refuses([&] { static_cast<void>(backend->open("k", {.tail_bytes = 5'000})); }, "SHA-256"));
}

TEST_F(S3Faults, ReplacedObject_IsNotReadOn) {
  ASSERT_TRUE(put(*backend, "k", noise(100'000, 1)));
  const auto object = backend->open("k", {});
  server.put(place.full_key("k"), std::string(100'000, 'x'));
  ByteVector part(1'000);
  EXPECT_TRUE(refuses([&] { static_cast<void>(object->read(0, part)); }));
  backend->remove("k");
  EXPECT_NE(refusal([&] { static_cast<void>(object->read(0, part)); }, ErrorKind::not_found), "");
}

TEST_F(S3Faults, EndlessOrEmptyAnswersAreBounded) {
  server.fault({{"method", "GET"}, {"do", "say"}, {"text", std::string(9'000'000, ' ')}});
  EXPECT_TRUE(refuses([&] { keys_of(*backend); }, "more than it was asked for"));
  server.fault({{"method", "GET"}, {"do", "say"}, {"text", "<html>a proxy</html>"}});
  EXPECT_TRUE(refuses([&] { keys_of(*backend); }, "ListBucketResult"));
  server.fault({{"method", "GET"},
                {"do", "say"},
                {"times", 5},
                {"text",
                 "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></"
                 "ListBucketResult>"}});
  EXPECT_TRUE(refuses([&] { keys_of(*backend); }, "does not end"));
}

TEST_F(S3Faults, NamesOutOfOrder_AreRefused) {
  const std::string full = place.full_key("");
  const auto page = [&](const std::string& key, const std::string& next) {
    return "<ListBucketResult><IsTruncated>" + std::string(next.empty() ? "false" : "true") +
           "</IsTruncated><NextContinuationToken>" + next + "</NextContinuationToken><Contents><Key>" + full + key +
           "</Key><Size>1</Size><LastModified>2024-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>";
  };
  server.fault({{"method", "GET"}, {"do", "say"}, {"text", page("b", "1")}});
  server.fault({{"method", "GET"}, {"do", "say"}, {"text", page("a", "")}});
  EXPECT_TRUE(refuses([&] { keys_of(*backend); }, "not in order"));
}

TEST_F(S3Faults, ClockThatIsWrong_IsSaidWithTheDifference) {
  server.set({{"skew", 3030}});
  EXPECT_NE(error_of([&] { put(*backend, "k", noise(1)); }).find("this machine's clock is 50 minutes behind"),
            std::string::npos);
  EXPECT_NE(hint.find("clock"), std::string::npos);
  server.set({{"skew", -7200 * 30}});
  EXPECT_NE(error_of([&] { keys_of(*backend); }).find("this machine's clock is 2 days before"), std::string::npos);
}

TEST_F(S3Faults, WrongKeysAreSaid) {
  place.settings().keys = [] { return S3Keys{"AKIDTEST", "wrong", ""}; };
  EXPECT_NE(error_of([&] { static_cast<void>(place.connect_s3(never)->stat("k")); }).find("SignatureDoesNotMatch"),
            std::string::npos);
  place.settings().keys = [] { return S3Keys{"AKIDOTHER", "secret", ""}; };
  EXPECT_NE(error_of([&] { put(*place.connect_s3(never), "k", noise(1)); }).find("InvalidAccessKeyId"),
            std::string::npos);
  place.settings().keys = []() -> S3Keys { throw Error(ErrorKind::usage, "there are no keys"); };
  error_of([&] { static_cast<void>(place.connect_s3(never)->stat("k")); }, ErrorKind::usage);
}

TEST_F(S3Faults, ExpiredTokenIsAskedForAgain_InTheMiddleOfAnUpload) {
  auto token = std::make_shared<std::atomic<int>>(1);
  server.set({{"token", "1"}});
  place.settings().keys = [token] { return S3Keys{"AKIDTEST", "secret/with+odd=characters", std::to_string(*token)}; };
  backend = place.connect_s3(never);
  const auto upload = backend->put("k", {});
  upload->write(ByteSpan(large).first(6'000'000));
  server.set({{"token", "2"}});
  *token = 2;
  upload->write(ByteSpan(large).subspan(6'000'000));
  ASSERT_TRUE(upload->commit());
  expect_whole("k", large);
}

TEST_F(S3Faults, ExpiredTokenThatCannotBeRenewed_IsSaid) {
  server.set({{"token", "new"}});
  place.settings().keys = [] { return S3Keys{"AKIDTEST", "secret/with+odd=characters", "old"}; };
  EXPECT_NE(error_of([&] { static_cast<void>(place.connect_s3(never)->stat("k")); }).find("ExpiredToken"),
            std::string::npos);
  EXPECT_NE(hint.find("temporary keys"), std::string::npos);
}

TEST_F(S3Faults, BucketsOwnRegionIsFoundOut) {
  for (const bool redirects : {false, true}) {
    StrictS3 elsewhere(false, "eu-west-3");
    elsewhere.set({{"redirect", redirects}});
    S3PlaceForTests far(elsewhere.settings());
    far.settings().region = "us-east-1";
    const auto there = far.connect_s3(never);
    EXPECT_FALSE(there->stat("k")) << redirects;
    ASSERT_TRUE(put(*there, "k", large));
    EXPECT_TRUE(content_of(*there, "k") == large);
    EXPECT_EQ(place.pause().waits().size(), 0U);
  }
}

TEST_F(S3Faults, RedirectElsewhere_IsNotFollowed) {
  StrictS3 trap;
  server.fault({{"method", "PUT"},
                {"do", "refuse"},
                {"status", 307},
                {"code", "TemporaryRedirect"},
                {"times", 1000},
                {"headers", {{"Location", "http://127.0.0.1:" + std::to_string(trap.port()) + "/stolen"}}}});
  server.fault({{"method", "GET"},
                {"do", "refuse"},
                {"status", 301},
                {"code", "PermanentRedirect"},
                {"headers",
                 {{"Location", "http://127.0.0.1:" + std::to_string(trap.port()) + "/stolen"},
                  {"x-amz-bucket-region", "evil.example.com/#"}}}});
  place.retry().attempts = 2;
  EXPECT_NE(error_of([&] { put(*place.connect_s3(never), "k", noise(10)); }).find("TemporaryRedirect"),
            std::string::npos);
  EXPECT_NE(error_of([&] { keys_of(*backend); }).find("PermanentRedirect"), std::string::npos);
  EXPECT_NE(hint.find("endpoint"), std::string::npos);
  EXPECT_TRUE(trap.state()["requests"].empty());
}

TEST_F(S3Faults, ServersTextCannotActOnTheTerminal) {
  server.fault({{"method", "GET"},
                {"do", "say"},
                {"status", 403},
                {"text", "<Error><Code>AccessDenied</Code><Message>\x1b[2J&#13;x</Message></Error>"}});
  const std::string message = error_of([&] { keys_of(*backend); });
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_NE(message.find("\\x1b"), std::string::npos);
}

TEST_F(S3Faults, ServerWithoutAnAuthorityThatWeKnow_IsNotTrusted) {
  const StrictS3 secure(true);
  S3PlaceForTests there(secure.settings());
  there.settings().ca_file = "";
  there.retry().attempts = 2;
  error_of([&] { put(*there.connect_s3(never), "k", noise(1)); });
  EXPECT_NE(hint.find("ca_file"), std::string::npos);
  there.settings().endpoint = "https://localhost.localdomain.invalid:1";
  error_of([&] { static_cast<void>(there.connect_s3(never)->stat("k")); });
}

TEST_F(S3Faults, StallEndsAsAFailureThatMayGoAway) {
  place.settings().stall = std::chrono::seconds(1);
  server.fault({{"method", "GET"}, {"do", "stall"}, {"seconds", 30}});
  try {
    keys_of(*place.connect_s3(never));
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(error.retryable()) << error.message();
  }
}

TEST_F(S3Faults, CancellationEndsAStalledUpload_AndAbortsIt) {
  server.fault({{"method", "PUT"}, {"query", "partNumber"}, {"do", "stall"}, {"seconds", 30}, {"times", 10}});
  Cancellation cancellation;
  const auto cancelled = place.connect_s3(cancellation);
  auto upload = cancelled->put("k", {});
  upload->write(large);
  const std::jthread canceller([&] { cancellation.cancel(); });
  EXPECT_EQ(error_of([&] { static_cast<void>(upload->commit()); }, ErrorKind::interrupted), "interrupted");
  upload.reset();
  EXPECT_TRUE(server.state()["uploads"].empty());
}

TEST_F(S3Faults, ConnectionsThatBreakInTheMiddleOfAPart_AreMadeAgain) {
  FaultProxy proxy(server.port());
  place.settings().endpoint = "http://127.0.0.1:" + std::to_string(proxy.port());
  proxy.reset_after(3'000'000, 4);
  ASSERT_TRUE(put(*place.connect_s3(never), "k", large));
  EXPECT_EQ(proxy.resets(), 4);
  expect_whole("k", large);
  proxy.reset_answers_after(2'000'000);
  EXPECT_TRUE(content_of(*patient(), "k") == large);
  EXPECT_EQ(proxy.resets(), 5);
}

TEST_F(S3Faults, KilledUpload_IsAbortedByTheNextRun) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto there = place.connect_s3(never, &journal);
    const auto upload = there->put("killed", {});
    upload->write(large);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_EQ(server.state()["uploads"].size(), 1U);
  EXPECT_FALSE(backend->stat("killed"));
  EXPECT_EQ(place.connect_s3(never, &journal)->remove_unfinished(), std::vector<std::string>{"killed"});
  expect_no_debris();
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

TEST_F(S3Faults, ServerThatCannotListUploads_IsNoReasonToFail) {
  const ScratchFolder state;
  const UploadJournal journal(state / "uploads");
  const std::string place_name = place.settings().endpoint + " " + backend->name();
  static_cast<void>(journal.begin(place_name, "killed", "", {}));
  server.fault(
      {{"method", "GET"}, {"query", "uploads"}, {"do", "refuse"}, {"status", 501}, {"code", "NotImplemented"}});
  EXPECT_EQ(place.connect_s3(never, &journal)->remove_unfinished(), std::vector<std::string>{"killed"});
  EXPECT_TRUE(std::filesystem::is_empty(state / "uploads"));
}

}  // namespace
}  // namespace wobackup::test
