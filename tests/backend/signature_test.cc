// The examples of AWS' own documentation ("Signature Calculations for the Authorization Header"), and of its test suite
// for Signature Version 4, whose canonical requests are the same for all services.
#include "backend/s3/signature.h"

#include <gtest/gtest.h>

#include <string>

namespace wobackup::test {
namespace {

const S3Keys kKeys{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const std::string kHost = "examplebucket.s3.amazonaws.com";
const std::string kNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// 2013-05-24T00:00:00Z
std::chrono::sys_seconds example_time() {
  using namespace std::chrono;
  return sys_days(year(2013) / May / 24);
}

std::string signature_of(const SignableRequest& request) {
  const std::string value = authorization(request, kKeys, "us-east-1", example_time());
  return value.substr(value.rfind('=') + 1);
}

SignableRequest request(const std::string& method, const std::string& path, TextPairs query, TextPairs headers,
                        const std::string& payload = kNothing) {
  headers.emplace_back("host", kHost);
  headers.emplace_back("x-amz-content-sha256", payload);
  return {method, path, std::move(query), std::move(headers), payload};
}

TEST(Signature, GetObject) {
  const SignableRequest get =
      request("GET", "/test.txt", {}, {{"range", "bytes=0-9"}, {"x-amz-date", amz_date(example_time())}});
  EXPECT_EQ(authorization(get, kKeys, "us-east-1", example_time()),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(Signature, PutObject) {
  const std::string payload =
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";  // "Welcome to Amazon S3."
  const SignableRequest put = request("PUT", "/" + uri_encoded("test$file.text", true), {},
                                      {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                                       {"x-amz-date", "20130524T000000Z"},
                                       {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                                      payload);
  EXPECT_EQ(signature_of(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(Signature, GetBucketLifecycle) {
  EXPECT_EQ(signature_of(request("GET", "/", {{"lifecycle", ""}}, {{"x-amz-date", "20130524T000000Z"}})),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(Signature, ListObjects) {
  EXPECT_EQ(
      signature_of(request("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {{"x-amz-date", "20130524T000000Z"}})),
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Signature, EncodesEverythingButUnreserved_Once) {
  EXPECT_EQ(uri_encoded("Az09-._~", false), "Az09-._~");
  EXPECT_EQ(uri_encoded("a b/c+d%e&f=g", true), "a%20b/c%2Bd%25e%26f%3Dg");
  EXPECT_EQ(uri_encoded("a/b", false), "a%2Fb");
  EXPECT_EQ(uri_encoded("\xe1\x88\xb4", false), "%E1%88%B4");
}

TEST(Signature, QueryIsSortedByEncodedNamesThenValues) {
  EXPECT_EQ(canonical_query({{"b", "2"}, {"a", "x y"}, {"a", "+"}, {"A", ""}, {"%", "1"}}),
            "%25=1&A=&a=%2B&a=x%20y&b=2");
  EXPECT_EQ(canonical_query({}), "");
}

TEST(Signature, HeaderValuesLoseNeedlessBlanks) {
  SignableRequest odd{"GET", "/", {}, {{"x-amz-b", "  a   b \t"}, {"host", "h"}, {"x-amz-a", ""}}, kNothing};
  EXPECT_EQ(canonical_request(odd), "GET\n/\n\nhost:h\nx-amz-a:\nx-amz-b:a b\n\nhost;x-amz-a;x-amz-b\n" + kNothing);
}

TEST(Signature, Dates) {
  EXPECT_EQ(amz_date(std::chrono::sys_seconds{}), "19700101T000000Z");
  EXPECT_EQ(amz_date(example_time() + std::chrono::seconds(86399)), "20130524T235959Z");
}

}  // namespace
}  // namespace wobackup::test
