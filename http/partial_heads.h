// Requests whose heads have not come whole: they have memory of their own, and where that is used
// up the oldest goes first.
//
// CWE-400, CWE-770: whoever begins many requests and ends none keeps others from beginning theirs,
// but not from being answered, and each new one ends one of the old.
//
// Invariants:
//   1. Nothing else is in this memory, and no partial head is elsewhere.
//   2. They stand in the order of their first byte.
//
// Next: connection_side.h.
#pragma once

#include <cstdint>

#include "http/buffer_pool.h"
#include "stack/base/intrusive_list.h"

namespace glasstcp::http {

struct PartialHeadTag;

/// One of them, inside of what its connection keeps of it.
struct PartialHead : ListHook<PartialHeadTag> {
  std::uint32_t owner = 0;  ///< the tag of its connection
};

/// All of a server.
class PartialHeads {
 public:
  /// `budget`: bytes that they may take together.
  explicit PartialHeads(std::size_t budget) noexcept : pool_(budget) {}

  [[nodiscard]] BufferPool& pool() noexcept { return pool_; }
  [[nodiscard]] const BufferPool& pool() const noexcept { return pool_; }
  /// One has begun.
  void add(PartialHead& head) noexcept { list_.push_back(head); }
  /// `larger` stands where `head` stood, which goes.
  void replace(PartialHead& head, PartialHead& larger) noexcept {
    list_.insert_before(head, larger);
    head.unlink();
  }
  /// Null: there is none.
  [[nodiscard]] PartialHead* oldest() const noexcept { return list_.front(); }

 private:
  BufferPool pool_;
  IntrusiveList<PartialHead, PartialHeadTag> list_;
};

}  // namespace glasstcp::http
