// Everything below /_glass/: who may ask, and which page answers.
//
// Invariants:
//   1. Access is decided here, once, before any page is asked.
//   2. Connections that ask for anything here are hidden from captures that are read meanwhile.
//   3. Without a page of its own an address is read, not written to.
//
// Next: capture_page.h.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "http/service.h"
#include "tun/glass/access.h"

namespace glasstcp {

/// The service of a server: a table of pages.
class GlassService final : public http::Service {
 public:
  using Page = std::function<http::ServiceAnswer(const http::ServiceCall&)>;

  /// `on_call` is told of each connection that may look.
  GlassService(AccessRule rule, std::function<void(const FourTuple&)> on_call)
      : rule_(std::move(rule)), on_call_(std::move(on_call)) {}
  /// A page at /_glass/`path`. Where it throws std::bad_alloc the answer is 503.
  void add(std::string path, Page page) { pages_[std::move(path)] = std::move(page); }
  /// What answers to POST there, likewise.
  void add_form(std::string path, Page page) { forms_[std::move(path)] = std::move(page); }

  [[nodiscard]] std::string_view folder() const noexcept override { return "_glass"; }
  [[nodiscard]] http::ServiceAnswer answer(const http::ServiceCall& call) noexcept override;

 private:
  [[nodiscard]] http::ServiceAnswer answer_if_there_is_memory(const http::ServiceCall& call);

  AccessRule rule_;
  std::function<void(const FourTuple&)> on_call_;
  std::map<std::string, Page, std::less<>> pages_;
  std::map<std::string, Page, std::less<>> forms_;
};

/// An error with an explanation for people.
[[nodiscard]] http::ServiceAnswer glass_error(int status, std::string explanation);
/// A text of our own making. `type` has static lifetime.
[[nodiscard]] http::ServiceAnswer glass_text(int status, std::string_view type, std::string text);

}  // namespace glasstcp
