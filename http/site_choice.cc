// Which file answers: a compressed neighbour, the page of a folder, the site's own 404.html. See
// site.h.
#include <algorithm>
#include <new>

#include "http/listing.h"
#include "http/path.h"
#include "http/site.h"
#include "http/text_encoding.h"

namespace glasstcp::http {
namespace {

constexpr std::string_view kNotFoundPage = "404.html";

/// Whether a name on the way begins with a dot: such folders are not listed.
bool has_hidden_part(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace

/// The Content-Type of a file. RFC 9110 §8.3.2: a charset here wins over what the document
/// declares, so it is said only of UTF-8 that does not declare itself.
std::string_view Site::type_of(std::string_view path, File& file) noexcept {
  const std::string_view type = types_->type_of(path);
  if (!type.starts_with("text/")) return type;
  if (text_form_of(file, type, *pool_) == TextForm::Utf8) return type;
  return type.substr(0, type.find(';'));
}

/// Puts the neighbour "page.html.br" or "page.html.gz" in the place of the file where the client
/// takes that coding. Type and charset stay those of the file. `memory`: begins with `path` and has
/// room behind it. Gives how long what was found holds.
Instant Site::choose_coding(const Request& request, std::string_view path, ByteSpan memory,
                            Served& served, Instant now) noexcept {
  Instant holds_until = kNever;
  if (!may_have_coded_neighbours(served.type)) return holds_until;
  const CodingWeights weights = coding_weights(request);
  // RFC 9110 §12.5.3 SHOULD: where nothing is acceptable the file goes out as it is (§12.1 lets us
  // ignore the field rather than send 406).
  int least = std::max(weights.identity, 1);
  for (const Coding coding : {Coding::Brotli, Coding::Gzip}) {
    const std::string_view suffix = suffix_of(coding);
    suffix.copy(reinterpret_cast<char*>(memory.data()) + path.size(), suffix.size());
    const std::string_view name(path.data(), path.size() + suffix.size());
    Lookup neighbour = store_->lookup(name, now);
    holds_until = std::min(holds_until, neighbour.valid_until);
    const bool is_there = neighbour.status == LookupStatus::Found;
    // RFC 9110 §12.5.5 SHOULD: also the answer that was not coded depends on the field, once there
    // is a choice.
    served.varies = served.varies || is_there || neighbour.status == LookupStatus::Unavailable;
    if (!is_there || weights.of(coding) < least) continue;
    least = weights.of(coding) + 1;
    served.file = std::move(neighbour.file);
    served.coding = coding;
  }
  return holds_until;
}

/// The page of the folder at `path`. It is made at most once a second and folder.
Lookup Site::listing(std::string_view path, Instant now) noexcept {
  if (!config_.lists_folders || has_hidden_part(path)) return {};
  for (Listed& kept : listed_) {
    if (kept.file && now < kept.until && std::string_view(kept.path.get(), kept.size) == path) {
      return {.status = LookupStatus::Found, .file = kept.file, .valid_until = kept.until};
    }
  }
  FolderContent content = store_->list(path, kMostListed);
  if (content.status == LookupStatus::Unavailable) return {.status = content.status};
  if (content.status != LookupStatus::Directory) return {};
  Lookup made{
      .status = LookupStatus::Found, .file = make_listing(path, content), .valid_until = now};
  std::unique_ptr<char[]> name(new (std::nothrow) char[path.size() + 1]);
  if (!made.file) made.status = LookupStatus::Unavailable;
  if (!made.file || name == nullptr) return made;
  path.copy(name.get(), path.size());
  listed_[next_listed_++ % listed_.size()] = {
      .path = std::move(name), .size = path.size(), .file = made.file, .until = now + 1s};
  return made;
}

/// 404, with the site's own page where it has one: without validators and ranges, since it is no
/// representation of what was asked for (RFC 9110 §15.5.5).
Reply Site::not_found(Method method, Persistence persistence, const Moment& at) noexcept {
  const Lookup own = store_->lookup(kNotFoundPage, at.now);
  if (own.status != LookupStatus::Found || !own.file->whole().has_value()) {
    return page(404, method, {}, persistence, at);
  }
  BufferRef buffer = pool_->take(head_room_);
  if (!buffer) return {};
  const ByteView body = *own.file->whole();
  TextWriter out(buffer->data(), buffer->capacity());
  write_head_start(out, head_start(404, persistence, at));
  out.field("Content-Type", type_of(kNotFoundPage, *own.file));
  out.field("Content-Length", body.size());
  out.text("\r\n");
  Reply reply = finish(404, std::move(buffer), out, out.size(), false);
  if (method == Method::Head || body.empty() || reply.status == 0) return reply;
  reply.content_length = body.size();
  reply.body = {.bytes = body, .owner = Ref<Shared>(own.file.get())};
  return reply;
}

}  // namespace glasstcp::http
