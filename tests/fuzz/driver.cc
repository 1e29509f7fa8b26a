// Runs a fuzz target where there is no libFuzzer: every file of the corpus, then mutations of them, always the same.
//   fuzz_x [--runs=N] [FILE | FOLDER]...
// An input that makes the target fail is left as crash-<number> in the working folder; give it as FILE to see it again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// clang-format off
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  // NOLINT
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());  // NOLINT
// clang-format on

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kLargestInput = std::size_t{1} << 17U;
constexpr unsigned long kDefaultRuns = 20'000;

// What runs at this moment, for the signal handler.
const Input* current = nullptr;        // NOLINT
unsigned long current_number = 0;      // NOLINT
volatile std::sig_atomic_t saved = 0;  // NOLINT

void save_current() {
  if (current == nullptr || saved != 0) return;
  saved = 1;
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "crash-%lu", current_number);
  const int fd = ::open(name.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || ::write(fd, current->data(), current->size()) < 0) return;
  ::close(fd);
  std::array<char, 128> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "input %lu failed; it is kept as %s\n", current_number, name.data());
  if (length > 0) static_cast<void>(::write(STDERR_FILENO, text.data(), static_cast<std::size_t>(length)) < 0);
}

extern "C" void on_signal(int number) {
  save_current();
  std::signal(number, SIG_DFL);  // NOLINT
  std::raise(number);
}

void run(const Input& input) {
  current = &input;
  try {
    LLVMFuzzerTestOneInput(input.data(), input.size());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "uncaught exception: %s\n", error.what());
    std::abort();
  }
  current = nullptr;
  ++current_number;
}

Input content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Input>& seeds) : seeds_(seeds) {}

  Input next() {
    Input input = seeds_[below(seeds_.size())];
    for (std::size_t i = 1 + below(4); i > 0; --i) change(input);
    if (input.size() > kLargestInput) input.resize(kLargestInput);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }
  std::uint8_t any_byte() { return static_cast<std::uint8_t>(random_()); }

  void change(Input& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(input.size() - at, 64) + 1);
    const auto place = input.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random_() % 9) {
      case 0:
        if (at < input.size()) input[at] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1:
        if (at < input.size()) input[at] = any_byte();
        break;
      case 2:  // text counts with its neighbours: 9 becomes :, a becomes b
        if (at < input.size()) input[at] = static_cast<std::uint8_t>(input[at] + (random_() % 2 == 0 ? 1 : 255));
        break;
      case 3:
        write_number(input, at);
        break;
      case 4:
        input.erase(place, place + static_cast<std::ptrdiff_t>(length));
        break;
      case 5:
        input.resize(at);
        break;
      case 6: {
        const Input piece(place, place + static_cast<std::ptrdiff_t>(length));
        const std::size_t to = below(input.size() + 1);
        input.insert(input.begin() + static_cast<std::ptrdiff_t>(to), piece.begin(), piece.end());
        break;
      }
      case 7: {
        const Input& other = seeds_[below(seeds_.size())];
        const std::size_t from = below(other.size() + 1);
        input.resize(at);
        input.insert(input.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        break;
      }
      default:
        for (std::size_t i = 0; i < length; ++i) input[at + i] = any_byte();
        break;
    }
  }

  // Numbers at which programs break, as 1 to 8 little-endian bytes.
  void write_number(Input& input, std::size_t at) {
    constexpr std::array<std::uint64_t, 8> kNumbers{0,          1,          0x7F,       0x80,
                                                    0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
    const std::uint64_t number = kNumbers[below(kNumbers.size())];
    const std::size_t length = std::size_t{1} << below(4);
    for (std::size_t i = 0; i < length && at + i < input.size(); ++i) {
      input[at + i] = static_cast<std::uint8_t>(number >> (8 * i));
    }
  }

  const std::vector<Input>& seeds_;
  std::mt19937 random_{20250120};  // NOLINT: the same inputs each time
};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::is_directory(path)) {
    files.push_back(path);
    return files;
  }
  for (const auto& item : std::filesystem::recursive_directory_iterator(path)) {
    if (item.is_regular_file()) files.push_back(item.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned long runs = kDefaultRuns;
  std::vector<Input> seeds;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    constexpr std::string_view kRuns = "--runs=";
    if (argument.starts_with(kRuns)) {
      runs = std::strtoul(argv[i] + kRuns.size(), nullptr, 10);
      continue;
    }
    if (!std::filesystem::exists(argument)) {
      std::fprintf(stderr, "there is no %s\n", argv[i]);
      return 2;
    }
    for (const auto& file : files_of(argument)) seeds.push_back(content_of(file));
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(number, on_signal);  // NOLINT
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(save_current);

  const std::size_t given = seeds.size();
  for (const Input& seed : seeds) run(seed);
  if (seeds.empty()) seeds.emplace_back();
  Mutator mutator(seeds);
  for (unsigned long i = 0; i < runs; ++i) run(mutator.next());
  std::printf("%zu files and %lu mutations: nothing failed\n", given, runs);
  return 0;
}
