// Three databases of a private server: live and shadow with everything that a database can hold.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancellation.h"
#include "fakes/private_mariadb.h"
#include "target/swap/swap.h"

namespace wobackup::test {

/// All objects of a database by name, in words that are the same wherever it lies: equal if and only if the databases
/// hold the same.
using Contents = std::map<std::string, std::string>;

/// What is wrong with the first; empty if they are equal.
std::string differences(const Contents& is, const Contents& should_be);

class SwapTest : public ::testing::Test {
 public:
  static void SetUpTestSuite();
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override;

 protected:
  static PrivateMariadb& server() { return *server_; }
  [[nodiscard]] DatabaseConnection connect(const std::string& database = "") const {
    return {server().root(), database, never_};
  }
  void run(const std::string& database, const std::string& sql) const { server().run(database, sql); }

  /// Tables with rows, their counters, and every kind of object. Old and new share some names and differ in all the
  /// rest; a table of one has the name of a view of the other.
  void fill_live() const;
  void fill_shadow() const;

  /// Event states and definers are left out if not asked for.
  [[nodiscard]] Contents contents(const std::string& database, bool owners_and_states = false) const;
  [[nodiscard]] std::string value(const std::string& sql) const;

  /// Of everything, with a short patience; `saved_` gets what is to be persisted.
  SwapRequest request();
  SwapState state() const { return swap_state(server().root(), saved_, never_); }

  static constexpr const char* kLive = "liveq";
  static constexpr const char* kShadow = "shadowq";
  static constexpr const char* kSafety = "safetyq";
  Cancellation never_;
  Json saved_;

 private:
  static inline std::unique_ptr<PrivateMariadb> server_;  // NOLINT
};

}  // namespace wobackup::test
