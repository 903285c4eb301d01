// Cookies and the memory of them. See fast_open_cookies.h.
#include "stack/tcp/handshake/fast_open_cookies.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace glasstcp {
namespace {

// After two losses in a row a server's path is left alone for this long, doubled by each further
// one.
constexpr Duration kPause = 60s;
constexpr std::uint8_t kPatience = 2;
constexpr std::uint8_t kMostDoublings = 6;

// Without a difference in time that tells how many bytes agree.
bool are_equal(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

FastOpenCookie::FastOpenCookie(ByteView from)
    : size(static_cast<std::uint8_t>(std::min(from.size(), kMaxBytes))) {
  std::copy_n(from.begin(), size, bytes.begin());
}

void FastOpenKeys::choose(const Key128& primary, const std::optional<Key128>& backup) {
  current_ = primary;
  previous_ = backup;
  chosen_ = true;
}

// Which keys are in force is a matter of the time alone: the n-th period has the n-th key.
void FastOpenKeys::rotate(Instant now) {
  if (chosen_) return;
  const std::int64_t since = std::max<std::int64_t>(now.time_since_epoch().count(), 0);
  const std::int64_t epoch = period_ == Duration::zero() ? 0 : since / period_.count();
  if (epoch == epoch_) return;
  epoch_ = epoch;
  current_ = derive_key(seed_, "fast open " + std::to_string(epoch));
  previous_.reset();
  if (epoch > 0) previous_ = derive_key(seed_, "fast open " + std::to_string(epoch - 1));
}

// RFC 7413 §4.1.2 R7413-03: over both addresses, since a host with several may keep its own clients
// apart. SipHash's eight bytes, the client's address first: what Linux makes of the same key.
FastOpenCookie FastOpenKeys::make(const Key128& key, const FourTuple& tuple) {
  std::array<std::uint8_t, 32> both{};
  const ByteView client = tuple.remote_address.bytes();
  const ByteView server = tuple.local_address.bytes();
  std::ranges::copy(client, both.begin());
  std::ranges::copy(server, both.begin() + static_cast<std::ptrdiff_t>(client.size()));
  std::uint64_t tag = KeyedHash(key)(ByteView(both.data(), client.size() + server.size()));
  FastOpenCookie cookie;
  cookie.size = sizeof tag;
  for (std::size_t i = 0; i < sizeof tag; ++i, tag >>= 8U) {
    cookie.bytes[i] = static_cast<std::uint8_t>(tag);
  }
  return cookie;
}

FastOpenCookie FastOpenKeys::mint(const FourTuple& tuple, Instant now) {
  rotate(now);
  return make(current_, tuple);
}

FastOpenCheck FastOpenKeys::check(ByteView cookie, const FourTuple& tuple, Instant now) {
  rotate(now);
  if (are_equal(cookie, make(current_, tuple).view())) return FastOpenCheck::Current;
  if (previous_ && are_equal(cookie, make(*previous_, tuple).view())) {
    return FastOpenCheck::Previous;
  }
  return FastOpenCheck::Bad;
}

const FastOpenServer* FastOpenCache::find(const IpAddress& server) const {
  const auto found = std::ranges::find(servers_, server, &FastOpenServer::address);
  return found == servers_.end() ? nullptr : &*found;
}

FastOpenServer* FastOpenCache::find_or_add(const IpAddress& server) {
  if (limit_ == 0) return nullptr;
  auto place = std::ranges::find(servers_, server, &FastOpenServer::address);
  if (place == servers_.end()) {
    if (servers_.size() < limit_) servers_.emplace_back();
    place = std::prev(servers_.end());  // the new one, or the one used longest ago
    *place = FastOpenServer{};
    place->address = server;
  }
  std::rotate(servers_.begin(), place, std::next(place));
  return &servers_.front();
}

FastOpenPlan FastOpenCache::plan(FastOpenUse use, const IpAddress& server) const {
  FastOpenPlan plan;
  plan.data = use == FastOpenUse::WithoutCookie;
  plan.option = use == FastOpenUse::Yes;
  if (!plan.option) return plan;
  const FastOpenServer* known = find(server);
  if (known == nullptr) return plan;
  if (known->cookie.size == 0) {
    // A server that did not answer RFC 7413's form is asked once in the older one.
    plan.experimental = known->asked == 1;
    return plan;
  }
  plan.cookie = known->cookie.view();
  plan.experimental = known->experimental;
  plan.data = true;
  return plan;
}

void FastOpenCache::on_syn_lost(const IpAddress& server, Instant now) {
  FastOpenServer* known = find_or_add(server);
  if (known == nullptr) return;
  known->losses = static_cast<std::uint8_t>(std::min(known->losses + 1, 255));
  known->last_loss = now;
}

void FastOpenCache::on_syn_ack(const IpAddress& server, const FastOpenAnswer& answer) {
  FastOpenServer* known = find_or_add(server);
  if (known == nullptr) return;
  known->mss = answer.mss;
  // A cookie that nobody asked for is not believed.
  const TcpOptions& options = *answer.options;
  const bool has_cookie =
      answer.option_sent && options.fast_open && !options.fast_open_cookie.empty();
  if (has_cookie) {
    known->cookie = FastOpenCookie(options.fast_open_cookie);
    known->experimental = options.fast_open_experimental;
    known->asked = 0;
  }
  const bool has_proof = has_cookie || answer.data_taken;
  if (!answer.was_repeated || has_proof) known->losses = 0;
  if (!answer.was_repeated && !has_cookie && answer.option_sent && known->cookie.size == 0) {
    known->asked = answer.experimental || known->asked == 2 ? std::uint8_t{2} : std::uint8_t{1};
  }
}

bool FastOpenCache::is_black_hole(const IpAddress& server, Instant now) const {
  const FastOpenServer* known = find(server);
  if (known == nullptr || known->losses < kPatience) return false;
  const unsigned doublings = std::min<unsigned>(known->losses - kPatience, kMostDoublings);
  return now - known->last_loss < kPause * (1U << doublings);
}

}  // namespace glasstcp
