// What SFTP servers say: any bytes are answers or an Error, within bounded memory.
#include "backend/sftp/sftp_packet.h"

#include <algorithm>
#include <string>

#include "backend/sftp/sftp_client.h"
#include "fuzz/require.h"
#include "wobackup/error.h"

using namespace wobackup;

namespace {

// Says the input, whatever it is asked.
class Babbling final : public ByteChannel {
 public:
  explicit Babbling(ByteSpan bytes) : rest_(bytes) {}
  [[nodiscard]] std::size_t send(ByteSpan bytes) override { return bytes.size(); }
  [[nodiscard]] std::size_t receive(MutableByteSpan buffer) override {
    if (rest_.empty()) throw Error(ErrorKind::failed, "the connection was lost", "", true);
    const std::size_t count = std::min(buffer.size(), rest_.size());
    std::copy_n(rest_.begin(), count, buffer.begin());
    rest_ = rest_.subspan(count);
    return count;
  }

 private:
  ByteSpan rest_;
};

void converse(ByteSpan input) {
  Babbling channel(input);
  SftpClient client(channel);
  if (const auto names = client.list("/")) {
    for (const SftpName& name : *names) {
      test::require(!name.name.empty() && name.name.find('/') == std::string::npos && name.name != "..",
                    "a file's name stays in its folder");
    }
  }
  static_cast<void>(client.lstat("/x"));
  const auto handle = client.open("/x", kSftpRead);
  ByteVector buffer(1'000);
  if (handle) client.read(*handle, 0, buffer, "/x");
  static_cast<void>(client.free_bytes("/x"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan input = test::bytes_at(data, size);
  for (const bool after_hello : {false, true}) {
    ByteVector said;
    if (after_hello) said = std::move(SftpPacket(SftpType::version).number32(3)).finish();
    said.insert(said.end(), input.begin(), input.end());
    try {
      converse(said);
    } catch (const Error& error) {
      test::require(error.kind() == ErrorKind::verification || error.kind() == ErrorKind::failed ||
                        error.kind() == ErrorKind::not_found,
                    "what a server says leads to one of these errors");
    }
  }
  return 0;
}
