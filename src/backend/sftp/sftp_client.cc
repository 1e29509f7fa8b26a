#include "backend/sftp/sftp_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/text.h"

namespace wobackup {
namespace {

// What every server takes.
constexpr std::size_t kPlainBytes = std::size_t{32} << 10U;
// Larger ones gain nothing: SSH cuts them into 32 KiB again.
constexpr std::size_t kMostBytes = std::size_t{128} << 10U;
// Asked for ahead of what has arrived.
constexpr std::size_t kReadAheadBytes = std::size_t{2} << 20U;
// The largest packet that we could have asked for, names of a folder included.
constexpr std::size_t kLargestPacketBytes = std::size_t{1} << 20U;
// Names and attributes of one folder.
constexpr std::size_t kMostNames = 1'000'000;
constexpr std::size_t kMostNameBytes = std::size_t{64} << 20U;

Error broken(std::string_view what) { return Error(ErrorKind::verification, fmt::format("the SFTP server {}", what)); }

}  // namespace

Error sftp_failure(const std::string& purpose, const SftpResult& result) {
  switch (result.status) {
    case SftpStatus::no_such_file:
      return Error(ErrorKind::not_found, fmt::format("{}: no such file or folder", purpose));
    case SftpStatus::permission_denied:
      return Error(ErrorKind::failed, fmt::format("{}: permission denied", purpose),
                   "the login needs the right to that folder on the SFTP server");
    case SftpStatus::no_connection:
    case SftpStatus::connection_lost:
      return Error(ErrorKind::failed, fmt::format("{}: the SFTP server lost its connection", purpose), "", true);
    default:
      return Error(ErrorKind::failed,
                   fmt::format("{}: the SFTP server says: {}", purpose,
                               result.message.empty() ? fmt::format("status {}", static_cast<unsigned>(result.status))
                                                      : printable(result.message.substr(0, 300))));
  }
}

SftpClient::SftpClient(ByteChannel& channel) : channel_(channel), read_bytes_(kPlainBytes), write_bytes_(kPlainBytes) {
  say_hello();
  if (has("limits@openssh.com", "1")) ask_limits();
}

void SftpClient::say_hello() {
  constexpr std::uint32_t kVersion = 3;
  outgoing_ = std::move(SftpPacket(SftpType::init).number32(kVersion)).finish();
  send_waiting();
  const ByteVector answer = receive_packet();
  SftpParser parser(answer);
  if (parser.number8() != static_cast<std::uint8_t>(SftpType::version)) throw broken("does not say hello");
  if (const std::uint32_t version = parser.number32(); version != kVersion) {
    throw Error(ErrorKind::failed, fmt::format("the SFTP server speaks version {} only, not 3", version));
  }
  while (!parser.at_end()) {
    std::string name = parser.text();
    extensions_[std::move(name)] = parser.text();
  }
}

void SftpClient::ask_limits() {
  const Reply reply = wait(ask(SftpType::extended, "limits@openssh.com"));
  if (reply.type != SftpType::extended_reply) return;
  SftpParser parser(reply.body);
  static_cast<void>(parser.number64());  // of a packet
  const std::uint64_t read = parser.number64();
  const std::uint64_t write = parser.number64();
  if (read > 0) read_bytes_ = static_cast<std::size_t>(std::min<std::uint64_t>(read, kMostBytes));
  if (write > 0) write_bytes_ = static_cast<std::size_t>(std::min<std::uint64_t>(write, kMostBytes));
}

bool SftpClient::has(const std::string& extension, const std::string& version) const {
  const auto place = extensions_.find(extension);
  return place != extensions_.end() && place->second == version;
}

void SftpClient::receive_until(std::size_t size) {
  std::size_t have = incoming_.size();
  incoming_.resize(size);
  try {
    while (have < size) have += channel_.receive(MutableByteSpan(incoming_).subspan(have));
  } catch (...) {
    incoming_.resize(have);  // an interrupted conversation goes on here
    throw;
  }
}

// Without its length.
ByteVector SftpClient::receive_packet() {
  if (incoming_.size() < 4) receive_until(4);
  const std::size_t size = SftpParser(ByteSpan(incoming_).first(4)).number32();
  if (size == 0 || size > kLargestPacketBytes) throw broken("sends a packet of an impossible length");
  receive_until(4 + size);
  ByteVector packet = std::exchange(incoming_, {});
  packet.erase(packet.begin(), packet.begin() + 4);
  return packet;
}

void SftpClient::send_waiting() {
  std::size_t sent = 0;
  try {
    while (sent < outgoing_.size()) sent += channel_.send(ByteSpan(outgoing_).subspan(sent));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) broken_ = true;
    outgoing_.erase(outgoing_.begin(), outgoing_.begin() + static_cast<std::ptrdiff_t>(sent));
    throw;
  }
  outgoing_.clear();
}

SftpPacket SftpClient::begin(SftpType type) {
  SftpPacket packet(type);
  packet.number32(++last_id_);
  return packet;
}

std::uint32_t SftpClient::send(SftpPacket&& packet) {
  const ByteVector bytes = std::move(packet).finish();
  outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
  waited_for_.insert(last_id_);
  send_waiting();
  return last_id_;
}

std::uint32_t SftpClient::ask(SftpType type, std::string_view text) { return send(std::move(begin(type).text(text))); }

// The next answer, to whichever request.
void SftpClient::take_reply() {
  ByteVector packet = receive_packet();
  SftpParser parser(packet);
  Reply reply;
  reply.type = static_cast<SftpType>(parser.number8());
  const std::uint32_t answered = parser.number32();
  if (ignored_.erase(answered) != 0) return;
  if (waited_for_.erase(answered) == 0) throw broken("answers what it was not asked");
  packet.erase(packet.begin(), packet.begin() + 5);
  reply.body = std::move(packet);
  arrived_.emplace(answered, std::move(reply));
}

SftpClient::Reply SftpClient::wait(std::uint32_t id) {
  auto place = arrived_.find(id);
  try {
    for (; place == arrived_.end(); place = arrived_.find(id)) take_reply();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::interrupted) broken_ = true;
    throw;
  }
  Reply reply = std::move(place->second);
  arrived_.erase(place);
  return reply;
}

namespace {

SftpResult result_of(SftpType type, ByteSpan body) {
  if (type != SftpType::status) throw broken("gives an answer to another question");
  SftpParser parser(body);
  SftpResult result;
  result.status = static_cast<SftpStatus>(parser.number32());
  if (!parser.at_end()) result.message = parser.text();  // some old servers send none
  return result;
}

// The result of a request that is answered by something else if it succeeds.
SftpResult refusal_of(SftpType type, ByteSpan body) {
  SftpResult result = result_of(type, body);
  if (result.ok()) throw broken("gives an answer to another question");
  return result;
}

}  // namespace

std::optional<SftpAttributes> SftpClient::lstat(const std::string& path) {
  const Reply reply = wait(ask(SftpType::lstat, path));
  if (reply.type == SftpType::attrs) return SftpParser(reply.body).attributes();
  const SftpResult refusal = refusal_of(reply.type, reply.body);
  if (refusal.status == SftpStatus::no_such_file) return std::nullopt;
  throw sftp_failure(fmt::format("cannot look for {}", printable(path)), refusal);
}

std::optional<SftpClient::Handle> SftpClient::open(const std::string& path, std::uint32_t flags) {
  SftpPacket packet = begin(SftpType::open);
  packet.text(path).number32(flags);
  if ((flags & kSftpCreate) != 0) {
    packet.permissions(0600);
  } else {
    packet.no_attributes();
  }
  const Reply reply = wait(send(std::move(packet)));
  if (reply.type == SftpType::handle) return SftpParser(reply.body).text();
  const SftpResult refusal = refusal_of(reply.type, reply.body);
  if (refusal.status == SftpStatus::no_such_file) return std::nullopt;
  throw sftp_failure(fmt::format("cannot open {}", printable(path)), refusal);
}

SftpAttributes SftpClient::fstat(const Handle& handle, const std::string& path) {
  const Reply reply = wait(ask(SftpType::fstat, handle));
  if (reply.type == SftpType::attrs) return SftpParser(reply.body).attributes();
  throw sftp_failure(fmt::format("cannot look at {}", printable(path)), refusal_of(reply.type, reply.body));
}

SftpResult SftpClient::close(const Handle& handle) {
  const Reply reply = wait(ask(SftpType::close, handle));
  return result_of(reply.type, reply.body);
}

void SftpClient::close_soon(const Handle& handle) {
  const std::uint32_t id = ask(SftpType::close, handle);
  waited_for_.erase(id);
  ignored_.insert(id);
}

void SftpClient::read(const Handle& handle, std::uint64_t offset, MutableByteSpan buffer, const std::string& path) {
  struct Piece {
    std::uint32_t id;
    std::size_t from;
    std::size_t size;
  };
  std::deque<Piece> under_way;
  const auto ask_for = [&](std::size_t from, std::size_t size) {
    SftpPacket packet = begin(SftpType::read);
    packet.text(handle).number64(offset + from).number32(static_cast<std::uint32_t>(size));
    under_way.push_back({send(std::move(packet)), from, size});
  };
  const std::size_t most = std::max<std::size_t>(1, kReadAheadBytes / read_bytes_);
  std::size_t asked = 0;
  while (asked < buffer.size() || !under_way.empty()) {
    while (asked < buffer.size() && under_way.size() < most) {
      const std::size_t size = std::min(read_bytes_, buffer.size() - asked);
      ask_for(asked, size);
      asked += size;
    }
    const Piece piece = under_way.front();
    under_way.pop_front();
    const Reply reply = wait(piece.id);
    if (reply.type != SftpType::data) {
      const SftpResult refusal = refusal_of(reply.type, reply.body);
      const std::string purpose = fmt::format("cannot read {}", printable(path));
      if (refusal.status != SftpStatus::eof) throw sftp_failure(purpose, refusal);
      throw Error(ErrorKind::verification, fmt::format("{}: it is shorter than it was", purpose));
    }
    const ByteSpan data = SftpParser(reply.body).bytes();
    if (data.empty() || data.size() > piece.size) throw broken("sends other bytes than it was asked for");
    std::copy(data.begin(), data.end(), buffer.begin() + static_cast<std::ptrdiff_t>(piece.from));
    // A server may send less than it was asked for at any time.
    if (data.size() < piece.size) ask_for(piece.from + data.size(), piece.size - data.size());
  }
}

std::uint32_t SftpClient::start_write(const Handle& handle, std::uint64_t offset, ByteSpan bytes) {
  SftpPacket packet = begin(SftpType::write);
  packet.text(handle).number64(offset).text(text_of(bytes));
  return send(std::move(packet));
}

SftpResult SftpClient::finish(std::uint32_t id) {
  const Reply reply = wait(id);
  return result_of(reply.type, reply.body);
}

std::optional<std::vector<SftpName>> SftpClient::list(const std::string& folder) {
  const std::string purpose = fmt::format("cannot list {}", printable(folder));
  const Reply opened = wait(ask(SftpType::opendir, folder));
  if (opened.type != SftpType::handle) {
    const SftpResult refusal = refusal_of(opened.type, opened.body);
    if (refusal.status == SftpStatus::no_such_file) return std::nullopt;
    throw sftp_failure(purpose, refusal);
  }
  const Handle handle = SftpParser(opened.body).text();
  std::vector<SftpName> names;
  std::size_t name_bytes = 0;
  // Two at a time: the server reads the folder while the answer before is on its way.
  std::uint32_t next = ask(SftpType::readdir, handle);
  for (bool more = true; more;) {
    const std::uint32_t ahead = ask(SftpType::readdir, handle);
    const Reply reply = wait(std::exchange(next, ahead));
    if (reply.type == SftpType::name) {
      for (SftpName& name : SftpParser(reply.body).names()) {
        name_bytes += name.name.size();
        if (names.size() == kMostNames || name_bytes > kMostNameBytes) throw broken("lists a folder without end");
        names.push_back(std::move(name));
      }
      continue;
    }
    more = false;
    const SftpResult end = refusal_of(reply.type, reply.body);
    static_cast<void>(wait(ahead));
    close_soon(handle);
    if (end.status != SftpStatus::eof) throw sftp_failure(purpose, end);
  }
  return names;
}

SftpResult SftpClient::rename(const std::string& from, const std::string& to) {
  return finish(send(std::move(begin(SftpType::rename).text(from).text(to))));
}

SftpResult SftpClient::posix_rename(const std::string& from, const std::string& to) {
  return finish(send(std::move(begin(SftpType::extended).text("posix-rename@openssh.com").text(from).text(to))));
}

SftpResult SftpClient::remove(const std::string& path) { return finish(ask(SftpType::remove, path)); }

SftpResult SftpClient::make_folder(const std::string& path) {
  return finish(send(std::move(begin(SftpType::mkdir).text(path).permissions(0700))));
}

SftpResult SftpClient::fsync(const Handle& handle) {
  return finish(send(std::move(begin(SftpType::extended).text("fsync@openssh.com").text(handle))));
}

std::optional<std::uint64_t> SftpClient::free_bytes(const std::string& path) {
  if (!has("statvfs@openssh.com", "2")) return std::nullopt;
  const Reply reply = wait(send(std::move(begin(SftpType::extended).text("statvfs@openssh.com").text(path))));
  if (reply.type != SftpType::extended_reply) return std::nullopt;
  SftpParser parser(reply.body);
  static_cast<void>(parser.number64());  // the block size that is best for reading
  const std::uint64_t block_bytes = parser.number64();
  static_cast<void>(parser.number64());  // all blocks
  static_cast<void>(parser.number64());  // root's free blocks
  const std::uint64_t blocks = parser.number64();
  if (block_bytes != 0 && blocks > INT64_MAX / block_bytes) return std::nullopt;
  return block_bytes * blocks;
}

}  // namespace wobackup
