// See capture_command.h.
#include "tun/capture_command/capture_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tun/capture_command/block_reader.h"
#include "tun/capture_command/packet_filter.h"
#include "tun/cli/chinese.h"
#include "tun/cli/options.h"
#include "tun/control/control_client.h"
#include "tun/files/open_output.h"

namespace glasstcp {
namespace {

constexpr int kLastWaitMilliseconds = 2000;  // for what the server still has

// Where blocks go.
class Output {
 public:
  explicit Output(Descriptor file) : file_(std::move(file)) {
    struct stat status;
    is_regular_ = ::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
  }
  // For poll(2): an error on a pipe means that its reader is gone.
  [[nodiscard]] int descriptor() const { return is_regular_ ? -1 : file_.get(); }
  // Whole, or an errno and nothing of it.
  int write(ByteView block) {
    std::size_t done = 0;
    while (done < block.size()) {
      const ssize_t n = ::write(file_.get(), block.data() + done, block.size() - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        const int error = n < 0 ? errno : EIO;
        // What was begun is taken back, so that the file stays whole.
        if (is_regular_ && done > 0) static_cast<void>(::ftruncate(file_.get(), whole_) == 0);
        return error;
      }
      done += static_cast<std::size_t>(n);
    }
    whole_ += static_cast<off_t>(block.size());
    return 0;
  }

 private:
  Descriptor file_;
  bool is_regular_ = false;
  off_t whole_ = 0;
};

// One capture that is under way.
class Session {
 public:
  Session(Descriptor server, Output output, PacketFilter filter)
      : server_(std::move(server)), output_(std::move(output)), filter_(std::move(filter)) {}

  // To the end. Empty: in order.
  std::string run(int signals);
  [[nodiscard]] std::uint64_t packets() const { return packets_; }

 private:
  enum class Step : std::uint8_t { GoOn, End };
  Step take_bytes();
  Step write_blocks();

  Descriptor server_;
  Output output_;
  PacketFilter filter_;
  BlockReader blocks_;
  std::uint64_t packets_ = 0;
  std::string failure_;
};

Session::Step Session::write_blocks() {
  while (const auto block = blocks_.next()) {
    const auto packet = packet_of(*block);
    if (packet && !filter_.matches(packet->data, packet->original)) continue;
    const int error = output_.write(*block);
    // Whoever read the pipe has enough.
    if (error == EPIPE) return Step::End;
    if (error != 0) {
      failure_ = std::string("cannot write: ") + std::strerror(error);
      return Step::End;
    }
    packets_ += packet ? 1 : 0;
  }
  if (blocks_.is_broken()) failure_ = "what the server sends is no capture";
  return blocks_.is_broken() ? Step::End : Step::GoOn;
}

Session::Step Session::take_bytes() {
  std::array<std::uint8_t, 65536> bytes;
  const ssize_t n = ::recv(server_.get(), bytes.data(), bytes.size(), 0);
  if (n < 0 && errno == EINTR) return Step::GoOn;
  if (n <= 0) {
    if (blocks_.is_within_block()) failure_ = "the server ended within a packet";
    return Step::End;
  }
  blocks_.append({bytes.data(), static_cast<std::size_t>(n)});
  return write_blocks();
}

std::string Session::run(int signals) {
  bool is_ending = false;
  while (true) {
    std::array<pollfd, 3> files{
        {{server_.get(), POLLIN, 0}, {signals, POLLIN, 0}, {output_.descriptor(), 0, 0}}};
    const int ready = ::poll(files.data(), files.size(), is_ending ? kLastWaitMilliseconds : -1);
    if (ready == 0) return failure_;
    if (ready < 0) continue;
    if (files[1].revents != 0) {
      signalfd_siginfo info;
      static_cast<void>(!::read(signals, &info, sizeof info));
      if (is_ending) return failure_;
      // The server sends what it has, and closes.
      is_ending = true;
      ::shutdown(server_.get(), SHUT_WR);
    }
    if ((files[2].revents & POLLERR) != 0) return failure_;
    if (files[0].revents != 0 && take_bytes() == Step::End) return failure_;
  }
}

Descriptor block_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC));
}

std::expected<std::uint64_t, Failure> run(const CaptureCommandOptions& options) {
  const auto failed = [](std::string message, std::string cure = {}) {
    return std::unexpected(Failure{std::move(message), std::move(cure)});
  };
  if (options.output == "-" && ::isatty(STDOUT_FILENO) == 1) {
    return failed("a capture cannot be written to a terminal",
                  "give -o FILE, or pipe it: glasstcp capture | wireshark -k -i -");
  }
  auto filter = PacketFilter::compile(options.filter);
  if (!filter) return failed("--filter: " + filter.error(), "see 'man pcap-filter'");
  auto server = find_server(options.tun);
  if (!server) return std::unexpected(server.error());
  auto file = open_output({options.output, "the capture", OutputMode::Replace, user_behind_sudo()});
  if (!file) return std::unexpected(file.error());
  const Descriptor signals = block_signals();
  if (std::string refusal = ask_server(server->get(), "capture"); !refusal.empty()) {
    return failed(std::move(refusal));
  }
  Session session(std::move(*server), Output(std::move(*file)), std::move(*filter));
  if (std::string why = session.run(signals.get()); !why.empty()) return failed(std::move(why));
  return session.packets();
}

}  // namespace

int capture(const CaptureCommandOptions& options) {
  const auto packets = run(options);
  if (!packets) {
    fmt::print(stderr, "glasstcp: {}\n", spoken(packets.error().to_string(), options.language));
    return kExitFailure;
  }
  const std::string told = fmt::format("{} packet{} captured", *packets, *packets == 1 ? "" : "s");
  fmt::print(stderr, "glasstcp: {}\n", spoken(told, options.language));
  return 0;
}

}  // namespace glasstcp
