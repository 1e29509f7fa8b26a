#include "backend/s3/s3_credentials.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

#include "base/file_io.h"
#include "base/system_error.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

constexpr std::size_t kLargestFileBytes = std::size_t{1} << 20U;

using Section = std::map<std::string, std::string>;

enum class Secrecy { keys, settings };

// A file's text; empty if there is none. One with keys must be its owner's alone.
std::string text_of_file(const std::filesystem::path& path, Secrecy secrecy) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const std::string shown = printable(path.string());
  if (!fd && (errno == ENOENT || errno == ENOTDIR)) return {};
  if (!fd) throw system_error(fmt::format("cannot open {}", shown), errno);
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw system_error(fmt::format("cannot read {}", shown), errno);
  if (secrecy == Secrecy::keys && (status.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
    throw Error(ErrorKind::usage, fmt::format("{} has keys that others can read or change", shown),
                fmt::format("chmod 600 {}", shown));
  }
  return read_small_file(fd.get(), kLargestFileBytes, shown);
}

// The lines "name = value" below "[section]". Later ones win; indented ones belong to settings that are not ours.
Section section_of(std::string_view text, std::initializer_list<std::string> names) {
  Section section;
  bool ours = false;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view content = trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      const std::string_view name = trim(content.substr(1, content.find(']') - 1));
      ours = false;
      for (const std::string& wanted : names) ours = ours || name == wanted;
      continue;
    }
    const std::size_t equals = content.find('=');
    if (!ours || equals == std::string_view::npos || line.front() == ' ' || line.front() == '\t') continue;
    section[lower_ascii(trim(content.substr(0, equals)))] = std::string(trim(content.substr(equals + 1)));
  }
  return section;
}

std::filesystem::path file_of(const std::optional<std::filesystem::path>& named, const char* variable,
                              const char* usual, const EnvironmentLookup& environment) {
  if (named) return *named;
  if (const auto value = environment(variable)) return *value;
  return std::filesystem::path(environment("HOME").value_or("/root")) / usual;
}

std::string profile_of(const AwsFiles& files, const EnvironmentLookup& environment) {
  if (files.profile) return *files.profile;
  return environment("AWS_PROFILE").value_or("default");
}

Section config_section(const AwsFiles& files, const EnvironmentLookup& environment, Secrecy secrecy) {
  const std::string profile = profile_of(files, environment);
  const auto path = file_of(files.config_file, "AWS_CONFIG_FILE", ".aws/config", environment);
  return section_of(text_of_file(path, secrecy),
                    {"profile " + profile, profile == "default" ? profile : "profile " + profile});
}

std::optional<S3Keys> keys_in(const Section& section) {
  const auto value = [&](const char* name) {
    const auto place = section.find(name);
    return place == section.end() ? std::string() : place->second;
  };
  S3Keys keys{value("aws_access_key_id"), value("aws_secret_access_key"), value("aws_session_token")};
  if (keys.access_key_id.empty() || keys.secret_key.empty()) return std::nullopt;
  return keys;
}

std::string first_of(std::initializer_list<std::optional<std::string>> values) {
  for (const auto& value : values) {
    if (value && !value->empty()) return *value;
  }
  return {};
}

}  // namespace

S3Keys standard_s3_keys(const AwsFiles& files, const EnvironmentLookup& environment) {
  const auto id = environment("AWS_ACCESS_KEY_ID");
  const auto secret = environment("AWS_SECRET_ACCESS_KEY");
  if (!files.profile && id && secret) return {*id, *secret, environment("AWS_SESSION_TOKEN").value_or("")};

  const std::string profile = profile_of(files, environment);
  const auto path = file_of(files.credentials_file, "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", environment);
  if (auto keys = keys_in(section_of(text_of_file(path, Secrecy::keys), {profile}))) return *keys;
  const Section config = config_section(files, environment, Secrecy::settings);
  if (auto keys = keys_in(config)) {
    static_cast<void>(config_section(files, environment, Secrecy::keys));  // throws if others can read it
    return *keys;
  }
  throw Error(ErrorKind::usage,
              fmt::format("there are no S3 keys in the environment, and no profile \"{}\" with keys in {}",
                          printable(profile), printable(path.string())),
              "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them to that file");
}

void apply_standard_s3_settings(S3Settings& settings, const AwsFiles& files, EnvironmentLookup environment) {
  const Section config = config_section(files, environment, Secrecy::settings);
  const auto configured = [&](const char* name) {
    const auto place = config.find(name);
    return place == config.end() ? std::optional<std::string>() : std::optional(place->second);
  };
  settings.endpoint = first_of({settings.endpoint, environment("AWS_ENDPOINT_URL_S3"), environment("AWS_ENDPOINT_URL"),
                                configured("endpoint_url")});
  settings.region =
      first_of({settings.region, environment("AWS_REGION"), environment("AWS_DEFAULT_REGION"), configured("region")});
  settings.ca_file = first_of({settings.ca_file, environment("AWS_CA_BUNDLE"), configured("ca_bundle")});
  if (!settings.keys) {
    settings.keys = [files, environment = std::move(environment)] { return standard_s3_keys(files, environment); };
  }
}

}  // namespace wobackup
