// A small site, backed up, then changed: what the tests of restores in place begin with.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <string>

#include "fakes/one_site.h"
#include "fakes/plain_tools.h"
#include "fakes/private_mounts.h"
#include "fakes/tree_facts.h"
#include "wobackup/service.h"

namespace wobackup::test {

/// Tests lay out mounts and links first, then call `back_up` and `change`.
class SiteInPlace : public ::testing::Test, protected OneSite {
 protected:
  SiteInPlace() { config_.backup_root = folder_ / "archives"; }
  std::filesystem::path content() const { return site() / "htdocs/wp-content"; }
  std::string text(const std::string& path) const { return text_of_file(site() / path); }
  bool has(const std::string& path) const { return std::filesystem::exists(site() / path); }

  void back_up(const CreateOptions& options = {}) {
    write("htdocs/index.php", "<?php // old");
    write("htdocs/wp-content/plugins/shop/shop.php", "old");
    write("htdocs/wp-content/themes/plain/style.css", "old");
    write("htdocs/wp-content/uploads/2024/old.jpg", std::string(5000, 'o'));
    write("htdocs/wp-content/uploads/gone.jpg", "gone");
    write("wp-config.php", "<?php // old");
    std::filesystem::permissions(content(), std::filesystem::perms(0750));
    archive_ = service().create(the_site(), options).archive;
    in_backup_ = facts();
  }
  void change() {
    write("htdocs/index.php", "<?php // since");
    write("htdocs/hack.php", "since");
    write("htdocs/wp-content/plugins/shop/shop.php", "since");
    write("htdocs/wp-content/plugins/evil/evil.php", "since");
    write("htdocs/wp-content/uploads/2025/new.jpg", "since");
    std::filesystem::remove(content() / "uploads/gone.jpg");
    write("wp-config.php", "<?php // since");
    std::filesystem::permissions(content(), std::filesystem::perms(0777));
    ASSERT_EQ(::chown((content() / "uploads").c_str(), ::geteuid() == 0 ? 33 : ::geteuid(), ::getegid()), 0);
    live_ = facts();
    ASSERT_NE(in_backup_, live_);
  }

  RestoredInPlace restore(const InPlaceOptions& options = {}) {
    return service().restore_in_place(the_site(), archive_, options);
  }
  void undo() {
    service().undo_restore("example.com");
    static_cast<void>(service().finish_restore(the_site(), true));
  }
  /// All that is in the site's folder and in what a link htdocs leads to, without the restores' own folders.
  std::map<std::string, std::string> facts() const {
    std::map<std::string, std::string> all = facts_of(site());
    if (std::filesystem::is_symlink(site() / "htdocs")) {
      for (auto& [name, fact] : facts_of(std::filesystem::canonical(site() / "htdocs"))) {
        const std::size_t first = fact.find(" first ");
        if (first != std::string::npos) fact.insert(first + 7, "htdocs/");
        all["htdocs/" + name] = fact;
      }
    }
    std::erase_if(all, [](const auto& item) { return item.first.find(".wobackup") != std::string::npos; });
    return all;
  }
  /// Restores' own folders, anywhere.
  bool has_stage() const {
    const auto is_stage = [](const auto& item) { return item.first.find(".wobackup") != std::string::npos; };
    std::map<std::string, std::string> all = facts_of(site());
    if (std::filesystem::is_symlink(site() / "htdocs")) all.merge(facts_of(site() / "htdocs/."));
    return std::any_of(all.begin(), all.end(), is_stage);
  }

  void there_and_back() {
    static_cast<void>(restore());
    EXPECT_EQ(facts(), in_backup_);
    undo();
    EXPECT_EQ(facts(), live_);
    EXPECT_FALSE(has_stage());
  }
  void there_and_finished() {
    static_cast<void>(restore());
    const std::filesystem::path archive = service().finish_restore(the_site());
    EXPECT_EQ(facts(), in_backup_);
    EXPECT_FALSE(has_stage());
    static_cast<void>(service().restore(archive, {.target = folder_ / "displaced", .exclude = {"vhost.json"}}));
    std::map<std::string, std::string> was = live_;
    const auto link = was.find("htdocs");  // an archive has the folder that it leads to
    std::map<std::string, std::string> displaced = facts_of(folder_ / "displaced");
    if (std::filesystem::is_symlink(site() / "htdocs")) {
      was.erase(link);
      displaced.erase("htdocs");
    }
    EXPECT_EQ(displaced, was);
  }
  void is_refused(const std::string& why) {
    try {
      static_cast<void>(restore());
      FAIL() << "it was restored";
    } catch (const Error& error) {
      EXPECT_NE(error.message().find(why), std::string::npos) << error.message();
    }
    EXPECT_EQ(facts(), live_);
    EXPECT_FALSE(has_stage());
    EXPECT_FALSE(service().pending_restore("example.com"));
  }
  /// Moments within what a restore takes on this machine, now; each fifth time the first at which one can be
  /// interrupted.
  void killed_at_any_moment(int rounds) {
    const auto begin = std::chrono::steady_clock::now();
    static_cast<void>(restore());
    const std::chrono::duration<double, std::micro> usual = std::chrono::steady_clock::now() - begin;
    undo();
    std::mt19937 random(7);
    std::uniform_real_distribution<double> moment_us(0, usual.count());
    int before = 0, after = 0, interrupted = 0;
    for (int round = 0; round < rounds; ++round) {
      const pid_t child = ::fork();
      if (child == 0) {
        try {
          static_cast<void>(restore());
        } catch (...) {
        }
        ::_exit(0);
      }
      if (round % 5 == 0) {
        wait_for_journal(child);
      } else {
        ::usleep(static_cast<useconds_t>(moment_us(random)));
      }
      ::kill(child, SIGKILL);
      int status = 0;
      ::waitpid(child, &status, 0);
      const auto pending = service().pending_restore("example.com");
      if (pending && pending->interrupted) {
        ++interrupted;
        if (pending->swapping && round % 2 == 0) {
          service().resume_restore("example.com");
        } else {
          service().abort_restore("example.com");
        }
      }
      const auto now = facts();
      before += now == live_ ? 1 : 0;
      after += now == in_backup_ ? 1 : 0;
      ASSERT_EQ(before + after, round + 1) << "a mixture: " << difference(now);
      if (now == in_backup_) undo();
      ASSERT_EQ(facts(), live_);
    }
    EXPECT_GT(interrupted, 0);
  }

  // Or for the end of the child.
  void wait_for_journal(pid_t child) const {
    siginfo_t info{};
    while (!std::filesystem::exists(config_.state_dir / "restores/example.com.json")) {
      ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT), 0);
      if (info.si_pid != 0) return;
    }
  }

  // What is neither as before nor as in the backup.
  std::string difference(const std::map<std::string, std::string>& now) const {
    std::string lines;
    for (const auto* other : {&live_, &in_backup_}) {
      lines += other == &live_ ? "\nbefore:" : "\nbackup:";
      for (const auto& [name, fact] : *other) {
        const auto place = now.find(name);
        if (place == now.end()) lines += "\n- " + name;
        if (place != now.end() && place->second != fact) lines += "\n! " + name + " " + place->second + " not " + fact;
      }
      for (const auto& [name, fact] : now) lines += other->contains(name) ? "" : "\n+ " + name;
    }
    return lines;
  }

  PrivateMounts mounts_;
  std::filesystem::path archive_;
  std::map<std::string, std::string> in_backup_, live_;
};

}  // namespace wobackup::test
