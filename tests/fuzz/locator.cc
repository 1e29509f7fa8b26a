// The locator: what it accepts encodes to the same bytes.
#include "container/locator.h"

#include <algorithm>

#include "fuzz/require.h"

using namespace wobackup;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan input = test::bytes_at(data, size);
  const auto locator = parse_locator(input);
  if (!locator) return 0;
  const ByteVector again = encode_locator(*locator);
  test::require(std::equal(again.begin(), again.end(), input.begin(), input.end()),
                "a locator encodes to what it was read from");
  return 0;
}
