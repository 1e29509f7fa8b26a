#include "inspect/entry_stream.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace wobackup {
namespace {

StreamedEntry named(std::string path) {
  StreamedEntry entry;
  entry.listed.entry.path = std::move(path);
  return entry;
}

TEST(EntryStream, GivesAllInOrder) {
  EntryStream stream([](const EntryStream::Push& push) {
    for (int i = 0; i < 1000; ++i) push(named(std::to_string(i)));
  });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(stream.next()->listed.entry.path, std::to_string(i));
  EXPECT_FALSE(stream.next().has_value());
}

TEST(EntryStream, ErrorOfTheProducer_ComesToTheConsumer) {
  EntryStream stream([](const EntryStream::Push&) { throw std::runtime_error("no"); });
  EXPECT_THROW(static_cast<void>(stream.next()), std::runtime_error);
}

TEST(EntryStream, GivenUp_EndsTheProducer) {
  EntryStream stream([](const EntryStream::Push& push) {
    while (true) push(named("again"));
  });
  EXPECT_TRUE(stream.next().has_value());
}

}  // namespace
}  // namespace wobackup
