#include "backend/sftp/ssh_login.h"

#include <fmt/format.h>

#include <memory>

#include "base/text.h"
#include "wobackup/error.h"

namespace wobackup {
namespace {

// What a server may ask for in a dialogue before it is taken for an endless one.
constexpr int kMostQuestions = 5;

bool done(int result, ssh_session session, const std::string& shown) {
  if (result == SSH_AUTH_ERROR) throw ssh_failure(session, fmt::format("cannot log in to {}", shown), true);
  return result == SSH_AUTH_SUCCESS;
}

bool with_key_file(ssh_session session, const SftpSettings& settings, const SshWait& wait, const std::string& shown) {
  ssh_key raw = nullptr;
  if (ssh_pki_import_privkey_file(settings.identity_file.c_str(), nullptr, nullptr, nullptr, &raw) != SSH_OK) {
    throw Error(ErrorKind::failed, fmt::format("cannot use the key {}", printable(settings.identity_file)),
                "it must be readable, and have no passphrase; keys with one go through ssh-agent");
  }
  const std::unique_ptr<ssh_key_struct, void (*)(ssh_key)> key(raw, ssh_key_free);
  const int result =
      wait.until_done([&] { return ssh_userauth_publickey(session, nullptr, key.get()); }, SSH_AUTH_AGAIN);
  return done(result, session, shown);
}

bool with_known_keys(ssh_session session, const SshWait& wait, const std::string& shown) {
  const int result =
      wait.until_done([&] { return ssh_userauth_publickey_auto(session, nullptr, nullptr); }, SSH_AUTH_AGAIN);
  return done(result, session, shown);
}

bool with_password(ssh_session session, const std::string& password, const SshWait& wait, const std::string& shown) {
  const int result =
      wait.until_done([&] { return ssh_userauth_password(session, nullptr, password.c_str()); }, SSH_AUTH_AGAIN);
  return done(result, session, shown);
}

// Some servers ask for the password in a dialogue only.
bool in_dialogue(ssh_session session, const std::string& password, const SshWait& wait, const std::string& shown) {
  for (int question = 0; question < kMostQuestions; ++question) {
    const int result = wait.until_done([&] { return ssh_userauth_kbdint(session, nullptr, nullptr); }, SSH_AUTH_AGAIN);
    if (result != SSH_AUTH_INFO) return done(result, session, shown);
    const int prompts = ssh_userauth_kbdint_getnprompts(session);
    for (int i = 0; i < prompts; ++i) {
      char echo = 0;
      static_cast<void>(ssh_userauth_kbdint_getprompt(session, static_cast<unsigned>(i), &echo));
      const char* answer = echo == 0 ? password.c_str() : "";
      if (ssh_userauth_kbdint_setanswer(session, static_cast<unsigned>(i), answer) < 0) return false;
    }
  }
  return false;
}

unsigned methods_of(ssh_session session) { return static_cast<unsigned>(ssh_userauth_list(session, nullptr)); }

std::string names_of(unsigned methods) {
  std::string names;
  const auto add = [&](unsigned method, const char* name) {
    if ((methods & method) != 0) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  add(SSH_AUTH_METHOD_PUBLICKEY, "keys");
  add(SSH_AUTH_METHOD_PASSWORD, "passwords");
  add(SSH_AUTH_METHOD_INTERACTIVE, "dialogues");
  add(SSH_AUTH_METHOD_GSSAPI_MIC, "GSSAPI");
  return names.empty() ? "nothing" : names;
}

}  // namespace

void ssh_log_in(ssh_session session, const SftpSettings& settings, const SshWait& wait, const std::string& shown) {
  const int none = wait.until_done([&] { return ssh_userauth_none(session, nullptr); }, SSH_AUTH_AGAIN);
  if (done(none, session, shown)) return;
  const unsigned methods = methods_of(session);
  if ((methods & SSH_AUTH_METHOD_PUBLICKEY) != 0) {
    const bool taken = settings.identity_file.empty() ? with_known_keys(session, wait, shown)
                                                      : with_key_file(session, settings, wait, shown);
    if (taken) return;
  }
  if (settings.password) {
    const std::string password = settings.password();
    if ((methods & SSH_AUTH_METHOD_PASSWORD) != 0 && with_password(session, password, wait, shown)) return;
    if ((methods & SSH_AUTH_METHOD_INTERACTIVE) != 0 && in_dialogue(session, password, wait, shown)) return;
  }
  throw Error(ErrorKind::failed,
              fmt::format("{} does not let us in: it takes {}", shown, names_of(methods_of(session))),
              settings.identity_file.empty()
                  ? "is the public key in the server's authorized_keys, and the private one without passphrase or in "
                    "ssh-agent?"
                  : "is its public half in the server's authorized_keys?");
}

}  // namespace wobackup
