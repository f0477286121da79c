#pragma once

namespace lightly::training {

/// While it lives, the first Ctrl-C (SIGINT) or SIGTERM only sets a flag, so that a program can
/// finish its step and save; the second one ends the process at once, as it would have without.
///
/// A signal that was ignored when the guard came stays ignored (nohup, background jobs). The
/// destructor puts back the old handlers. One guard at a time: a second one throws c10::Error.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// Whether a signal has come since the guard was made.
  bool requested() const { return signal() != 0; }

  /// Its number, 0 for none; by custom the program then exits with 128 + signal().
  int signal() const;
};

}  // namespace lightly::training
