#include "snapshot/vhost_metadata.h"

#include <gtest/gtest.h>

#include "wobackup/error.h"

namespace wobackup {
namespace {

Site site() {
  Site site;
  site.name = "example.com";
  site.path = "/var/www/example.com";
  site.record.id = 7;
  site.record.site_type = "wp";
  site.record.is_ssl = true;
  site.record.db_name = "wpdb";
  site.recorded_password = "secret";
  return site;
}

const std::chrono::sys_seconds kTime{std::chrono::seconds(1737383130)};

TEST(VhostMetadata, HasTheFixedFieldsInTheirOrder_AndNoPassword) {
  const Json vhost = vhost_metadata(site(), {}, {true, false}, kTime);
  std::vector<std::string> keys;
  for (const auto& [key, value] : vhost.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"id", "sitename", "site_type", "cache_type", "site_path", "created_on",
                                            "is_enabled", "is_ssl", "storage_fs", "storage_db", "db_name", "db_user",
                                            "db_host", "php_version", "backup_timestamp", "backup_reason",
                                            "backup_type", "backup_scope"}));
  EXPECT_EQ(vhost["is_ssl"], 1);
  EXPECT_EQ(vhost["cache_type"], nullptr);
  EXPECT_EQ(vhost["backup_timestamp"], "2025-01-20T14:25:30+00:00");
  EXPECT_EQ(vhost["backup_scope"], (Json{{"files", true}, {"database", false}}));
  EXPECT_EQ(vhost.dump().find("secret"), std::string::npos);
}

TEST(VhostMetadata, RegistrysTime_ReadsAsWordOpsWritesIt) {
  const auto written = [](const char* created_on) {
    Site made = site();
    made.record.created_on = created_on;
    return vhost_metadata(made, {}, {true, false}, kTime)["created_on"].get<std::string>();
  };
  EXPECT_EQ(written("2024-05-01 10:20:30.000000"), "2024-05-01T10:20:30");
  EXPECT_EQ(written("2024-05-01 10:20:30"), "2024-05-01T10:20:30");
  EXPECT_EQ(written("2024-05-01 10:20:30.250000"), "2024-05-01T10:20:30.250000");
  EXPECT_EQ(written("2024-05-01T10:20:30"), "2024-05-01T10:20:30");
  for (const char* odd : {"", "yesterday", "2024-05-01", "1714558830"}) EXPECT_EQ(written(odd), odd);
}

TEST(VhostMetadata, Extra_MayReplaceTheTypeAndAddKeys) {
  CreateOptions options;
  options.metadata_extra = {{"backup_type", "pre-autoupdate"}, {"pending_updates", {{"core", "6.5"}}}};
  const Json vhost = vhost_metadata(site(), options, {true, true}, kTime);
  EXPECT_EQ(vhost["backup_type"], "pre-autoupdate");
  EXPECT_EQ(vhost["pending_updates"]["core"], "6.5");
}

TEST(VhostMetadata, Extra_MayNotReplaceSiteFacts) {
  CreateOptions options;
  options.metadata_extra = {{"db_name", "other"}};
  EXPECT_THROW(static_cast<void>(vhost_metadata(site(), options, {true, true}, kTime)), Error);
  options.metadata_extra = {{"backup_scope", "all"}};
  EXPECT_THROW(static_cast<void>(vhost_metadata(site(), options, {true, true}, kTime)), Error);
}

TEST(VhostMetadata, Extra_MayRepeatSiteFacts_AndSayThoseThatTheRegistryLacks) {
  CreateOptions options;
  options.metadata_extra = {{"operation", "update"}, {"db_name", "wpdb"}, {"php_version", "8.3"}};
  const Json vhost = vhost_metadata(site(), options, {true, true}, kTime);
  EXPECT_EQ(vhost["db_name"], "wpdb");
  EXPECT_EQ(vhost["php_version"], "8.3");
}

}  // namespace
}  // namespace wobackup
