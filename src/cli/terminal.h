// Everything outside of the command line: streams, the screen, signals.
#pragma once

#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "wobackup/secret.h"

namespace wobackup::cli {

/// Handed through, so that the whole command line runs inside tests.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool in_is_terminal = false;
  unsigned width = 80;                                      ///< columns
  bool colours = false;                                     ///< wanted, where a stream is a terminal
  std::function<bool()> out_closed = [] { return false; };  ///< whoever read stdout has gone, as `head` does
  /// Asks for a passphrase without showing it; empty if nobody is there to answer. Throws Error.
  std::function<Secret(const std::string& question)> ask_secret = {};
  std::function<bool()> interrupted = [] { return false; };  ///< a signal asks for the end
  /// From now on, a second signal asks for the end, too, and does not end this process at once.
  std::function<void()> stay = [] {};
  /// The descriptors behind the streams, for a program that gets them; -1: none.
  int in_fd = -1;
  int out_fd = 1;
  int err_fd = 2;
};

}  // namespace wobackup::cli
