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

}  // namespace
}  // namespace wobackup
