// From a request to its answer. See site.h.
#include "http/site.h"

#include <algorithm>

#include "http/extra_field.h"
#include "http/path.h"

namespace glasstcp::http {
namespace {

constexpr std::size_t kHeadSize = 1024;
constexpr std::size_t kPageSize = 2048;
constexpr std::string_view kFileMethods = "GET, HEAD, OPTIONS";
constexpr std::string_view kSinkMethods = "PUT, POST, OPTIONS";
// RFC 9110 §10.2.3: with a 503, when to try again. Who keeps others waiting is found within half a
// minute; most such times are shorter.
constexpr std::string_view kRetryAfter = "Retry-After: 5\r\n";

constexpr std::size_t kPreparedSlots = 256;  // a power of two
constexpr std::size_t kPreparedTarget = 120;
/// A head and a file that fit in this many bytes leave as one piece.
constexpr std::size_t kPreparedJoined = 4096;
/// For larger files preparing saves nothing that counts, and would keep their memory from the
/// store.
constexpr std::uint64_t kPreparedFile = 256u << 10;

/// Spreads targets over the slots. A collision costs time, never a wrong answer, so it need not
/// resist an attacker.
std::size_t slot_of(std::string_view target) {
  std::uint64_t hash = target.size() * 0x9e3779b97f4a7c15u;
  while (target.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, target.data(), 8);
    hash = (hash ^ word) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
    target.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, target.data(), target.size());
  hash = (hash ^ rest) * 0xff51afd7ed558ccdu;
  return static_cast<std::size_t>(hash >> 40) % kPreparedSlots;
}

/// A text that was made once.
struct Text final : Shared {
  explicit Text(std::string t) : text(std::move(t)) {}
  std::string text;
};

std::string_view explain(int status) {
  switch (status) {
    case 400:
      return "The request was not understood.";
    case 403:
      return "This file may not be read.";
    case 404:
      return "There is nothing at this address.";
    case 405:
      return "This address does not allow that method.";
    case 408:
      return "The request took too long to arrive.";
    case 412:
      return "A condition of the request does not hold.";
    case 413:
      return "The request carries more than this address takes.";
    case 414:
      return "The address is too long.";
    case 416:
      return "The file does not have the bytes that were asked for.";
    case 417:
      return "That expectation cannot be met.";
    case 431:
      return "The header fields of the request are too large.";
    case 501:
      return "This server does not know that method or coding.";
    case 503:
      return "The server has no room for this request just now.";
    case 505:
      return "This server speaks HTTP/1.1 and HTTP/1.0.";
    default:
      return "";
  }
}

}  // namespace

/// A complete answer of 200 to a plain GET, kept for the next one.
struct Site::Prepared {
  Instant valid_until = Instant::min();
  std::int64_t second = 0;
  std::uint32_t head_size = 0;
  std::uint8_t target_size = 0;
  std::array<char, kPreparedTarget> target{};
  OwnedBytes head{};  // with the body behind it where both are small
  OwnedBytes body{};

  void let_go() noexcept {
    valid_until = Instant::min();
    head = {};
    body = {};
  }
};

Site::Site(FileStore& store, BufferPool& pool, const MediaTypes& types, SiteConfig config)
    : store_(&store),
      pool_(&pool),
      types_(&types),
      config_(std::move(config)),
      // RFC 9111 §5.2 MAY R9111-01: caches are steered, and validators are always there to ask
      // again with.
      cache_control_(config_.max_age.has_value() ? "max-age=" + std::to_string(*config_.max_age)
                                                 : "no-cache"),
      head_room_(kHeadSize + config_.extra_fields.size()),
      prepared_(new Prepared[kPreparedSlots]) {
  // What whoever runs the server says about these replaces what we would say.
  if (has_field_line(config_.extra_fields, "cache-control")) cache_control_.clear();
  if (has_field_line(config_.extra_fields, "server")) config_.server_name.clear();
  // RFC 9110 §6.6.1: a 5xx may lack a Date, so it can be made ahead.
  std::string head = "HTTP/1.1 503 Service Unavailable\r\n";
  if (!config_.server_name.empty()) head += "Server: " + config_.server_name + "\r\n";
  head += "Connection: close\r\nContent-Length: 0\r\n";
  head += kRetryAfter;
  head += config_.extra_fields + "\r\n";
  auto* const text = new Text(std::move(head));
  no_room_owner_ = Ref<Shared>(text);
  no_room_ = as_bytes(text->text);
}

Site::~Site() = default;

/// The Date of this second. Once a second, too, what was prepared for files that nobody asks for
/// any more is let go.
std::string_view Site::date(const Moment& at) noexcept {
  if (at.unix_seconds != date_second_) {
    date_second_ = at.unix_seconds;
    date_ = format_date(at.unix_seconds);
    for (std::size_t i = 0; i < kPreparedSlots; ++i) {
      if (prepared_[i].valid_until <= at.now) prepared_[i].let_go();
    }
    for (Listed& kept : listed_) {
      if (kept.until <= at.now) kept = {};
    }
  }
  return {date_.data(), date_.size()};
}

HeadStart Site::head_start(int status, Persistence persistence, const Moment& at) noexcept {
  return {.status = status,
          .server = config_.server_name,
          .date = date(at),
          .persistence = persistence,
          .keep_alive_seconds = config_.keep_alive_seconds,
          .extra_fields = config_.extra_fields};
}

bool Site::is_sink_path(std::string_view path) const noexcept {
  return !config_.sink_path.empty() && path == config_.sink_path;
}

Site::SinkMatch Site::match_sink(const Request& request) const noexcept {
  if (request.head.method != Method::Put && request.head.method != Method::Post) return {};
  const std::optional<TargetParts> parts = split_target(request.target());
  if (!parts.has_value() || !is_sink_path(parts->path)) return {};
  return {.is_upload = true, .wants_sha256 = parts->query == "sha256"};
}

Reply Site::respond(const Request& request, Persistence persistence, const Moment& at) noexcept {
  Prepared* const slot = persistence == Persistence::Implied ? prepared_for(request) : nullptr;
  if (slot != nullptr && at.now < slot->valid_until && at.unix_seconds == slot->second &&
      request.target() == std::string_view(slot->target.data(), slot->target_size)) {
    return reply_from(*slot, request.head.method);
  }
  // RFC 9110 §10.1.1: an expectation that we do not know may be answered with 417.
  if (request.head.expects_unknown && request.head.minor_version >= 1) {
    return page(417, request.head.method, {}, persistence, at);
  }
  // RFC 9110 §9.1 MUST R9110-01: GET and HEAD, and OPTIONS because it is cheap.
  switch (request.head.method) {
    case Method::Get:
    case Method::Head:
      return get(request, persistence, at);
    case Method::Options:
      return options(request, persistence, at);
    case Method::Unknown:
      return page(501, request.head.method, {}, persistence, at);
    default: {
      // RFC 9110 §9.1 SHOULD R9110-02: a method that we know and that this resource does not allow
      // is 405.
      // RFC 9110 §15.5.6 MUST R9110-03: with the allowed ones.
      const std::optional<TargetParts> parts = split_target(request.target());
      const bool is_sink = parts.has_value() && is_sink_path(parts->path);
      return page(405, request.head.method,
                  is_sink ? "Allow: PUT, POST, OPTIONS\r\n" : "Allow: GET, HEAD, OPTIONS\r\n",
                  persistence, at);
    }
  }
}

// -- Prepared answers

/// The slot of a request that a prepared answer could serve; nullptr for one with conditions,
/// ranges or expectations.
Site::Prepared* Site::prepared_for(const Request& request) noexcept {
  // Answers that depend on Accept-Encoding are not prepared.
  constexpr auto bit = [](Field field) { return 1u << static_cast<unsigned>(field); };
  constexpr unsigned kHarmless =
      bit(Field::Host) | bit(Field::AcceptEncoding) | bit(Field::Referer) | bit(Field::UserAgent);
  const RequestHead& head = request.head;
  const bool is_plain = (head.method == Method::Get || head.method == Method::Head) &&
                        (head.present & ~kHarmless) == 0 && !head.expects_unknown &&
                        head.target.length <= kPreparedTarget;
  return is_plain ? &prepared_[slot_of(request.target())] : nullptr;
}

Reply Site::reply_from(const Prepared& prepared, Method method) const noexcept {
  Reply reply;
  reply.status = 200;
  reply.head = prepared.head;
  if (method == Method::Head) {
    reply.head.bytes = reply.head.bytes.first(prepared.head_size);
    return reply;
  }
  reply.body = prepared.body;
  reply.content_length =
      prepared.head.bytes.size() - prepared.head_size + prepared.body.bytes.size();
  return reply;
}

void Site::prepare(Prepared& slot, const Request& request, const Reply& reply, const Lookup& found,
                   const Moment& at) noexcept {
  slot.valid_until = Instant::min();
  slot.head = reply.head;
  slot.body = {};
  slot.head_size = static_cast<std::uint32_t>(reply.head.bytes.size());
  const ByteView body = *found.file->whole();
  const std::size_t joined = slot.head_size + body.size();
  if (joined <= kPreparedJoined && !body.empty()) {
    // One copy a second, shared by every answer of that second: then head and body leave as one
    // piece.
    BufferRef buffer = pool_->take(joined);
    if (!buffer) return;
    std::ranges::copy(reply.head.bytes, buffer->data());
    std::ranges::copy(body, buffer->data() + slot.head_size);
    slot.head = {.bytes = {buffer->data(), joined}, .owner = Ref<Shared>(buffer.get())};
  } else if (!body.empty()) {
    slot.body = {.bytes = body, .owner = Ref<Shared>(found.file.get())};
  }
  slot.target_size = static_cast<std::uint8_t>(request.head.target.length);
  request.target().copy(slot.target.data(), slot.target.size());
  slot.second = at.unix_seconds;
  slot.valid_until = found.valid_until;
}

// -- GET and HEAD

Reply Site::get(const Request& request, Persistence persistence, const Moment& at) noexcept {
  const Method method = request.head.method;
  const std::optional<TargetParts> parts = split_target(request.target());
  std::uint8_t memory[16384 + 16];  // 16: "/index.html" and ".br"
  if (!parts.has_value() || parts->path.size() > sizeof memory - 16) {
    return page(400, method, {}, persistence, at);
  }
  if (is_sink_path(parts->path))
    return page(405, method, "Allow: PUT, POST, OPTIONS\r\n", persistence, at);
  const DecodedPath decoded = decode_path(parts->path, memory);
  if (!decoded.is_valid) return page(400, method, {}, persistence, at);
  std::string_view path = decoded.path;
  Lookup found = store_->lookup(path, at.now);
  if (found.status == LookupStatus::Directory) {
    if (!decoded.has_trailing_slash) return redirect(request, path, persistence, at);
    // The decoded path begins at `memory`, which has room for the name behind it.
    TextWriter name(memory + path.size(), sizeof memory - path.size());
    name.text(path.empty() ? "index.html" : "/index.html");
    path = {reinterpret_cast<const char*>(memory), path.size() + name.size()};
    found = store_->lookup(path, at.now);
    if (found.status == LookupStatus::Directory) found.status = LookupStatus::NotFound;
    const bool is_bare = found.status == LookupStatus::NotFound;
    Lookup listed = is_bare ? listing(decoded.path, at.now) : Lookup{};
    if (listed.status == LookupStatus::Unavailable) found.status = listed.status;
    if (listed.status == LookupStatus::Found) {
      return answer_with_file(request,
                              served_from(std::move(listed.file), "text/html; charset=utf-8", at),
                              persistence, at);
    }
  } else if (decoded.has_trailing_slash && found.status == LookupStatus::Found) {
    found.status = LookupStatus::NotFound;  // "page.html/": a file has nothing below it
  }
  if (found.status == LookupStatus::Forbidden) return page(403, method, {}, persistence, at);
  if (found.status == LookupStatus::Unavailable) {
    return page(503, method, kRetryAfter, persistence, at);
  }
  if (found.status != LookupStatus::Found) return not_found(method, persistence, at);

  Served served = served_from(found.file, type_of(path, *found.file), at);
  found.valid_until =
      std::min(found.valid_until, choose_coding(request, path, memory, served, at.now));
  if (served.coding != Coding::Identity) {
    served = served_from(std::move(served.file), served.type, at, served.coding);
    served.varies = true;
  }
  Reply reply = answer_with_file(request, served, persistence, at);
  Prepared* const slot = persistence == Persistence::Implied ? prepared_for(request) : nullptr;
  if (slot != nullptr && reply.status == 200 && !served.varies &&
      found.file->info().size <= kPreparedFile && found.file->whole().has_value()) {
    prepare(*slot, request, reply, found, at);
  }
  return reply;
}

Site::Served Site::served_from(FileRef file, std::string_view type, const Moment& at,
                               Coding coding) noexcept {
  const FileInfo& info = file->info();
  return {.file = file,
          .type = type,
          .coding = coding,
          .varies = false,
          .tag = entity_tag(info, name_of(coding)),
          // RFC 9110 §8.8.2.1 MUST R9110-12: a file from the future was modified now.
          .last_modified = std::min(info.mtime_seconds, at.unix_seconds)};
}

// RFC 9110 §13.2.1 MUST R9110-19: preconditions are asked here, where the answer would be 200, and
// nowhere before.
Reply Site::answer_with_file(const Request& request, const Served& served, Persistence persistence,
                             const Moment& at) noexcept {
  const Validators validators{.entity_tag = served.tag.text(),
                              .last_modified = served.last_modified};
  switch (evaluate_preconditions(request, validators, at.unix_seconds)) {
    case Precondition::NotModified:
      return not_modified(served, persistence, at);
    case Precondition::Failed:
      return page(412, request.head.method, {}, persistence, at);
    case Precondition::Proceed:
      break;
  }
  if (range_counts(request, validators, at.unix_seconds)) {
    // RFC 9110 §14.2 SHOULD R9110-23: 206 for what can be had, 416 where nothing of it exists.
    const RangeSet set = parse_ranges(*request.value(Field::Range), served.file->info().size);
    if (set.kind == RangeSet::Kind::Unsatisfiable)
      return unsatisfiable(request, served, persistence, at);
    // Ranges are of the bytes that are sent. Several of a coded file would be a multipart that is
    // itself called coded: answered as without Range, which is always allowed.
    const bool is_clear = set.count == 1 || served.coding == Coding::Identity;
    if (set.kind == RangeSet::Kind::Satisfiable && is_clear)
      return partial_file(request, served, set, persistence, at);
  }
  return full_file(request, served, persistence, at);
}

/// What 200 and 206 say about the bytes.
void Site::write_type(TextWriter& out, const Served& served) const noexcept {
  out.field("Content-Type", served.type);
  if (served.coding != Coding::Identity) out.field("Content-Encoding", name_of(served.coding));
}

/// What 200, 206 and 304 share.
void Site::write_validators(TextWriter& out, const Served& served) const noexcept {
  const DateText modified = format_date(served.last_modified);
  out.field("Last-Modified", {modified.data(), modified.size()});
  out.field("ETag", served.tag.text());
  if (!cache_control_.empty()) out.field("Cache-Control", cache_control_);
  if (served.varies) out.field("Vary", "Accept-Encoding");
}

Reply Site::full_file(const Request& request, const Served& served, Persistence persistence,
                      const Moment& at) noexcept {
  BufferRef buffer = pool_->take(head_room_);
  if (!buffer) return {};
  const std::uint64_t size = served.file->info().size;
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(200, persistence, at));
  write_type(out, served);
  // RFC 9110 §8.6 SHOULD R9110-07: always known.
  out.field("Content-Length", size);
  write_validators(out, served);
  out.text("Accept-Ranges: bytes\r\n\r\n");
  Reply reply = finish(200, std::move(buffer), out, out.size(), false);
  // RFC 9110 §9.3.2 MUST R9110-04, SHOULD R9110-05: the same head, and nothing behind it.
  if (request.head.method == Method::Head || size == 0) return reply;
  reply.content_length = size;
  if (const std::optional<ByteView> whole = served.file->whole(); whole.has_value()) {
    reply.body = {.bytes = *whole, .owner = Ref<Shared>(served.file.get())};
    return reply;
  }
  reply.transfer =
      Pooled<Transfer>::make(*pool_, 0, served.file, ByteRange{.first = 0, .last = size - 1});
  return reply.transfer ? std::move(reply) : Reply{};
}

Reply Site::partial_file(const Request&, const Served& served, const RangeSet& set,
                         Persistence persistence, const Moment& at) noexcept {
  BufferRef buffer = pool_->take(head_room_);
  // RFC 9110 §15.3.7.2 MUST R9110-27: one range, or what is left of several, is never multipart.
  Pooled<Transfer> transfer =
      set.count == 1 ? Pooled<Transfer>::make(*pool_, 0, served.file, set.ranges[0])
                     : Pooled<Transfer>::make(*pool_, 0, served.file, set, served.type, ++serial_);
  if (!buffer || !transfer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(206, persistence, at));
  if (set.count == 1) {
    write_type(out, served);
    // RFC 9110 §15.3.7.1 MUST R9110-26.
    out.text("Content-Range: bytes ")
        .number(set.ranges[0].first)
        .text("-")
        .number(set.ranges[0].last);
    out.text("/").number(served.file->info().size).text("\r\n");
  } else {
    out.text("Content-Type: multipart/byteranges; boundary=")
        .text(transfer->boundary())
        .text("\r\n");
  }
  const std::uint64_t length = transfer->length();
  out.field("Content-Length", length);
  // RFC 9110 §15.3.7 MUST R9110-25: validators and Cache-Control as in a 200 and Vary as in a 200 (Date is
  // in every head).
  write_validators(out, served);
  out.text("\r\n");
  Reply reply = finish(206, std::move(buffer), out, out.size(), false);
  reply.content_length = length;
  reply.transfer = std::move(transfer);
  return reply;
}

Reply Site::unsatisfiable(const Request& request, const Served& served, Persistence persistence,
                          const Moment& at) noexcept {
  // RFC 9110 §15.5.17 SHOULD R9110-24: the length tells the client what it may ask for.
  std::uint8_t memory[64];
  TextWriter fields(memory, sizeof memory);
  fields.text("Content-Range: bytes */").number(served.file->info().size).text("\r\n");
  return page(416, request.head.method, fields.written(), persistence, at);
}

Reply Site::not_modified(const Served& served, Persistence persistence, const Moment& at) noexcept {
  BufferRef buffer = pool_->take(head_room_);
  if (!buffer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  // RFC 9110 §15.4.5 MUST R9110-28: the fields that a cache keeps, and no content.
  // RFC 9110 §8.6 MUST R9110-06: and no Content-Length, which could only repeat what the cache
  // knows.
  write_head_start(out, head_start(304, persistence, at));
  write_validators(out, served);
  out.text("\r\n");
  return finish(304, std::move(buffer), out, out.size(), true);
}

/// A directory without its slash. The path is written from its decoded form: copying "//host" would
/// lead to another server.
Reply Site::redirect(const Request& request, std::string_view path, Persistence persistence,
                     const Moment& at) noexcept {
  const std::string_view query = split_target(request.target())->query;
  BufferRef scratch = pool_->take(3 * path.size() + query.size() + 64);
  if (!scratch) return {};
  TextWriter location(scratch->data(), scratch->capacity());
  location.text("Location: /");
  write_encoded_path(location, path);
  location.text("/");
  if (!query.empty()) location.text("?").text(query);
  location.text("\r\n");
  return page(301, request.head.method, location.written(), persistence, at);
}

// -- Everything else

// RFC 9112 §3.2.4 MAY R9112-12: "OPTIONS *" asks about the server, and gets what its files allow.
Reply Site::options(const Request& request, Persistence persistence, const Moment& at) noexcept {
  const std::optional<TargetParts> parts = split_target(request.target());
  BufferRef buffer = pool_->take(head_room_);
  if (!buffer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(204, persistence, at));
  out.field("Allow", parts.has_value() && is_sink_path(parts->path) ? kSinkMethods : kFileMethods);
  out.text("\r\n");
  return finish(204, std::move(buffer), out, out.size(), true);
}

/// A head with `more_fields` (complete lines) and a page that says what happened.
Reply Site::page(int status, Method method, std::string_view more_fields, Persistence persistence,
                 const Moment& at) noexcept {
  std::uint8_t memory[kPageSize];
  TextWriter html(memory, sizeof memory);
  const std::string_view explanation =
      status == 301 ? std::string_view("This is a directory: its address ends in a slash.")
                    : explain(status);
  write_error_page(html, status, explanation);
  BufferRef buffer = pool_->take(head_room_ + more_fields.size() + html.size());
  if (!buffer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(status, persistence, at));
  out.field("Content-Type", "text/html; charset=utf-8");
  out.field("Content-Length", html.size());
  out.text(more_fields).text("\r\n");
  const std::size_t head_size = out.size();
  out.text(html.written());
  return finish(status, std::move(buffer), out, head_size, method == Method::Head);
}

Reply Site::refuse(int status, Method method, Persistence persistence, const Moment& at) noexcept {
  return page(status, method, status == 503 ? kRetryAfter : "", persistence, at);
}

Reply Site::no_room() const noexcept {
  Reply reply;
  reply.status = 503;
  reply.head = {.bytes = no_room_, .owner = no_room_owner_};
  return reply;
}

Reply Site::served_by(ServiceAnswer answer, Method method, const Moment& at) noexcept {
  HeadStart start = head_start(answer.status, Persistence::Close, at);
  start.extra_fields = {};
  std::uint8_t memory[kPageSize];
  TextWriter page(memory, sizeof memory);
  if (answer.status >= 400 && answer.body.bytes.empty()) {
    write_error_page(page, answer.status, answer.explanation);
    answer.type = "text/html; charset=utf-8";
  }
  BufferRef buffer = pool_->take(kHeadSize + answer.fields.size() + page.size());
  if (!buffer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, start);
  out.field("Content-Type", answer.type);
  // RFC 9112 §6.3: a stream ends with its connection.
  const std::uint64_t length = page.size() > 0 ? page.size() : answer.body.bytes.size();
  if (!answer.stream) out.field("Content-Length", length);
  out.field("Cache-Control", "no-store").text(answer.fields).text("\r\n");
  const std::size_t head_size = out.size();
  out.text(page.written());
  const bool to_head = method == Method::Head;
  Reply reply = finish(answer.status, std::move(buffer), out, head_size, to_head);
  if (to_head || reply.status == 0 || page.size() > 0) return reply;
  reply.content_length = length;
  reply.body = std::move(answer.body);
  if (answer.stream) {
    reply.transfer = Pooled<Transfer>::make(*pool_, 0, std::move(answer.stream));
    if (!reply.transfer) return {};
  }
  return reply;
}

Reply Site::refuse_tls(const Moment& at) noexcept {
  constexpr std::string_view kText =
      "This server speaks plain HTTP on this port: use an address that begins with http://, not "
      "https://\n";
  BufferRef buffer = pool_->take(head_room_);
  if (!buffer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(400, Persistence::Close, at));
  out.field("Content-Type", "text/plain; charset=utf-8")
      .field("Content-Length", kText.size())
      .text("\r\n");
  const std::size_t head_size = out.size();
  out.text(kText);
  return finish(400, std::move(buffer), out, head_size, false);
}

Reply Site::sink_report(std::uint64_t bytes, std::string_view sha256, Persistence persistence,
                        const Moment& at) noexcept {
  std::uint8_t memory[160];
  TextWriter json(memory, sizeof memory);
  json.text("{\"bytes\":").number(bytes);
  if (!sha256.empty()) json.text(",\"sha256\":\"").text(sha256).text("\"");
  json.text("}\n");
  BufferRef buffer = pool_->take(head_room_);
  if (!buffer) return {};
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(200, persistence, at));
  out.field("Content-Type", "application/json").field("Content-Length", json.size());
  if (!cache_control_.empty()) out.field("Cache-Control", "no-store");
  out.text("\r\n");
  const std::size_t head_size = out.size();
  out.text(json.written());
  return finish(200, std::move(buffer), out, head_size, false);
}

/// Makes a reply of what is in a buffer: a head of `head_size` bytes and the body behind it.
Reply Site::finish(int status, BufferRef buffer, const TextWriter& out, std::size_t head_size,
                   bool without_body) const noexcept {
  // What does not fit its buffer comes from a strange configuration (a server name of a kilobyte):
  // rather no answer, and the connection ends, than a broken message.
  if (out.overflowed()) return {};
  Reply reply;
  reply.status = status;
  const std::size_t size = without_body ? head_size : out.size();
  reply.content_length = size - head_size;
  reply.head = {.bytes = {buffer->data(), size}, .owner = Ref<Shared>(buffer.get())};
  return reply;
}

}  // namespace glasstcp::http
