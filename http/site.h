// From a request to its answer: the static site, and every status that it can have.
//
// RFC 9110 §9 (methods), §13 (preconditions), §14 (ranges), §15 (statuses); RFC 9111 §5.2
// (Cache-Control).
//
// Invariants:
//   1. An answer is complete when it is given: its length is known and its bytes are owned.
//   2. An answer to HEAD differs from that to GET only by its missing content.
//   3. A prepared answer is used only as long as its lookup is valid and within the second of its
//      Date.
//
// Next: http_connection.h.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/conditional.h"
#include "http/file_store.h"
#include "http/media_types.h"
#include "http/negotiation.h"
#include "http/service.h"
#include "http/transfer.h"

namespace glasstcp::http {

/// What a site is made from.
struct SiteConfig {
  std::string server_name = "glasstcp";
  /// seconds in Cache-Control; empty: no-cache, so that a reload asks again
  std::optional<std::uint32_t> max_age{};
  std::string extra_fields{};  ///< added to every head: lines with their ends (extra_field.h)
  bool lists_folders = false;  ///< a folder without index.html is listed
  std::uint32_t keep_alive_seconds = 0;  ///< what Keep-Alive says of idle connections; 0: nothing
  std::string sink_path{};  ///< PUT and POST here are counted and discarded; empty: nowhere
};

/// A complete answer. The bytes of `head` come first, then `body`, then those of `transfer`.
struct Reply {
  int status = 0;                    ///< 0: no memory for it; Site::no_room() is the answer then
  std::uint64_t content_length = 0;  ///< of what is sent: 0 for HEAD
  OwnedBytes head{};
  OwnedBytes body{};
  Pooled<Transfer> transfer{};

  [[nodiscard]] bool is_error() const noexcept { return status >= 400; }
};

/// Answers requests from a FileStore.
class Site {
 public:
  /// All borrowed for the life of the site.
  Site(FileStore& store, BufferPool& pool, const MediaTypes& types, SiteConfig config);
  ~Site();

  /// The answer to a complete head, whose body (if any) does not matter.
  [[nodiscard]] Reply respond(const Request& request, Persistence persistence,
                              const Moment& at) noexcept;
  /// The answer to what is no request, or to one that may not go on: `status`, with a page for
  /// people. To HEAD without the page.
  [[nodiscard]] Reply refuse(int status, Method method, Persistence persistence,
                             const Moment& at) noexcept;
  /// The answer when there is no memory for another: 503 without content, which asks to come back.
  /// Behind it the connection closes. It takes nothing of the pool, so there is always one.
  [[nodiscard]] Reply no_room() const noexcept;
  /// A service's answer, made into one of ours; behind it the connection closes.
  [[nodiscard]] Reply served_by(ServiceAnswer answer, Method method, const Moment& at) noexcept;
  /// The answer to a browser that speaks TLS to us: 400 in plain text.
  [[nodiscard]] Reply refuse_tls(const Moment& at) noexcept;
  /// The answer to a discarded upload: its length, and its SHA-256 in hexadecimal unless empty.
  [[nodiscard]] Reply sink_report(std::uint64_t bytes, std::string_view sha256,
                                  Persistence persistence, const Moment& at) noexcept;
  /// Whether a request is an upload to the sink, and whether it wants the hash.
  struct SinkMatch {
    bool is_upload = false;
    bool wants_sha256 = false;
  };
  [[nodiscard]] SinkMatch match_sink(const Request& request) const noexcept;

  [[nodiscard]] BufferPool& pool() noexcept { return *pool_; }

 private:
  struct Prepared;
  /// A file about to be answered with.
  struct Served {
    FileRef file{};
    std::string_view type{};
    Coding coding = Coding::Identity;
    bool varies = false;  // there are other codings of it
    EntityTag tag{};
    std::int64_t last_modified = 0;
  };
  /// The page of a folder, kept for a second.
  struct Listed {
    std::unique_ptr<char[]> path{};
    std::size_t size = 0;
    FileRef file{};
    Instant until = Instant::min();
  };
  static constexpr std::size_t kListed = 8;

  [[nodiscard]] std::string_view date(const Moment& at) noexcept;
  [[nodiscard]] HeadStart head_start(int status, Persistence persistence,
                                     const Moment& at) noexcept;
  [[nodiscard]] bool is_sink_path(std::string_view path) const noexcept;

  [[nodiscard]] Prepared* prepared_for(const Request& request) noexcept;
  [[nodiscard]] Reply reply_from(const Prepared& prepared, Method method) const noexcept;
  void prepare(Prepared& slot, const Request& request, const Reply& reply, const Lookup& found,
               const Moment& at) noexcept;

  [[nodiscard]] Reply options(const Request& request, Persistence persistence,
                              const Moment& at) noexcept;
  [[nodiscard]] Reply get(const Request& request, Persistence persistence,
                          const Moment& at) noexcept;
  [[nodiscard]] std::string_view type_of(std::string_view path, File& file) noexcept;
  [[nodiscard]] static Served served_from(FileRef file, std::string_view type, const Moment& at,
                                          Coding coding = Coding::Identity) noexcept;
  [[nodiscard]] Instant choose_coding(const Request& request, std::string_view path,
                                      ByteSpan memory, Served& served, Instant now) noexcept;
  [[nodiscard]] Lookup listing(std::string_view path, Instant now) noexcept;
  [[nodiscard]] Reply not_found(Method method, Persistence persistence, const Moment& at) noexcept;
  [[nodiscard]] Reply answer_with_file(const Request& request, const Served& served,
                                       Persistence persistence, const Moment& at) noexcept;
  [[nodiscard]] Reply full_file(const Request& request, const Served& served,
                                Persistence persistence, const Moment& at) noexcept;
  [[nodiscard]] Reply partial_file(const Request& request, const Served& served,
                                   const RangeSet& set, Persistence persistence,
                                   const Moment& at) noexcept;
  [[nodiscard]] Reply unsatisfiable(const Request& request, const Served& served,
                                    Persistence persistence, const Moment& at) noexcept;
  [[nodiscard]] Reply not_modified(const Served& served, Persistence persistence,
                                   const Moment& at) noexcept;
  [[nodiscard]] Reply redirect(const Request& request, std::string_view path,
                               Persistence persistence, const Moment& at) noexcept;
  void write_type(TextWriter& out, const Served& served) const noexcept;
  void write_validators(TextWriter& out, const Served& served) const noexcept;
  [[nodiscard]] Reply page(int status, Method method, std::string_view more_fields,
                           Persistence persistence, const Moment& at) noexcept;
  [[nodiscard]] Reply finish(int status, BufferRef buffer, const TextWriter& out,
                             std::size_t head_size, bool without_body) const noexcept;

  FileStore* store_;
  BufferPool* pool_;
  const MediaTypes* types_;
  SiteConfig config_;
  std::string cache_control_;  // empty: said by config_.extra_fields
  std::size_t head_room_;
  std::int64_t date_second_ = INT64_MIN;
  DateText date_{};
  std::uint64_t serial_ = 0;  // of multipart boundaries
  std::unique_ptr<Prepared[]> prepared_;
  Ref<Shared> no_room_owner_;
  ByteView no_room_{};
  std::array<Listed, kListed> listed_{};
  std::size_t next_listed_ = 0;
};

}  // namespace glasstcp::http
