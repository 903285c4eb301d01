// Virtual time, blocking and descriptors around one stack. See virtual_host.h.
#include "tests/packetdrill/virtual_host.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "tests/packetdrill/listing.h"

namespace glasstcp::packetdrill {
namespace {

constexpr std::uint64_t kNsPerUs = 1000;
// How far ahead a packet may lie that somebody waits for: beyond every keep-alive time.
constexpr std::int64_t kPatienceUs = std::int64_t{4} * 3600 * 1'000'000;
constexpr std::uint8_t kFin = 1, kSyn = 2, kPush = 8, kAck = 16;

void store16(std::uint8_t* p, std::size_t value) {
  p[0] = static_cast<std::uint8_t>(value >> 8);
  p[1] = static_cast<std::uint8_t>(value);
}

void store_ipv4_checksum(std::uint8_t* header) {
  store16(header + 10, 0);
  std::uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2) sum += static_cast<std::uint32_t>(header[i] << 8 | header[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  store16(header + 10, ~sum & 0xffff);
}

// What a device does with a GSO packet: segments of `mss` bytes of text, PSH and FIN on the last.
// The tool does not look at their TCP checksums.
std::vector<std::vector<std::uint8_t>> segments_of(const std::vector<std::uint8_t>& packet,
                                                   const glasstcp_vnet& vnet) {
  if (vnet.gso_type == 0) return {packet};
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t ip = v6 ? 40 : 20;
  const std::size_t headers = ip + (packet[ip + 12] >> 4) * std::size_t{4};
  std::vector<std::vector<std::uint8_t>> segments;
  for (std::size_t at = headers; at < packet.size(); at += vnet.gso_size) {
    const std::size_t end = std::min<std::size_t>(at + vnet.gso_size, packet.size());
    std::vector<std::uint8_t> one(packet.begin(), packet.begin() + static_cast<long>(headers));
    one.insert(one.end(), packet.begin() + static_cast<long>(at),
               packet.begin() + static_cast<long>(end));
    store16(one.data() + (v6 ? 4 : 2), v6 ? one.size() - 40 : one.size());
    std::uint32_t seq = 0;
    std::memcpy(&seq, &packet[ip + 4], 4);
    seq = htonl(ntohl(seq) + static_cast<std::uint32_t>(at - headers));
    std::memcpy(&one[ip + 4], &seq, 4);
    if (end < packet.size()) one[ip + 13] &= static_cast<std::uint8_t>(~(kFin | kPush));
    if (!v6) store_ipv4_checksum(one.data());
    segments.push_back(std::move(one));
  }
  return segments;
}

std::uint64_t ns_of(std::int64_t us) {
  return static_cast<std::uint64_t>(us) * kNsPerUs;
}

// "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4", with a comma and a second key perhaps; each word is a
// little-endian number.
std::vector<std::uint8_t> fast_open_keys() {
  std::ifstream file("/proc/sys/net/ipv4/tcp_fastopen_key");
  std::string text;
  file >> text;
  std::ranges::replace(text, ',', '-');
  std::vector<std::uint8_t> keys;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, '-');) {
    auto value = static_cast<std::uint32_t>(std::strtoul(word.c_str(), nullptr, 16));
    for (int i = 0; i < 4; ++i, value >>= 8U) keys.push_back(static_cast<std::uint8_t>(value));
  }
  return keys;
}

}  // namespace

VirtualHost::VirtualHost(const std::string& flags)
    : personality_(flags),
      control_([this](const std::string& question) { return answer(question); }),
      first_(std::this_thread::get_id()) {}

VirtualHost::~VirtualHost() {
  glasstcp_stack_free(stack_);
}

// Late, so that what a script sets before its first call counts.
void VirtualHost::make_stack() {
  if (stack_ != nullptr) return;
  own_v4_ = own_v4_.empty() ? "192.168.0.1/16" : own_v4_;
  own_v6_ = own_v6_.empty() ? "fd3d:0a0b:17d6::1/48" : own_v6_;
  const char* addresses[] = {own_v4_.c_str(), own_v6_.c_str()};
  glasstcp_config config = personality_.with_sysctls(control_.folder());
  made_from_ = config;
  config.addresses = addresses;
  config.address_count = 2;
  if (glasstcp_stack_new(&config, ns_of(now_us_), &stack_) != 0) std::abort();
}

// What a script changes while it runs: Fast Open, and the memory of its servers (bin/ip leaves a
// file when that is to be forgotten).
void VirtualHost::follow_sysctls() {
  if (!personality_.is_linux) return;
  const std::uint32_t bits = linux_sysctl("tcp_fastopen", 0);
  const std::vector<std::uint8_t> keys = fast_open_keys();
  if (bits != fast_open_bits_ || keys != fast_open_keys_) {
    fast_open_bits_ = bits;
    fast_open_keys_ = keys;
    glasstcp_set_fast_open(stack_, bits, keys.data(), keys.size());
  }
  const std::string forget = "/tmp/glasstcp-forget-" + std::to_string(getpid());
  if (unlink(forget.c_str()) == 0) glasstcp_forget_fast_open(stack_);
}

void VirtualHost::own_bytes(bool v6, const std::uint8_t* address) {
  // The tool's packets for a socket that it does not know have no addresses at all.
  if (std::all_of(address, address + (v6 ? 16 : 4), [](std::uint8_t b) { return b == 0; })) return;
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(v6 ? AF_INET6 : AF_INET, address, text, sizeof text) == nullptr) return;
  const std::string with_network = std::string(text) + (v6 ? "/48" : "/16");
  std::string& own = v6 ? own_v6_ : own_v4_;
  if (own == with_network) return;
  own = with_network;
  const char* addresses[] = {own_v4_.c_str(), own_v6_.c_str()};
  if (stack_ != nullptr) glasstcp_set_addresses(stack_, addresses, 2);
}

void VirtualHost::own(const sockaddr* address) {
  const Lock lock(mutex_);
  make_stack();
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(address);
  if (address->sa_family == AF_INET) {
    const std::uint8_t* v4 = bytes + offsetof(sockaddr_in, sin_addr);
    own_bytes(false, v4);
  } else if (address->sa_family == AF_INET6) {
    const std::uint8_t* v6 = bytes + offsetof(sockaddr_in6, sin6_addr);
    if (IN6_IS_ADDR_V4MAPPED(reinterpret_cast<const in6_addr*>(v6))) {
      own_bytes(false, v6 + 12);
    } else {
      own_bytes(true, v6);
    }
  }
}

// -- Descriptors

int VirtualHost::descriptor_of(glasstcp_handle handle) {
  const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  const Lock lock(mutex_);
  handles_[fd] = handle;
  return fd;
}

glasstcp_handle VirtualHost::handle_of(int fd) {
  const Lock lock(mutex_);
  make_stack();
  const auto found = handles_.find(fd);
  return found == handles_.end() ? 0 : found->second;
}

void VirtualHost::forget(int fd) {
  const Lock lock(mutex_);
  handles_.erase(fd);
}

// What a command of the script asks.
std::string VirtualHost::answer(const std::string& question) {
  Lock lock(mutex_);
  make_stack();
  if (question == "list") return list_sockets(stack_, handles_);
  if (!question.starts_with("drop ")) return "what?\n";
  std::string dropped = drop_connections(stack_, question.substr(5));
  settle(lock);
  return dropped;
}

// -- Time

void VirtualHost::collect() {
  glasstcp_packet packet{};
  packet.size = sizeof packet;
  while (glasstcp_transmit(stack_, ns_of(now_us_), &packet) == 1) {
    std::vector<std::uint8_t> whole;
    for (int i = 0; i < packet.slice_count; ++i) {
      const auto* bytes = static_cast<const std::uint8_t*>(packet.slices[i].iov_base);
      whole.insert(whole.end(), bytes, bytes + packet.slices[i].iov_len);
    }
    if (personality_.second_isn != 0) show_second_isn(whole);
    for (auto& segment : segments_of(whole, packet.vnet)) {
      departures_.push_back({std::move(segment), now_us_});
    }
  }
}

// A script cannot know the initial number of a connection that takes the tuple of another, and the
// tool maps numbers by the first: the second's SYN-ACK is shown with a number that the script has.
void VirtualHost::show_second_isn(std::vector<std::uint8_t>& packet) {
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t ip = v6 ? 40 : 20;
  if (packet[v6 ? 6 : 9] != 6 || (packet[ip + 13] & (kSyn | kAck)) != (kSyn | kAck)) return;
  const auto begin = packet.begin() + (v6 ? 8 : 12);
  const std::vector<std::uint8_t> tuple(begin, packet.begin() + static_cast<long>(ip) + 4);
  std::uint32_t seq = 0;
  std::memcpy(&seq, &packet[ip + 4], 4);
  seq = ntohl(seq);
  const auto [first, is_first] = first_isns_.try_emplace(tuple, seq);
  if (is_first || first->second == seq) return;
  seq = htonl(first->second + personality_.second_isn);
  std::memcpy(&packet[ip + 4], &seq, 4);
}

// After anything that may have changed something: what leaves is taken, and a call that waits may
// go on. Time stands still until it has returned, or waits again.
void VirtualHost::settle(Lock& lock) {
  collect();
  if (!is_waiting_) return;
  is_running_ = true;
  woken_.notify_all();
  returned_.wait(lock, [&] { return !is_running_; });
}

std::int64_t VirtualHost::next_deadline_us() const {
  const std::uint64_t ns = glasstcp_next_deadline(stack_);
  const std::int64_t stack = ns == GLASSTCP_NEVER
                                 ? kNoDeadline
                                 : static_cast<std::int64_t>((ns + kNsPerUs - 1) / kNsPerUs);
  return is_waiting_ ? std::min(stack, waits_until_us_) : stack;
}

void VirtualHost::move_to(std::int64_t us, Lock& lock) {
  now_us_ = std::max(now_us_, us);
  glasstcp_advance(stack_, ns_of(now_us_));
  settle(lock);
}

bool VirtualHost::wait_for_change(std::int64_t deadline_us, Lock& lock) {
  if (is_first_thread()) {
    const std::int64_t next = std::min(next_deadline_us(), deadline_us);
    if (next == kNoDeadline || next > now_us_ + kPatienceUs) return false;
    move_to(next, lock);
    return now_us_ < deadline_us;
  }
  is_waiting_ = true;
  is_running_ = false;
  waits_until_us_ = deadline_us;
  returned_.notify_all();
  woken_.wait(lock, [&] { return is_running_; });
  is_waiting_ = false;
  waits_until_us_ = kNoDeadline;
  return now_us_ < deadline_us;
}

void VirtualHost::sleep_us(std::int64_t us) {
  Lock lock(mutex_);
  make_stack();
  const std::int64_t until = now_us_ + us;
  while (next_deadline_us() <= until) move_to(next_deadline_us(), lock);
  move_to(until, lock);
}

std::int64_t VirtualHost::now_us() {
  Lock lock(mutex_);
  if (!is_first_thread() && is_running_) {  // the call of the second thread has returned
    is_running_ = false;
    returned_.notify_all();
    return now_us_;
  }
  if (stack_ == nullptr) return ++now_us_;
  if (next_deadline_us() <= now_us_ + 1) {
    move_to(now_us_ + 1, lock);
  } else {
    ++now_us_;
    glasstcp_advance(stack_, ns_of(now_us_));
  }
  return now_us_;
}

// -- Packets

void VirtualHost::packet_arrives(const void* bytes, std::size_t length) {
  Lock lock(mutex_);
  make_stack();
  const auto* header = static_cast<const std::uint8_t*>(bytes);
  follow_sysctls();
  const bool v6 = length >= 40 && header[0] >> 4 == 6;
  if (!v6 && length < 20) return;
  own_bytes(v6, v6 ? header + 24 : header + 16);
  // The tool cannot say how a packet larger than a segment came to be, as a device would.
  glasstcp_vnet vnet{};
  const std::size_t headers = v6 ? 60 : 40;
  if (personality_.segment > 0 && length > headers + personality_.segment) {
    vnet.gso_type = v6 ? 4 : 1;
    vnet.gso_size = personality_.segment;
  }
  glasstcp_receive(stack_, bytes, length, &vnet, ns_of(now_us_));
  settle(lock);
}

void VirtualHost::introduce(glasstcp_handle handle, const sockaddr* remote) {
  const Lock lock(mutex_);
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  if (glasstcp_getsockname(stack_, handle, reinterpret_cast<sockaddr*>(&local), &length) != 0)
    return;
  const bool v6 = remote->sa_family == AF_INET6;
  const auto* from = reinterpret_cast<const std::uint8_t*>(&local);
  const auto* to = reinterpret_cast<const std::uint8_t*>(remote);
  const std::size_t ip = v6 ? 40 : 20, size = v6 ? 16 : 4, at = v6 ? 8 : 12;
  const std::size_t in_sockaddr =
      v6 ? offsetof(sockaddr_in6, sin6_addr) : offsetof(sockaddr_in, sin_addr);
  std::vector<std::uint8_t> syn(ip + 20);
  syn[0] = v6 ? 0x60 : 0x45;
  store16(syn.data() + (v6 ? 4 : 2), v6 ? 20 : 40);
  syn[v6 ? 6 : 9] = 6;   // TCP
  syn[v6 ? 7 : 8] = 64;  // hop limit
  std::memcpy(&syn[at], from + in_sockaddr, size);
  std::memcpy(&syn[at + size], to + in_sockaddr, size);
  std::memcpy(&syn[ip], from + 2, 2);
  std::memcpy(&syn[ip + 2], to + 2, 2);
  syn[ip + 12] = 5 << 4;
  syn[ip + 13] = kSyn;
  if (!v6) store_ipv4_checksum(syn.data());
  departures_.push_back({std::move(syn), now_us_});
}

Departure VirtualHost::next_packet() {
  Lock lock(mutex_);
  make_stack();
  const std::int64_t until = now_us_ + kPatienceUs;
  while (departures_.empty() && next_deadline_us() < until) move_to(next_deadline_us(), lock);
  if (departures_.empty()) return {};
  Departure first = std::move(departures_.front());
  departures_.pop_front();
  return first;
}

// -- Calls

bool VirtualHost::may_block(glasstcp_handle handle, int flags) {
  const Lock lock(mutex_);
  if ((flags & MSG_DONTWAIT) != 0) return false;
  return (glasstcp_fcntl(stack_, handle, F_GETFL, 0) & O_NONBLOCK) == 0;
}

// Whether what a call waits for is there; a stale handle is.
bool VirtualHost::has_come(const glasstcp_wait& wait) {
  const int level = glasstcp_level(stack_, wait.handle);
  return level < 0 || (static_cast<std::uint32_t>(level) & (wait.events | POLLERR | POLLHUP)) != 0;
}

ssize_t VirtualHost::call_locked(const Call& f, Lock& lock) {
  std::int64_t deadline = kNoDeadline;
  glasstcp_wait wait{};
  wait.size = sizeof wait;
  for (bool first = true;; first = false) {
    const ssize_t result = f(stack_);
    settle(lock);
    if (result != -EAGAIN && result != -EINPROGRESS) return result;
    glasstcp_last_wait(stack_, &wait);
    if (wait.events == 0) return result;
    if (first && wait.deadline != GLASSTCP_NEVER) {
      deadline = static_cast<std::int64_t>(wait.deadline / kNsPerUs);
    }
    bool in_time = true;
    do {
      in_time = wait_for_change(deadline, lock);
    } while (in_time && !has_come(wait));
    if (!in_time) {
      const ssize_t last = f(stack_);  // what the deadline brought, if it did
      settle(lock);
      return last == -EAGAIN || last == -EINPROGRESS ? wait.on_deadline : last;
    }
  }
}

ssize_t VirtualHost::call(const Call& f) {
  Lock lock(mutex_);
  make_stack();
  follow_sysctls();
  return call_locked(f, lock);
}

ssize_t VirtualHost::transfer(std::size_t length,
                              const std::function<ssize_t(glasstcp_stack*, std::size_t)>& f) {
  Lock lock(mutex_);
  make_stack();
  follow_sysctls();
  std::size_t done = 0;
  do {
    const ssize_t n = call_locked([&](glasstcp_stack* s) { return f(s, done); }, lock);
    if (n <= 0) return done > 0 ? static_cast<ssize_t>(done) : n;
    done += static_cast<std::size_t>(n);
  } while (done < length);
  return static_cast<ssize_t>(done);
}

int VirtualHost::wait_until(int timeout_ms, const std::function<int(glasstcp_stack*)>& f) {
  Lock lock(mutex_);
  make_stack();
  const std::int64_t deadline =
      timeout_ms < 0 ? kNoDeadline : now_us_ + std::int64_t{timeout_ms} * 1000;
  for (;;) {
    const int result = f(stack_);
    settle(lock);
    if (result != 0 || timeout_ms == 0) return result;
    if (!wait_for_change(deadline, lock)) return f(stack_);
  }
}

}  // namespace glasstcp::packetdrill
