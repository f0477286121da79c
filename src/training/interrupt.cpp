#include "lightly/training/interrupt.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include <c10/util/Exception.h>

namespace lightly::training {
namespace {

constexpr std::array<int, 2> kSignals{SIGINT, SIGTERM};

// A signal handler reaches only what is global, and only lock-free atomics are safe in it.
std::atomic<int> received{0};
std::atomic<bool> in_use{false};
std::array<struct sigaction, kSignals.size()> old_actions;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_interrupt(int signal) {
  if (received.exchange(signal) != 0) {
    // Raised again it stays pending until this handler returns, and then does what it does by
    // default: it ends the process.
    const int error = errno;
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(signal, &standard, nullptr);
    ::raise(signal);
    errno = error;
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  TORCH_CHECK(!in_use.exchange(true), "InterruptGuard: there is one already");
  received.store(0);
  struct sigaction action{};
  action.sa_handler = &on_interrupt;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (const int each : kSignals) {
    // Neither signal's handler is to be interrupted by the other.
    ::sigaddset(&action.sa_mask, each);
  }
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &old_actions[i]);
    if (old_actions[i].sa_handler != SIG_IGN) {
      ::sigaction(kSignals[i], &action, nullptr);
    }
  }
}

InterruptGuard::~InterruptGuard() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], &old_actions[i], nullptr);
  }
  in_use.store(false);
}

int InterruptGuard::signal() const {
  return received.load();
}

}  // namespace lightly::training
