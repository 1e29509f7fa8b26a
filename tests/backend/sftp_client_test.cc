// The protocol with servers that are odd, slow to fill requests, or hostile.
#include "backend/sftp/sftp_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "fakes/refusal.h"

namespace wobackup::test {
namespace {

// A server that a test writes: called with each packet, says packets.
class ScriptedServer final : public ByteChannel {
 public:
  using Answer = std::function<void(ScriptedServer& server, SftpType type, std::uint32_t id, SftpParser& rest)>;

  explicit ScriptedServer(Answer answer, std::vector<std::string> extensions = {})
      : answer_(std::move(answer)), extensions_(std::move(extensions)) {}

  void say(SftpPacket&& packet) {
    const ByteVector bytes = std::move(packet).finish();
    said_.insert(said_.end(), bytes.begin(), bytes.end());
  }
  void say_bytes(ByteSpan bytes) { said_.insert(said_.end(), bytes.begin(), bytes.end()); }
  void status(std::uint32_t id, SftpStatus status) {
    say(std::move(
        SftpPacket(SftpType::status).number32(id).number32(static_cast<std::uint32_t>(status)).text("").text("")));
  }

  [[nodiscard]] std::size_t send(ByteSpan bytes) override {
    const std::size_t count = std::min<std::size_t>(bytes.size(), 7);  // in small pieces
    heard_.insert(heard_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    take_packets();
    return count;
  }
  [[nodiscard]] std::size_t receive(MutableByteSpan buffer) override {
    if (said_at_ == said_.size()) throw Error(ErrorKind::failed, "the connection was lost", "", true);
    // A few bytes, then many, as they come from a network.
    few_ = !few_;
    const std::size_t count = std::min({buffer.size(), said_.size() - said_at_, std::size_t{few_ ? 11U : 300'000U}});
    std::copy_n(said_.begin() + static_cast<std::ptrdiff_t>(said_at_), count, buffer.begin());
    said_at_ += count;
    if (said_at_ == said_.size()) {
      said_.clear();
      said_at_ = 0;
    }
    return count;
  }

 private:
  void take_packets() {
    while (heard_.size() >= 4) {
      const std::size_t size = SftpParser(ByteSpan(heard_).first(4)).number32();
      if (heard_.size() < 4 + size) return;
      const ByteVector packet(heard_.begin() + 4, heard_.begin() + static_cast<std::ptrdiff_t>(4 + size));
      heard_.erase(heard_.begin(), heard_.begin() + static_cast<std::ptrdiff_t>(4 + size));
      SftpParser parser(packet);
      const auto type = static_cast<SftpType>(parser.number8());
      const std::uint32_t id = parser.number32();
      if (type != SftpType::init) {
        answer_(*this, type, id, parser);
        continue;
      }
      SftpPacket hello(SftpType::version);
      hello.number32(3);
      for (const std::string& extension : extensions_) hello.text(extension);
      say(std::move(hello));
    }
  }

  Answer answer_;
  std::vector<std::string> extensions_;
  ByteVector heard_;
  ByteVector said_;
  std::size_t said_at_ = 0;
  bool few_ = false;
};

const std::string kContent = [] {
  std::string text;
  for (int i = 0; i < 40'000; ++i) text += std::to_string(i);
  return text;
}();

TEST(SftpClient, ShortAnswersAreAskedForAgain) {
  ScriptedServer server([](ScriptedServer& self, SftpType type, std::uint32_t id, SftpParser& rest) {
    if (type != SftpType::read) return self.status(id, SftpStatus::ok);
    static_cast<void>(rest.text());
    const std::uint64_t offset = rest.number64();
    const std::size_t size = rest.number32();
    const std::size_t some = std::max<std::size_t>(1, size * 2 / 3);  // never all of it
    self.say(std::move(SftpPacket(SftpType::data).number32(id).text(kContent.substr(offset, some))));
  });
  SftpClient client(server);
  ByteVector buffer(150'000);
  client.read("h", 1'234, buffer, "file");
  EXPECT_EQ(text_of(buffer), kContent.substr(1'234, 150'000));
  EXPECT_TRUE(client.usable());
}

TEST(SftpClient, AnswersInAnyOrder) {
  std::vector<std::uint32_t> waiting;
  ScriptedServer server([&](ScriptedServer& self, SftpType type, std::uint32_t id, SftpParser&) {
    if (type == SftpType::write) return waiting.push_back(id);
    for (auto late = waiting.rbegin(); late != waiting.rend(); ++late) {
      self.status(*late, *late % 2 == 0 ? SftpStatus::ok : SftpStatus::failure);
    }
    self.status(id, SftpStatus::ok);
  });
  SftpClient client(server);
  std::vector<std::uint32_t> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(client.start_write("h", 0, bytes_of("x")));
  EXPECT_TRUE(client.remove("x").ok());
  for (const std::uint32_t id : ids) EXPECT_EQ(client.finish(id).ok(), id % 2 == 0);
  EXPECT_TRUE(client.usable());
}

TEST(SftpClient, FileThatEndsEarly_IsNotWhole) {
  ScriptedServer server(
      [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) { self.status(id, SftpStatus::eof); });
  SftpClient client(server);
  ByteVector buffer(10);
  EXPECT_TRUE(refuses([&] { client.read("h", 0, buffer, "file"); }, "shorter"));
}

TEST(SftpClient, HostileAnswersAreRefused_AndEndTheConversation) {
  using Answer = ScriptedServer::Answer;
  const std::vector<std::pair<std::string, Answer>> answers{
      {"more than was asked for",
       [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) {
         self.say(std::move(SftpPacket(SftpType::data).number32(id).text(std::string(11, 'x'))));
       }},
      {"nothing", [](ScriptedServer& self, SftpType, std::uint32_t id,
                     SftpParser&) { self.say(std::move(SftpPacket(SftpType::data).number32(id).text(""))); }},
      {"another id",
       [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) {
         self.say(std::move(SftpPacket(SftpType::data).number32(id + 1).text("0123456789")));
       }},
      {"another kind",
       [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) {
         self.say(std::move(SftpPacket(SftpType::handle).number32(id).text("0123456789")));
       }},
      {"success without data",
       [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) { self.status(id, SftpStatus::ok); }},
      {"a length beyond its end",
       [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) {
         self.say(std::move(SftpPacket(SftpType::data).number32(id).number32(0xFFFFFFFF)));
       }},
      {"a packet of 4 GiB", [](ScriptedServer& self, SftpType, std::uint32_t,
                               SftpParser&) { self.say_bytes(ByteVector(4, std::byte{0xFF})); }},
      {"an empty packet",
       [](ScriptedServer& self, SftpType, std::uint32_t, SftpParser&) { self.say_bytes(ByteVector(4)); }},
  };
  for (const auto& [what, answer] : answers) {
    ScriptedServer server(answer);
    SftpClient client(server);
    ByteVector buffer(10);
    EXPECT_TRUE(refuses([&] { client.read("h", 0, buffer, "file"); })) << what;
  }
}

TEST(SftpClient, EndlessFolderIsRefused) {
  ScriptedServer server([](ScriptedServer& self, SftpType type, std::uint32_t id, SftpParser&) {
    if (type == SftpType::opendir) return self.say(std::move(SftpPacket(SftpType::handle).number32(id).text("d")));
    SftpPacket names(SftpType::name);
    names.number32(id).number32(500);
    for (int i = 0; i < 500; ++i) names.text(std::string(1'000, 'n')).text("").no_attributes();
    self.say(std::move(names));
  });
  SftpClient client(server);
  EXPECT_TRUE(refuses([&] { static_cast<void>(client.list("/")); }, "without end"));
}

TEST(SftpClient, NamesThatAreNone_AreLeftOut) {
  ScriptedServer server([listed = false](ScriptedServer& self, SftpType type, std::uint32_t id, SftpParser&) mutable {
    if (type == SftpType::opendir) return self.say(std::move(SftpPacket(SftpType::handle).number32(id).text("d")));
    if (type == SftpType::close || listed)
      return self.status(id, type == SftpType::close ? SftpStatus::ok : SftpStatus::eof);
    listed = true;
    SftpPacket names(SftpType::name);
    names.number32(id).number32(6);
    for (const std::string& name : {std::string("."), std::string(".."), std::string("../x"),
                                    std::string("/etc/passwd"), std::string("a\0b", 3), std::string("good")}) {
      names.text(name).text("-rw------- 1 root").permissions(0100600);
    }
    self.say(std::move(names));
  });
  SftpClient client(server);
  const auto names = client.list("/");
  ASSERT_TRUE(names);
  ASSERT_EQ(names->size(), 1U);
  EXPECT_EQ((*names)[0].name, "good");
}

TEST(SftpClient, LimitsOfTheServerAreKeptTo) {
  std::size_t largest = 0;
  ScriptedServer server(
      [&](ScriptedServer& self, SftpType type, std::uint32_t id, SftpParser& rest) {
        if (type == SftpType::extended) {
          return self.say(std::move(SftpPacket(SftpType::extended_reply)
                                        .number32(id)
                                        .number64(50'000)
                                        .number64(10'000)
                                        .number64(9'000)
                                        .number64(0)));
        }
        static_cast<void>(rest.text());
        const std::uint64_t offset = rest.number64();
        const std::size_t size = rest.number32();
        largest = std::max(largest, size);
        self.say(std::move(SftpPacket(SftpType::data).number32(id).text(kContent.substr(offset, size))));
      },
      {"limits@openssh.com", "1"});
  SftpClient client(server);
  EXPECT_EQ(client.write_bytes(), 9'000U);
  ByteVector buffer(100'000);
  client.read("h", 0, buffer, "file");
  EXPECT_EQ(largest, 10'000U);
  EXPECT_EQ(text_of(buffer), kContent.substr(0, 100'000));
}

TEST(SftpClient, InterruptedConversation_CanGoOn) {
  // Interrupted in the middle of an answer, and of a question.
  class Interrupting final : public ByteChannel {
   public:
    explicit Interrupting(ByteChannel& inner) : inner_(inner) {}
    [[nodiscard]] std::size_t send(ByteSpan bytes) override {
      interrupt();
      return inner_.send(bytes);
    }
    [[nodiscard]] std::size_t receive(MutableByteSpan buffer) override {
      interrupt();
      return inner_.receive(buffer);
    }
    int calls_left = -1;

   private:
    void interrupt() {
      if (calls_left >= 0 && calls_left-- == 0) throw Error(ErrorKind::interrupted, "interrupted");
    }
    ByteChannel& inner_;
  };
  ScriptedServer server(
      [](ScriptedServer& self, SftpType, std::uint32_t id, SftpParser&) { self.status(id, SftpStatus::ok); });
  for (int calls = 0; calls < 12; ++calls) {
    Interrupting channel(server);
    SftpClient client(channel);
    channel.calls_left = calls;
    try {
      static_cast<void>(client.remove("a/rather/long/name/of/a/file"));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted);
      EXPECT_FALSE(client.usable());  // an answer is still to come
    }
    channel.calls_left = -1;
    EXPECT_TRUE(client.connected());
    EXPECT_TRUE(client.remove("b").ok()) << calls;
  }
}

}  // namespace
}  // namespace wobackup::test
