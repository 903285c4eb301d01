// See control_server.h.
#include "tun/control/control_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "tun/control/control_name.h"

namespace glasstcp {
namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr int kLastWaitMilliseconds = 1000;
constexpr int kBacklog = 8;

bool watch(int events, int socket, void* whose, std::uint32_t what, int how) {
  epoll_event event{};
  event.events = what;
  event.data.ptr = whose;
  return ::epoll_ctl(events, how, socket, &event) == 0;
}

void refuse(const Descriptor& socket, std::string_view why) {
  const std::string line = "error " + std::string(why) + "\n";
  // There is room: it is the first that is sent.
  static_cast<void>(::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL));
}

}  // namespace

// One who asks. What waits to be sent is pending[sent, size).
struct ControlServer::Client {
  explicit Client(Descriptor s) : socket(std::move(s)) {}
  Descriptor socket;
  std::string line;
  Ref<http::BodyStream> stream;
  std::vector<std::uint8_t> pending;
  std::size_t sent = 0;
  bool is_answered = false;
  bool is_closed = false;  // its end
  bool wants_room = false;
  bool is_gone = false;
};

std::expected<std::unique_ptr<ControlServer>, Failure> ControlServer::open(
    const std::string& interface, std::vector<uid_t> users) {
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  Descriptor events(::epoll_create1(EPOLL_CLOEXEC));
  const ControlAddress address = control_address(interface);
  if (!listener.is_open() || !events.is_open() ||
      ::bind(listener.get(), address.get(), address.size) != 0 ||
      ::listen(listener.get(), kBacklog) != 0 ||
      !watch(events.get(), listener.get(), nullptr, EPOLLIN, EPOLL_CTL_ADD)) {
    return std::unexpected(Failure{std::string("'glasstcp capture' and 'glasstcp status' will not "
                                               "reach this server: no control socket: ") +
                                       std::strerror(errno),
                                   "see who holds @glasstcp/" + interface + " in 'ss -xlp'"});
  }
  return std::unique_ptr<ControlServer>(
      new ControlServer(std::move(listener), std::move(events), std::move(users)));
}

ControlServer::ControlServer(Descriptor listener, Descriptor events, std::vector<uid_t> users)
    : listener_(std::move(listener)),
      events_(std::move(events)),
      spare_(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 3)),
      users_(std::move(users)) {}

ControlServer::~ControlServer() = default;

void ControlServer::on_ready() noexcept {
  std::array<epoll_event, kMostClients + 1> ready;
  const int count = ::epoll_wait(events_.get(), ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    auto* const client = static_cast<Client*>(event.data.ptr);
    if (client == nullptr) {
      accept_all();
      continue;
    }
    if ((event.events & EPOLLOUT) != 0) send_to(*client);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_from(*client);
  }
  drop_gone();
}

// The rest in the next turn: who calls all the time holds the loop no longer than others do.
void ControlServer::accept_all() noexcept {
  for (std::size_t i = 0; i < kMostClients; ++i) {
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.is_open() && (errno == EMFILE || errno == ENFILE)) return refuse_with_spare();
    if (!socket.is_open()) return;
    take(std::move(socket));
  }
}

// Whoever is not taken in makes the listener readable for ever, and the loop would not sleep.
void ControlServer::refuse_with_spare() noexcept {
  for (std::size_t i = 0; i < kMostClients && spare_.is_open(); ++i) {
    spare_.reset();
    Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const bool has_come = socket.is_open();
    if (has_come) refuse(socket, "the server has no file descriptor left: raise 'ulimit -n'");
    socket.reset();
    spare_ = Descriptor(::fcntl(listener_.get(), F_DUPFD_CLOEXEC, 3));
    if (!has_come) return;
  }
}

void ControlServer::take(Descriptor socket) noexcept {
  const auto user = user_behind(socket.get());
  if (!user || (*user != 0 && std::ranges::find(users_, *user) == users_.end())) {
    return refuse(socket, "only root, and the user who started the server, may ask: use sudo");
  }
  if (clients_.size() == kMostClients) return refuse(socket, "too many ask at once");
  clients_.push_back(std::make_unique<Client>(std::move(socket)));
  Client& client = *clients_.back();
  client.is_gone = !watch(events_.get(), client.socket.get(), &client, EPOLLIN, EPOLL_CTL_ADD);
}

void ControlServer::read_from(Client& client) noexcept {
  std::array<char, kLongestLine> bytes;
  const ssize_t size = ::recv(client.socket.get(), bytes.data(), bytes.size(), 0);
  if (size < 0) {
    client.is_gone = client.is_gone || (errno != EAGAIN && errno != EINTR);
    return;
  }
  if (client.is_closed) {
    client.is_gone = true;  // neither direction is open any more
    return;
  }
  if (size == 0) {
    // It has enough. What is there goes out, and then it is over; nothing more is read.
    client.is_closed = true;
    note_interest(client);
    if (client.stream) client.stream->end();
    client.is_answered = true;
    return send_to(client);
  }
  if (client.is_answered) return;
  client.line.append(bytes.data(), static_cast<std::size_t>(size));
  const std::size_t end = client.line.find('\n');
  if (end == std::string::npos && client.line.size() < kLongestLine) return;
  client.is_answered = true;
  obey(client, std::string_view(client.line).substr(0, end));
}

void ControlServer::obey(Client& client, std::string_view line) noexcept {
  const std::size_t space = line.find(' ');
  const auto command = commands_.find(line.substr(0, space));
  ControlAnswer answer;
  if (command == commands_.end()) {
    answer.error = "this server does not know that command";
  } else {
    answer = command->second(space == std::string_view::npos ? "" : line.substr(space + 1));
  }
  const std::string text =
      answer.error.empty() ? "ok\n" + answer.text : "error " + answer.error + "\n";
  client.pending.assign(text.begin(), text.end());
  client.stream = std::move(answer.stream);
  send_to(client);
}

void ControlServer::want_room(Client& client, bool wanted) noexcept {
  if (client.wants_room == wanted) return;
  client.wants_room = wanted;
  note_interest(client);
}

void ControlServer::note_interest(Client& client) noexcept {
  const std::uint32_t in = client.is_closed ? 0U : EPOLLIN;
  const std::uint32_t out = client.wants_room ? EPOLLOUT : 0U;
  watch(events_.get(), client.socket.get(), &client, in | out, EPOLL_CTL_MOD);
}

void ControlServer::send_to(Client& client) noexcept {
  while (!client.is_gone) {
    if (client.sent == client.pending.size()) {
      client.pending.resize(client.stream ? kPiece : 0);
      client.pending.resize(client.stream ? client.stream->read(client.pending) : 0);
      client.sent = 0;
      if (client.pending.empty()) {
        want_room(client, false);
        client.is_gone = client.is_answered && (!client.stream || client.stream->is_over());
        return;
      }
    }
    const ssize_t n = ::send(client.socket.get(), client.pending.data() + client.sent,
                             client.pending.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return want_room(client, true);
    client.is_gone = n < 0;
    if (n > 0) client.sent += static_cast<std::size_t>(n);
  }
}

void ControlServer::flush() noexcept {
  if (clients_.empty()) return;
  for (const auto& client : clients_) {
    if (client->stream && client->stream->take_news() && !client->wants_room) send_to(*client);
  }
  drop_gone();
}

void ControlServer::drop_gone() noexcept {
  std::erase_if(clients_, [](const std::unique_ptr<Client>& client) { return client->is_gone; });
}

void ControlServer::finish() noexcept {
  for (const auto& client : clients_) {
    if (client->stream) client->stream->end();
    client->is_answered = true;
    send_to(*client);
  }
  drop_gone();
  pollfd ready{events_.get(), POLLIN, 0};
  while (!clients_.empty() && ::poll(&ready, 1, kLastWaitMilliseconds) > 0) on_ready();
}

}  // namespace glasstcp
