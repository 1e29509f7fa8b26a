#include "backend/s3/s3_answer.h"

#include <gtest/gtest.h>

#include <string>

#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

TEST(S3Answer, Faults) {
  const auto fault = s3_fault(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code>"
      "<Message>The region &apos;us-east-1&apos; is wrong</Message><Region>eu-central-1</Region></Error>");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(fault->message, "The region 'us-east-1' is wrong");
  EXPECT_EQ(fault->region, "eu-central-1");
  for (const char* text : {"", "no xml", "<html><Error/></html>", "<Error>", "\0", "<?xml version=\"1.0\"?>"}) {
    EXPECT_FALSE(s3_fault(text)) << text;
  }
}

TEST(S3Answer, ObjectPages) {
  const S3ObjectPage page = s3_object_page(
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>"
      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>a+/=&amp;</NextContinuationToken>"
      "<Contents><Key>a%2Fb+c%0A</Key><LastModified>2024-02-29T12:34:56.789Z</LastModified>"
      "<ETag>&quot;abc&quot;</ETag><Size>9007199254740993</Size></Contents></ListBucketResult>");
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0].key, "a/b c\n");
  EXPECT_EQ(page.objects[0].etag, "\"abc\"");
  EXPECT_EQ(page.objects[0].size_bytes, 9007199254740993U);
  EXPECT_EQ(page.objects[0].modified.time_since_epoch().count(), 1709210096);
  EXPECT_EQ(page.next, "a+/=&");
}

TEST(S3Answer, NamesStayAsTheyAre_WhereTheServerDoesNotEncode) {
  const S3ObjectPage page = s3_object_page(
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a%2Fb+c&#13;</Key>"
      "<LastModified>2024-02-29T12:34:56Z</LastModified><Size>0</Size></Contents></ListBucketResult>");
  ASSERT_EQ(page.objects.size(), 1U);
  EXPECT_EQ(page.objects[0].key, "a%2Fb+c\r");
}

TEST(S3Answer, ContradictionsAreRefused) {
  const std::string head = "<ListBucketResult><Contents><Key>k</Key><LastModified>2024-02-29T12:34:56Z</LastModified>";
  const std::string tail = "</Contents></ListBucketResult>";
  for (const char* size :
       {"", "<Size></Size>", "<Size>-1</Size>", "<Size>1x</Size>", "<Size>99999999999999999999</Size>",
        "<Size>9223372036854775808</Size>", "<Size> 1</Size>"}) {
    EXPECT_TRUE(refuses([&] { static_cast<void>(s3_object_page(head + size + tail)); })) << size;
  }
  EXPECT_TRUE(refuses([] { static_cast<void>(s3_object_page("<Error/>")); }));
  EXPECT_TRUE(refuses([] {
    static_cast<void>(s3_object_page("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"));
  }));
  EXPECT_TRUE(refuses([] { static_cast<void>(s3_upload_id("<InitiateMultipartUploadResult/>")); }));
  EXPECT_TRUE(refuses([] { static_cast<void>(s3_completed_etag("")); }));
}

// Document types are not looked at, so that nothing is read from elsewhere and nothing grows.
TEST(S3Answer, EntitiesAreNotResolved) {
  const auto fault = s3_fault(
      "<!DOCTYPE Error [<!ENTITY a SYSTEM \"file:///etc/passwd\"><!ENTITY b \"&a;&a;\">]>"
      "<Error><Code>&a;</Code><Message>&b;</Message></Error>");
  if (fault) {
    EXPECT_EQ(fault->code, "&a;");
    EXPECT_EQ(fault->message, "&b;");
  }
}

TEST(S3Answer, DeepNestingIsNoDanger) {
  std::string deep;
  for (int i = 0; i < 500'000; ++i) deep += "<a>";
  EXPECT_FALSE(s3_fault(deep));
  std::string closed = deep;
  for (int i = 0; i < 500'000; ++i) closed += "</a>";
  EXPECT_FALSE(s3_fault(closed));
}

TEST(S3Answer, UploadPages) {
  const S3UploadPage page = s3_upload_page(
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
      "<NextUploadIdMarker>2</NextUploadIdMarker>"
      "<Upload><Key>k</Key><UploadId>1</UploadId><Initiated>2024-02-29T12:34:56.000Z</Initiated></Upload>"
      "</ListMultipartUploadsResult>");
  ASSERT_EQ(page.uploads.size(), 1U);
  EXPECT_EQ(page.uploads[0].id, "1");
  EXPECT_EQ(page.next_key, "k");
  EXPECT_EQ(page.next_id, "2");
}

TEST(S3Answer, CompletionListsETagsAsTheyCame) {
  EXPECT_EQ(s3_complete_body({"\"a\"", "b<&"}),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>b&lt;&amp;</ETag></Part></CompleteMultipartUpload>");
}

TEST(S3Answer, Times) {
  EXPECT_EQ(s3_time("1970-01-01T00:00:00.000Z")->time_since_epoch().count(), 0);
  EXPECT_TRUE(s3_time("2024-12-31T23:59:60Z"));
  for (const char* text : {"", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
                           "2024-01-01 00:00:00Z", "2024-01-01T00:00:0xZ", "x024-01-01T00:00:00Z"}) {
    EXPECT_FALSE(s3_time(text)) << text;
  }
}

TEST(S3Answer, ContentRanges) {
  EXPECT_EQ(content_range("bytes 0-9/100"), (ContentRange{0, 9, 100}));
  for (const char* text : {"", "bytes 0-9", "bytes */100", "bytes 9-0/100", "bytes 0-100/100", "bytes 0-9/*", "0-9/100",
                           "bytes 0/9-100", "bytes -1-9/100", "bytes 0-9/18446744073709551616"}) {
    EXPECT_FALSE(content_range(text)) << text;
  }
}

}  // namespace
}  // namespace wobackup::test
