// Keys and settings from where other S3 programs have theirs: the AWS_* variables and ~/.aws.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "backend/s3/s3_settings.h"

namespace wobackup {

/// The environment: a variable's value, nothing if it is unset or empty.
using EnvironmentLookup = std::function<std::optional<std::string>(const char* name)>;

/// Where keys are looked for. Unset: AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE, AWS_PROFILE, else
/// ~/.aws/credentials,
/// ~/.aws/config, "default".
struct AwsFiles {
  std::optional<std::filesystem::path> credentials_file;
  std::optional<std::filesystem::path> config_file;
  std::optional<std::string> profile;  ///< goes before AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
};

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, else the profile's in the credentials file, else in
/// the config file. Throws Error usage if there are none, or if others can read the file with them.
[[nodiscard]] S3Keys standard_s3_keys(const AwsFiles& files, const EnvironmentLookup& environment);

/// Fills what is empty: endpoint (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url), region (AWS_REGION,
/// AWS_DEFAULT_REGION, region), ca_file (AWS_CA_BUNDLE, ca_bundle) from the variables, else from the profile in the
/// config file; and `keys` with `standard_s3_keys`. `environment` is kept.
void apply_standard_s3_settings(S3Settings& settings, const AwsFiles& files, EnvironmentLookup environment);

}  // namespace wobackup
